package elastictest

import (
	"bytes"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// checker holds one document against a mapping.
type checker struct {
	d     *jsontext.Decoder
	buf   *bytes.Buffer
	path  []string
	added []added
}

var checkers = sync.Pool{New: func() any {
	buf := new(bytes.Buffer)
	return &checker{buf: buf, d: jsontext.NewDecoder(buf)}
}}

// check reads a document as the mapping says. The mapping that it gives has the fields
// that dynamic mapping added, or is t itself.
func (t *fieldTree) check(source []byte) (*fieldTree, *esError) {
	c := checkers.Get().(*checker)
	defer checkers.Put(c)
	*c.buf = *bytes.NewBuffer(source)
	c.d.Reset(c.buf, jsontext.AllowDuplicateNames(false))
	c.path, c.added = c.path[:0], nil
	if c.d.PeekKind() != '{' {
		return nil, esFail(http.StatusBadRequest, "document_parsing_exception", "failed to parse: malformed, expected an object")
	}
	if err := c.object(t, t.dynamic); err != nil {
		return nil, err
	}
	if rest := bytes.TrimSpace(source[c.d.InputOffset():]); len(rest) > 0 {
		return nil, esFail(http.StatusBadRequest, "document_parsing_exception", "failed to parse: trailing content")
	}
	if len(c.added) > 0 {
		return t.withAdded(c.added), nil
	}
	return t, nil
}

func (c *checker) syntax(err error) *esError {
	return esFail(http.StatusBadRequest, "document_parsing_exception", "[1:%d] failed to parse: %v", c.d.InputOffset(), err)
}

func (c *checker) fail(t *fieldTree, v []byte) *esError {
	return esFail(http.StatusBadRequest, "document_parsing_exception",
		"[1:%d] failed to parse field [%s] of type [%s] in document. Preview of field's value: '%s'", c.d.InputOffset(), strings.Join(c.path, "."), t.kind, clipPreview(v))
}

func clipPreview(v []byte) string { return strings.Trim(string(v[:min(len(v), 80)]), `"`) }

func (c *checker) object(t *fieldTree, dynamic string) *esError {
	if _, err := c.d.ReadToken(); err != nil {
		return c.syntax(err)
	}
	for c.d.PeekKind() != '}' {
		raw, err := c.d.ReadValue()
		if err != nil {
			return c.syntax(err)
		}
		name := raw[1 : len(raw)-1]
		child := t.props[string(name)]
		depth := len(c.path)
		if child != nil {
			c.path = append(c.path, child.name)
		} else if t.props != nil || dynamic != "false" {
			child = c.unknown(t, raw)
		}
		if fault := c.value(child, dynamic); fault != nil {
			return fault
		}
		c.path = c.path[:depth]
	}
	if _, err := c.d.ReadToken(); err != nil {
		return c.syntax(err)
	}
	return nil
}

// unknown follows a name with dots, or one that is not mapped, as far as it is known.
func (c *checker) unknown(t *fieldTree, raw []byte) *fieldTree {
	unquoted, _ := jsontext.AppendUnquote(nil, raw)
	at := t
	for part := range strings.SplitSeq(string(unquoted), ".") {
		c.path = append(c.path, part)
		if at != nil {
			at = at.props[part]
		}
	}
	return at
}

// value reads the value of a field, nil for one that is not mapped.
func (c *checker) value(t *fieldTree, dynamic string) *esError {
	if t == nil {
		return c.unmapped(dynamic)
	}
	switch kind := c.d.PeekKind(); {
	case !t.enabled || t.kind == "flattened" || t.kind == "geo_point":
		if err := c.d.SkipValue(); err != nil {
			return c.syntax(err)
		}
		return nil
	case kind == '[':
		if _, err := c.d.ReadToken(); err != nil {
			return c.syntax(err)
		}
		for c.d.PeekKind() != ']' {
			if fault := c.value(t, dynamic); fault != nil {
				return fault
			}
		}
		if _, err := c.d.ReadToken(); err != nil {
			return c.syntax(err)
		}
		return nil
	case kind == '{' && t.object():
		return c.object(t, t.dynamic)
	}
	v, err := c.d.ReadValue()
	if err != nil {
		return c.syntax(err)
	}
	switch {
	case v.Kind() == 'n':
		return nil
	case t.object():
		return esFail(http.StatusBadRequest, "document_parsing_exception", "[1:%d] object mapping for [%s] tried to parse field [%s] as object, but found a concrete value",
			c.d.InputOffset(), strings.Join(c.path, "."), t.name)
	case accepts(t, v) || t.ignoreMalformed:
		return nil
	}
	return c.fail(t, v)
}

// unmapped reads a value without a mapping: dynamic mapping takes its first form.
func (c *checker) unmapped(dynamic string) *esError {
	if dynamic == "strict" {
		return esFail(http.StatusBadRequest, "strict_dynamic_mapping_exception", "[1:%d] mapping set to strict, dynamic introduction of [%s] within [_doc] is not allowed",
			c.d.InputOffset(), strings.Join(c.path, "."))
	}
	if dynamic != "true" {
		if err := c.d.SkipValue(); err != nil {
			return c.syntax(err)
		}
		return nil
	}
	switch c.d.PeekKind() {
	case '{':
		return c.object(&fieldTree{kind: "object", dynamic: dynamic}, dynamic)
	case '[':
		if _, err := c.d.ReadToken(); err != nil {
			return c.syntax(err)
		}
		for c.d.PeekKind() != ']' {
			if fault := c.unmapped(dynamic); fault != nil {
				return fault
			}
		}
		_, err := c.d.ReadToken()
		if err != nil {
			return c.syntax(err)
		}
		return nil
	}
	v, err := c.d.ReadValue()
	if err != nil {
		return c.syntax(err)
	}
	if kind := guessType(v); kind != "" {
		c.added = append(c.added, added{path: append([]string(nil), c.path...), kind: kind})
	}
	return nil
}

func guessType(v jsontext.Value) string {
	switch v.Kind() {
	case 't', 'f':
		return "boolean"
	case '0':
		if bytes.ContainsAny(v, ".eE") {
			return "float"
		}
		return "long"
	case '"':
		if s := textOf(v); len(s) >= 10 && isDate(s) {
			return "date"
		}
		return "text"
	}
	return ""
}

// textOf is the content of a JSON text, and anything else as it stands.
func textOf(v []byte) string {
	if len(v) < 2 || v[0] != '"' {
		return string(v)
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	b, _ := jsontext.AppendUnquote(nil, v)
	return string(b)
}

// maxTerm is the most bytes that a term of an index can have.
const maxTerm = 32766

// accepts tells whether a field takes a value that is no object, array or null.
func accepts(t *fieldTree, v jsontext.Value) bool {
	kind := v.Kind()
	if kind == '{' {
		return t.kind == "ip_range" || t.kind == "long_range"
	}
	switch t.kind {
	case "text", "match_only_text", "wildcard", "version":
		return true
	case "keyword":
		return len(v) <= maxTerm || t.ignoreAbove > 0 || !t.indexed || len(textOf(v)) <= maxTerm
	}
	s := string(v)
	if kind == '"' {
		s = textOf(v)
	}
	switch t.kind {
	case "constant_keyword":
		return t.constant == "" || s == t.constant
	case "long", "integer", "short", "byte", "unsigned_long":
		return kind != 't' && kind != 'f' && isInteger(s)
	case "double", "float", "half_float":
		_, err := strconv.ParseFloat(s, 64)
		return err == nil && (kind == '0' || kind == '"')
	case "boolean":
		return s == "true" || s == "false" || s == "" && kind == '"'
	case "date", "date_nanos":
		return kind == '0' && isInteger(s) || kind == '"' && isDate(s)
	case "ip":
		_, err := netip.ParseAddr(s)
		return err == nil && kind == '"'
	case "ip_range":
		_, err := netip.ParsePrefix(s)
		return err == nil && kind == '"'
	case "binary":
		return kind == '"' && base64OK(s)
	}
	return true
}

func isInteger(s string) bool {
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return true
	}
	f, err := strconv.ParseFloat(s, 64)
	return err == nil && f >= -1<<63 && f < 1<<63
}

var dateLayouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02", "2006-01", "2006"}

func isDate(s string) bool {
	_, ok := parseDate(s)
	return ok
}

// parseDate reads strict_date_optional_time or epoch_millis.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(n).UTC(), true
	}
	return time.Time{}, false
}
