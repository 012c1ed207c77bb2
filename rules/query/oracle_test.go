package query_test

import (
	"math/big"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// event is an event: the values of its fields by their full names. Values are
// string or int64.
type event map[string][]any

// answer bounds what a query may say of an event: it must match, or it may.
type answer struct{ must, may bool }

func (a answer) or(b answer) answer  { return answer{a.must || b.must, a.may || b.may} }
func (a answer) and(b answer) answer { return answer{a.must && b.must, a.may && b.may} }

// oracle evaluates patterns over events straight from the mapping table,
// sharing no code with the translator.
type oracle struct {
	table query.Table
	paths map[string]query.Entry
}

func newOracle(m *query.Mapping) *oracle {
	o := &oracle{table: m.Table(), paths: map[string]query.Entry{}}
	for object, entries := range o.table.Objects {
		for path, e := range entries {
			o.paths[normal(object+":"+path)] = e
		}
	}
	for _, path := range o.table.Unmapped {
		delete(o.paths, normal(path))
	}
	return o
}

var indexStep = regexp.MustCompile(`\[(\*|-?\d+)\]`)
var hashStep = regexp.MustCompile(`hashes\.[^.]+`)

// normal writes a path so that equal paths are equal texts.
func normal(path string) string {
	path = indexStep.ReplaceAllString(strings.ReplaceAll(path, "'", ""), "[*]")
	path = strings.ReplaceAll(path, "binary_ref", "image_ref")
	return hashStep.ReplaceAllStringFunc(path, func(s string) string {
		return "hashes." + strings.ToLower(strings.ReplaceAll(s[len("hashes."):], "-", ""))
	})
}

func (o *oracle) observation(obs pattern.Observation, e event) answer {
	switch obs := obs.(type) {
	case *pattern.Observed:
		return o.observed(obs.Expr, e)
	case *pattern.Combined:
		var a answer
		for _, operand := range obs.Operands {
			a = a.or(o.observation(operand, e))
		}
		return a
	case *pattern.Qualified:
		a := o.observation(obs.Operand, e)
		if q, ok := obs.Qualifier.(*pattern.StartStop); ok {
			at, err := time.Parse(time.RFC3339Nano, e["@timestamp"][0].(string))
			if err != nil || at.Before(q.Start) || !at.Before(q.Stop) {
				return answer{}
			}
		}
		return a
	}
	panic("unknown observation")
}

// observed tries every choice of one entity a type for what must match, and no
// choice at all for what may.
func (o *oracle) observed(expr pattern.Expr, e event) answer {
	objects := map[string]bool{}
	walk(expr, func(c *pattern.Comparison) { objects[c.Path.Object] = true })
	choices := []map[string]string{{}}
	for object := range objects {
		var more []map[string]string
		for _, prefix := range o.table.Entities[object] {
			for _, c := range choices {
				next := map[string]string{object: prefix}
				for k, v := range c {
					next[k] = v
				}
				more = append(more, next)
			}
		}
		if more != nil {
			choices = more
		}
	}
	a := answer{may: o.expr(expr, e, nil).may}
	for _, c := range choices {
		a.must = a.must || o.expr(expr, e, c).must
	}
	return a
}

func walk(expr pattern.Expr, visit func(*pattern.Comparison)) {
	switch expr := expr.(type) {
	case *pattern.Comparison:
		visit(expr)
	case *pattern.Junction:
		for _, operand := range expr.Operands {
			walk(operand, visit)
		}
	}
}

func (o *oracle) expr(expr pattern.Expr, e event, choice map[string]string) answer {
	switch expr := expr.(type) {
	case *pattern.Comparison:
		return o.comparison(expr, e, choice[expr.Path.Object])
	case *pattern.Junction:
		a := o.expr(expr.Operands[0], e, choice)
		for _, operand := range expr.Operands[1:] {
			if expr.Op == pattern.AllOf {
				a = a.and(o.expr(operand, e, choice))
			} else {
				a = a.or(o.expr(operand, e, choice))
			}
		}
		return a
	}
	panic("unknown expression")
}

func (o *oracle) comparison(c *pattern.Comparison, e event, prefix string) answer {
	entry := o.paths[normal(stepsText(&c.Path))]
	negated := c.Negated != (c.Op == pattern.NotEqual)
	var a answer
	for _, name := range entry.Fields {
		values := e[name]
		if !strings.HasPrefix(name, prefix) || len(values) == 0 || skipField(c, entry.Transform, o.table.Types[name]) {
			continue
		}
		if !negated {
			for _, v := range values {
				a = a.or(o.holds(c, v, o.table.Types[name], entry.Transform))
			}
			continue
		}
		all, some := true, false
		for _, v := range values {
			h := o.holds(c, v, o.table.Types[name], entry.Transform)
			all, some = all && !h.may, some || !h.must
		}
		a = a.or(answer{all, some})
	}
	return a
}

func stepsText(p *pattern.ObjectPath) string {
	var b strings.Builder
	b.WriteString(p.Object)
	for i, s := range p.Steps {
		switch {
		case s.Kind != pattern.Property:
			b.WriteString("[*]")
		case i == 0:
			b.WriteString(":" + s.Name)
		default:
			b.WriteString("." + s.Name)
		}
	}
	return b.String()
}

// skipField tells whether ip-or-domain sends all literals to the other fields.
func skipField(c *pattern.Comparison, tr query.Transform, typ query.Type) bool {
	if tr != query.IPOrDomain || c.Op == pattern.Exists {
		return false
	}
	for _, l := range constants(c) {
		if _, ok := block(l.Text); ok == (typ == query.IP) {
			return false
		}
	}
	return true
}

func constants(c *pattern.Comparison) []pattern.Literal {
	if c.Op == pattern.In {
		return c.Set
	}
	return []pattern.Literal{c.Value}
}

func block(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

// holds bounds whether the positive form holds for one value.
func (o *oracle) holds(c *pattern.Comparison, v any, typ query.Type, tr query.Transform) answer {
	if c.Op == pattern.Exists {
		return answer{true, true}
	}
	var a answer
	for _, l := range constants(c) {
		switch typ {
		case query.IP:
			a = a.or(holdsAddress(c.Op, v.(string), l))
		case query.Long:
			a = a.or(holdsNumber(c.Op, v.(int64), l))
		case query.Date:
			a = a.or(holdsDate(c.Op, v.(string), l))
		default:
			a = a.or(holdsText(c.Op, v.(string), l, tr))
		}
	}
	return a
}

func exactly(b bool) answer { return answer{b, b} }

func ordering(op pattern.Op, cmp int) bool {
	switch op {
	case pattern.Equal, pattern.NotEqual, pattern.In:
		return cmp == 0
	case pattern.Less:
		return cmp < 0
	case pattern.LessOrEqual:
		return cmp <= 0
	case pattern.Greater:
		return cmp > 0
	case pattern.GreaterOrEqual:
		return cmp >= 0
	}
	return false
}

func holdsAddress(op pattern.Op, v string, l pattern.Literal) answer {
	addr := netip.MustParseAddr(v)
	p, ok := block(l.Text)
	switch op {
	case pattern.Equal, pattern.NotEqual, pattern.In:
		return answer{ok && p.IsSingleIP() && p.Addr() == addr, ok && p.Contains(addr)}
	case pattern.IsSubset:
		return exactly(ok && p.Contains(addr))
	case pattern.IsSuperset:
		return exactly(ok && p.IsSingleIP() && p.Addr() == addr)
	}
	return holdsText(op, addr.String(), l, query.AsIs)
}

func holdsNumber(op pattern.Op, v int64, l pattern.Literal) answer {
	r, ok := new(big.Rat).SetString(l.Text)
	if !ok || op == pattern.Like || op == pattern.Matches {
		return answer{}
	}
	h := ordering(op, new(big.Rat).SetInt64(v).Cmp(r))
	return answer{h && l.Kind != pattern.String, h}
}

func holdsDate(op pattern.Op, v string, l pattern.Literal) answer {
	at, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		panic(err)
	}
	want, err := time.Parse(time.RFC3339Nano, l.Text)
	if err != nil {
		return answer{}
	}
	return exactly(ordering(op, at.Compare(want)))
}

func holdsText(op pattern.Op, v string, l pattern.Literal, tr query.Transform) answer {
	if tr == query.Registry {
		return holdsRegistry(op, v, l)
	}
	lit := l.Text
	switch tr {
	case query.Lower:
		lit = strings.ToLower(lit)
	case query.Upper:
		lit = strings.ToUpper(lit)
	case query.MAC:
		lit = strings.ToUpper(strings.ReplaceAll(lit, ":", "-"))
	case query.Serial:
		lit = strings.ToUpper(strings.ReplaceAll(lit, ":", ""))
	}
	switch op {
	case pattern.Like:
		return answer{like(v, lit), like(strings.ToLower(v), strings.ToLower(lit))}
	case pattern.Matches:
		expression := l.Text
		if tr == query.MAC {
			expression = strings.ReplaceAll(expression, ":", "-")
		}
		if tr == query.Serial {
			expression = strings.ReplaceAll(expression, ":", "")
		}
		return matches(v, expression, tr != query.AsIs && tr != query.IPOrDomain)
	}
	h := ordering(op, strings.Compare(v, lit))
	return answer{h && l.Kind == pattern.String, h}
}

// like is LIKE by the book: % any run, _ one character.
func like(v, p string) bool {
	text := []rune(v)
	reach := make([]bool, len(text)+1)
	reach[0] = true
	for _, c := range p {
		next := make([]bool, len(text)+1)
		for i := range next {
			switch c {
			case '%':
				next[i] = reach[i] || i > 0 && next[i-1]
			case '_':
				next[i] = i > 0 && reach[i-1]
			default:
				next[i] = i > 0 && reach[i-1] && text[i-1] == c
			}
		}
		reach = next
	}
	return reach[len(text)]
}

// matches is MATCHES: $ also before a last newline, as in PCRE.
func matches(v, expression string, fold bool) answer {
	expression = strings.ReplaceAll(expression, `\$`, "\ue000")
	expression = strings.ReplaceAll(strings.ReplaceAll(expression, "$", `(?:\n?\z)`), "\ue000", `\$`)
	if fold {
		expression = "(?i)" + expression
	}
	a, b := compiled(expression).MatchString(v), compiled("(?is)"+expression).MatchString(v)
	return answer{a && b, a || b}
}

// expressions keeps what was compiled: one expression is compared with many values.
var expressions sync.Map

func compiled(expression string) *regexp.Regexp {
	if re, ok := expressions.Load(expression); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(expression)
	expressions.Store(expression, re)
	return re
}

var hiveName = regexp.MustCompile(`(?i)HKEY_(LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)`)

// holdsRegistry compares the path and its parent; deeper ones and other case may match.
func holdsRegistry(op pattern.Op, path string, l pattern.Literal) answer {
	original := path
	for long, short := range map[string]string{
		"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_CURRENT_USER": "HKCU", "HKEY_CLASSES_ROOT": "HKCR",
		"HKEY_USERS": "HKU", "HKEY_CURRENT_CONFIG": "HKCC",
	} {
		if op != pattern.Like && op != pattern.Matches && (l.Text == long || strings.HasPrefix(l.Text, long+`\`)) {
			l.Text = short + l.Text[len(long):]
		} else if rest, ok := strings.CutPrefix(path, short); ok && (op == pattern.Like || op == pattern.Matches) && (rest == "" || rest[0] == '\\') {
			path = long + rest
			break
		}
	}
	var a answer
	raw := original
	for depth := 0; ; depth++ {
		h := holdsText(op, path, l, query.AsIs)
		if h.may || holdsText(op, raw, l, query.AsIs).may || holdsText(op, strings.ToLower(path), pattern.Literal{Kind: l.Kind, Text: strings.ToLower(l.Text)}, query.AsIs).may && op != pattern.Matches {
			a.may = true
		}
		// The contract speaks of whole hive names only; part of one may be compared with either spelling.
		named := op != pattern.Like && op != pattern.Matches || hiveName.MatchString(l.Text) || holdsText(op, raw, l, query.AsIs).must
		a.must = a.must || h.must && named && depth < 2
		i := strings.LastIndexByte(path, '\\')
		if i < 0 || ordered(op) {
			return a
		}
		path = path[:i]
		raw = raw[:max(strings.LastIndexByte(raw, '\\'), 0)]
	}
}

func ordered(op pattern.Op) bool {
	return op == pattern.Less || op == pattern.LessOrEqual || op == pattern.Greater || op == pattern.GreaterOrEqual
}
