package elastictest

import (
	"bytes"
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

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
