package elastictest

import (
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// hitTest tells whether a document matches.
type hitTest func(x *esIndex, d *esDocument) bool

// parseQuery reads a query of the kinds match_all, match_none, bool, term, terms, range, exists,
// ids, prefix, wildcard, match and match_phrase.
func parseQuery(b jsontext.Value, now time.Time) (hitTest, *esError) {
	if len(b) == 0 {
		return func(*esIndex, *esDocument) bool { return true }, nil
	}
	var q map[string]jsontext.Value
	if err := json.Unmarshal(b, &q); err != nil || len(q) != 1 {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[query] malformed query, expected one clause")
	}
	for name, arg := range q {
		switch name {
		case "match_all":
			return func(*esIndex, *esDocument) bool { return true }, nil
		case "match_none":
			return func(*esIndex, *esDocument) bool { return false }, nil
		case "bool":
			return parseBool(arg, now)
		case "exists":
			var e struct {
				Field string `json:"field"`
			}
			if json.Unmarshal(arg, &e) != nil || e.Field == "" {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[exists] must be provided with a [field]")
			}
			return func(x *esIndex, d *esDocument) bool { return x.mapped(e.Field) && len(d.values(e.Field)) > 0 }, nil
		case "ids":
			var e struct {
				Values []string `json:"values"`
			}
			if json.Unmarshal(arg, &e) != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[ids] malformed")
			}
			return func(_ *esIndex, d *esDocument) bool { return containsText(e.Values, d.id) }, nil
		case "term", "terms", "range", "prefix", "wildcard", "match", "match_phrase":
			return parseLeaf(name, arg, now)
		}
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "unknown query [%s]", name)
	}
	return nil, nil
}

func containsText(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func parseBool(b jsontext.Value, now time.Time) (hitTest, *esError) {
	var q map[string]jsontext.Value
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[bool] malformed")
	}
	var must, not, should []hitTest
	least := -1
	for name, arg := range q {
		if name == "minimum_should_match" {
			n, err := strconv.Atoi(strings.Trim(string(arg), `"`))
			if err != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[bool] minimum_should_match: only numbers are supported")
			}
			least = n
			continue
		}
		clauses := []jsontext.Value{arg}
		if arg.Kind() == '[' {
			clauses = nil
			_ = json.Unmarshal(arg, &clauses)
		}
		for _, c := range clauses {
			t, err := parseQuery(c, now)
			if err != nil {
				return nil, err
			}
			switch name {
			case "must", "filter":
				must = append(must, t)
			case "must_not":
				not = append(not, t)
			case "should":
				should = append(should, t)
			default:
				return nil, esFail(http.StatusBadRequest, "x_content_parse_exception", "[bool] unknown field [%s]", name)
			}
		}
	}
	if least < 0 {
		least = 0
		if len(must) == 0 && len(should) > 0 {
			least = 1
		}
	}
	return func(x *esIndex, d *esDocument) bool {
		for _, t := range must {
			if !t(x, d) {
				return false
			}
		}
		for _, t := range not {
			if t(x, d) {
				return false
			}
		}
		n := 0
		for _, t := range should {
			if t(x, d) {
				n++
			}
		}
		return n >= least
	}, nil
}

func parseLeaf(name string, b jsontext.Value, now time.Time) (hitTest, *esError) {
	var q map[string]jsontext.Value
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[%s] malformed query", name)
	}
	delete(q, "boost")
	if len(q) != 1 {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[%s] query doesn't support multiple fields", name)
	}
	for field, arg := range q {
		var test func(t *fieldTree, v any) bool
		switch name {
		case "range":
			var bounds map[string]any
			if json.Unmarshal(arg, &bounds) != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[range] malformed query")
			}
			for op := range bounds {
				if !containsText([]string{"gt", "gte", "lt", "lte", "format"}, op) {
					return nil, esFail(http.StatusBadRequest, "parsing_exception", "[range] query does not support [%s]", op)
				}
			}
			test = func(t *fieldTree, v any) bool { return inRange(t, v, bounds, now) }
		case "terms":
			var list []any
			if json.Unmarshal(arg, &list) != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[terms] query requires an array of terms")
			}
			wanted := make(map[string]bool, len(list))
			for _, w := range list {
				wanted[scalarText(w)] = true
			}
			test = func(t *fieldTree, v any) bool {
				if t.kind == "keyword" || t.kind == "wildcard" || t.kind == "long" {
					return wanted[scalarText(v)]
				}
				for _, w := range list {
					if equalTerm(t, v, w) {
						return true
					}
				}
				return false
			}
		default:
			want := operand(arg)
			test = func(t *fieldTree, v any) bool {
				switch name {
				case "prefix":
					return strings.HasPrefix(scalarText(v), scalarText(want))
				case "wildcard":
					return wildcardMatch(scalarText(want), scalarText(v))
				case "match", "match_phrase":
					if t.kind == "text" || t.kind == "match_only_text" {
						return strings.Contains(strings.ToLower(scalarText(v)), strings.ToLower(scalarText(want)))
					}
				}
				return equalTerm(t, v, want)
			}
		}
		return func(x *esIndex, d *esDocument) bool {
			if field == "_id" {
				return test(&fieldTree{kind: "keyword"}, d.id)
			}
			t, base := x.resolveField(field)
			if t == nil || !t.indexed {
				return false
			}
			for _, v := range d.values(base) {
				if t.ignoreAbove > 0 && len([]rune(scalarText(v))) > t.ignoreAbove {
					continue
				}
				if test(t, v) {
					return true
				}
			}
			return false
		}, nil
	}
	return nil, nil
}

// operand is the value of a leaf query in its short or long form.
func operand(arg jsontext.Value) any {
	var v any
	_ = json.Unmarshal(arg, &v)
	if m, ok := v.(map[string]any); ok {
		for _, key := range []string{"value", "query"} {
			if x, ok := m[key]; ok {
				return x
			}
		}
	}
	return v
}

// mapped tells whether a field or anything below it is mapped.
func (x *esIndex) mapped(name string) bool {
	t, _ := x.resolveField(name)
	return t != nil
}

// resolveField finds a field, or the sub-field "name.sub" of one, and the name under which documents have its values.
func (x *esIndex) resolveField(name string) (*fieldTree, string) {
	if t := x.tree.field(name); t != nil {
		return t, name
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return nil, ""
	}
	parent := x.tree.field(name[:i])
	if parent == nil || parent.raw["fields"] == nil {
		return nil, ""
	}
	var fields map[string]jsontext.Value
	_ = json.Unmarshal(parent.raw["fields"], &fields)
	def, ok := fields[name[i+1:]]
	if !ok {
		return nil, ""
	}
	sub := &fieldTree{name: name[i+1:], kind: "object", enabled: true, indexed: true}
	if sub.read(name, def) != nil {
		return nil, ""
	}
	return sub, name[:i]
}

// values gives the values of a field of a document as searches see it.
func (d *esDocument) values(field string) []any {
	r := d.seen
	if r == nil {
		return nil
	}
	if r.flat == nil {
		r.flat = make(map[string][]any)
		var v any
		dec := jsontext.NewDecoder(bytes.NewBuffer(r.source))
		if raw, err := dec.ReadValue(); err == nil {
			_ = json.Unmarshal(raw, &v)
		}
		flatten(r.flat, "", v)
	}
	return r.flat[field]
}

func flatten(out map[string][]any, at string, v any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for name, e := range v {
			full := strings.TrimPrefix(at+"."+name, ".")
			flatten(out, full, e)
			if _, scalar := e.(map[string]any); scalar {
				out[full] = append(out[full], true) // something is there
			}
		}
	case []any:
		for _, e := range v {
			flatten(out, at, e)
		}
	default:
		out[at] = append(out[at], v)
	}
}

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func equalTerm(t *fieldTree, v, want any) bool {
	switch t.kind {
	case "ip":
		a, err := netip.ParseAddr(scalarText(v))
		if err != nil {
			return false
		}
		if p, err := netip.ParsePrefix(scalarText(want)); err == nil {
			return p.Contains(a.Unmap())
		}
		b, err := netip.ParseAddr(scalarText(want))
		return err == nil && a.Unmap() == b.Unmap()
	case "ip_range":
		p, err := netip.ParsePrefix(scalarText(v))
		a, err2 := netip.ParseAddr(scalarText(want))
		return err == nil && err2 == nil && p.Masked().Contains(a.Unmap())
	case "date", "date_nanos":
		a, ok := parseDate(scalarText(v))
		b, ok2 := parseDate(scalarText(want))
		return ok && ok2 && a.Equal(b)
	case "text", "match_only_text":
		for token := range strings.FieldsFuncSeq(strings.ToLower(scalarText(v)), func(r rune) bool {
			return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r > 127 || r == '_')
		}) {
			if token == scalarText(want) {
				return true
			}
		}
		return false
	}
	return scalarText(v) == scalarText(want)
}

func inRange(t *fieldTree, v any, bounds map[string]any, now time.Time) bool {
	number := func(v any) (float64, bool) {
		if t.kind == "date" || t.kind == "date_nanos" {
			s := scalarText(v)
			if math, ok := dateMath(s, now); ok {
				return float64(math.UnixMilli()), true
			}
			d, ok := parseDate(s)
			return float64(d.UnixMilli()), ok
		}
		f, err := strconv.ParseFloat(scalarText(v), 64)
		return f, err == nil
	}
	n, ok := number(v)
	if !ok {
		return false
	}
	for op, b := range bounds {
		if op == "format" || b == nil {
			continue
		}
		limit, ok := number(b)
		if !ok || op == "gt" && n <= limit || op == "gte" && n < limit || op == "lt" && n >= limit || op == "lte" && n > limit {
			return false
		}
	}
	return true
}

// dateMath reads "now", "now-30d", "now-30d/d".
func dateMath(s string, now time.Time) (time.Time, bool) {
	rest, ok := strings.CutPrefix(s, "now")
	if !ok {
		return time.Time{}, false
	}
	rest, round, _ := strings.Cut(rest, "/")
	t := now.UTC()
	if rest != "" {
		unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[rest[len(rest)-1]]
		n, err := strconv.Atoi(rest[:len(rest)-1])
		if !ok || err != nil {
			return time.Time{}, false
		}
		t = t.Add(time.Duration(n) * unit)
	}
	if round == "d" {
		t = t.Truncate(24 * time.Hour)
	}
	return t, true
}

// wildcardMatch tells whether a text fits a pattern of * and ?.
func wildcardMatch(pattern, s string) bool {
	escaped := strings.NewReplacer("[", `\[`, `\`, `\\`, "/", "\x00").Replace(pattern)
	ok, err := path.Match(escaped, strings.ReplaceAll(s, "/", "\x00"))
	return err == nil && ok
}
