package pattern

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// test is a comparison, ready to be evaluated.
type test struct {
	path    ObjectPath
	op      Op
	negated bool
	values  []constant     // of the literals
	search  *regexp.Regexp // of Matches
	network netip.Prefix   // of IsSubset and IsSuperset; not valid if the literal is none
}

func newTest(c *Comparison) (*test, error) {
	t := &test{path: c.Path, op: c.Op, negated: c.Negated}
	for l := range c.Literals() {
		t.values = append(t.values, newConstant(l))
	}
	switch c.Op {
	case Matches:
		re, err := regexp.Compile(c.Value.Text)
		if err != nil {
			return nil, &UnsupportedError{c.Value.Span, shorten(c.String(), 100), fmt.Errorf("regular expression: %w", err)}
		}
		t.search = re
	case IsSubset, IsSuperset:
		t.network, _ = parseNetwork(c.Value.Text)
	}
	return t, nil
}

// holds tells whether some value that the path names in the object satisfies the
// test. A negated test, too, wants a value: one that does not satisfy the test, or,
// where order is asked for, one that can be compared and does not.
func (t *test) holds(object map[string]any, objects []map[string]any) bool {
	if t.op == Exists {
		r := resolver{objects, func(any) bool { return true }}
		return r.resolve(object, t.path.Steps, "") != t.negated
	}
	r := resolver{objects, t.satisfied}
	return r.resolve(object, t.path.Steps, "")
}

func (t *test) satisfied(v any) bool {
	switch t.op {
	case Less, LessOrEqual, Greater, GreaterOrEqual:
		c, ok := t.values[0].compare(v)
		return ok && t.ordered(c) != t.negated
	case NotEqual:
		return t.equalsAny(v) == t.negated
	case Equal, In:
		return t.equalsAny(v) != t.negated
	case IsSubset, IsSuperset:
		return t.contains(v) != t.negated
	case Like:
		s, ok := textOf(v)
		return (ok && like(s, t.values[0].text)) != t.negated
	case Matches:
		s, ok := textOf(v)
		return (ok && t.search.MatchString(s)) != t.negated
	case Exists:
	}
	return false
}

func (t *test) ordered(c int) bool {
	switch t.op {
	case Less:
		return c < 0
	case LessOrEqual:
		return c <= 0
	case Greater:
		return c > 0
	}
	return c >= 0
}

func (t *test) equalsAny(v any) bool {
	for i := range t.values {
		if c, ok := t.values[i].compare(v); ok && c == 0 {
			return true
		}
	}
	return false
}

// contains compares networks; what is no address or block is in none.
func (t *test) contains(v any) bool {
	s, _ := v.(string)
	n, ok := parseNetwork(s)
	if !ok || !t.network.IsValid() {
		return false
	}
	outer, inner := t.network, n
	if t.op == IsSuperset {
		outer, inner = n, t.network
	}
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// parseNetwork reads an address or a CIDR block. Bits behind the prefix are allowed.
func parseNetwork(s string) (netip.Prefix, bool) {
	if strings.IndexByte(s, '/') < 0 {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

// textOf is what LIKE and MATCHES look at: a text, or bytes as the characters of
// the same numbers.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		runes := make([]rune, len(v))
		for i, c := range v {
			runes[i] = rune(c)
		}
		return string(runes), true
	}
	return "", false
}

// like tells whether the whole text fits the form: % is any run of characters, _
// any one. It takes time in proportion to the product of the lengths at worst.
func like(text, form string) bool {
	t, f := []rune(text), []rune(form)
	i, j := 0, 0
	star, mark := -1, 0 // the last % and where its run ends
	for i < len(t) {
		switch {
		case j < len(f) && f[j] == '%':
			star, mark = j, i
			j++
		case j < len(f) && (f[j] == '_' || f[j] == t[i]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(f) && f[j] == '%' {
		j++
	}
	return j == len(f)
}
