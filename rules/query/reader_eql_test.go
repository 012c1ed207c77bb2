package query_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// eqlQuery is a query of EQL as a reader sees it.
type eqlQuery struct {
	kind    string // any, sequence, sample
	by      []string
	maxspan time.Duration
	steps   []eqlStep
}

type eqlStep struct {
	where clause
	runs  int
}

// readEQL reads the subset of EQL that the translator prints.
func readEQL(text string) (eqlQuery, error) {
	r := &reader{text: text, and: " and ", or: " or ", not: "not ", term: eqlTerm}
	if r.take("any where ") {
		c, err := r.all()
		return eqlQuery{kind: "any", steps: []eqlStep{{c, 1}}}, err
	}
	q := eqlQuery{kind: "sequence"}
	if r.take("sample") {
		q.kind = "sample"
	} else if !r.take("sequence") {
		return q, r.fail("no query")
	}
	if r.take(" by ") {
		for {
			q.by = append(q.by, r.word(fieldChars))
			if !r.take(", ") {
				break
			}
		}
	}
	if r.take(" with maxspan=") {
		n, err := strconv.Atoi(r.word(digits))
		if err != nil {
			return q, r.fail("no number: %v", err)
		}
		switch {
		case r.take("ms"):
			q.maxspan = time.Duration(n) * time.Millisecond
		case r.take("s"):
			q.maxspan = time.Duration(n) * time.Second
		default:
			return q, r.fail("no unit")
		}
	}
	total := 0
	for r.pos < len(r.text) {
		if !r.take("\n  [any where ") {
			return q, r.fail("no event")
		}
		c, err := r.expr()
		if err != nil {
			return q, err
		}
		if !r.take("]") {
			return q, r.fail("no closing bracket")
		}
		s := eqlStep{c, 1}
		if r.take(" with runs=") {
			if s.runs, err = strconv.Atoi(r.word(digits)); err != nil || s.runs < 1 || s.runs > 100 {
				return q, r.fail("bad number of runs")
			}
		}
		total += s.runs
		q.steps = append(q.steps, s)
	}
	switch {
	case total < 2:
		return q, r.fail("%s of %d events", q.kind, total)
	case q.kind == "sample" && (q.by == nil || q.maxspan > 0 || total > 5 || total != len(q.steps)):
		return q, r.fail("a sample has a key, no maxspan, no runs and at most five events")
	}
	return q, nil
}

func eqlTerm(r *reader) (clause, error) {
	escapes := map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'f': "\f"}
	text := func() (string, error) {
		if strings.HasPrefix(r.rest(), `"""`) {
			return "", r.fail("raw text")
		}
		if strings.HasPrefix(r.rest(), `"`) {
			return r.quoted(r.escapeOf(`"'\`, escapes, true), false)
		}
		v := r.word(digits + "-.")
		if v == "" {
			return "", r.fail("no value")
		}
		return v, nil
	}
	list := func(c *clause) error {
		for {
			v, err := text()
			if err != nil {
				return err
			}
			c.values = append(c.values, v)
			if r.take(")") {
				return nil
			}
			if !r.take(", ") {
				return r.fail("no comma")
			}
		}
	}
	if r.take("cidrMatch(") {
		c := clause{op: "cidr", field: eqlName(r)}
		if !r.take(", ") {
			return c, r.fail("no block")
		}
		return c, list(&c)
	}
	c := clause{field: eqlName(r)}
	if c.field == "" {
		return c, r.fail("no field")
	}
	switch {
	case r.take(" != null"):
		c.op = "exists"
		return c, nil
	case r.take(" in ("):
		c.op = "in"
		return c, list(&c)
	}
	for _, op := range []string{" == ", " <= ", " >= ", " < ", " > ", " like ", " regex "} {
		if r.take(op) {
			v, err := text()
			c.op, c.values = strings.TrimSpace(op), []string{v}
			if op == " == " {
				c.op = "="
			}
			return c, err
		}
	}
	return c, r.fail("no operator")
}

// eqlName reads a field's name. The time alone is surely there; any other is marked as one that may be missing.
func eqlName(r *reader) string {
	if r.take("@timestamp") {
		return "@timestamp"
	}
	if !r.take("?") {
		return ""
	}
	return r.word(fieldChars)
}

// print spells the query again.
func (q eqlQuery) print() string {
	if q.kind == "any" {
		return "any where " + printEQL(q.steps[0].where, false)
	}
	s := q.kind
	if q.by != nil {
		s += " by " + strings.Join(q.by, ", ")
	}
	switch {
	case q.maxspan%time.Second != 0:
		s += fmt.Sprintf(" with maxspan=%dms", q.maxspan.Milliseconds())
	case q.maxspan > 0:
		s += fmt.Sprintf(" with maxspan=%ds", int(q.maxspan.Seconds()))
	}
	for _, step := range q.steps {
		s += "\n  [any where " + printEQL(step.where, false) + "]"
		if step.runs > 1 {
			s += fmt.Sprintf(" with runs=%d", step.runs)
		}
	}
	return s
}

func printEQL(c clause, inner bool) string {
	name := "?" + c.field
	if c.field == "@timestamp" {
		name = c.field
	}
	numeric := strings.HasSuffix(c.field, ".port") || strings.HasSuffix(c.field, "bytes") || strings.HasSuffix(c.field, "packets") ||
		strings.HasSuffix(c.field, ".pid") || strings.HasSuffix(c.field, ".size") || strings.HasSuffix(c.field, "as.number")
	values := make([]string, len(c.values))
	for i, v := range c.values {
		if values[i] = v; !numeric {
			values[i] = quoteEQL(v)
		}
	}
	switch c.op {
	case "and", "or":
		parts := make([]string, len(c.kids))
		for i, k := range c.kids {
			parts[i] = printEQL(k, true)
		}
		s := strings.Join(parts, " "+c.op+" ")
		if inner {
			s = "(" + s + ")"
		}
		return s
	case "not":
		return "not " + printEQL(c.kids[0], true)
	case "exists":
		return name + " != null"
	case "in":
		return name + " in (" + strings.Join(values, ", ") + ")"
	case "cidr":
		return "cidrMatch(" + name + ", " + strings.Join(values, ", ") + ")"
	case "=":
		return name + " == " + values[0]
	}
	return name + " " + c.op + " " + values[0]
}

func quoteEQL(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u{%02x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}
