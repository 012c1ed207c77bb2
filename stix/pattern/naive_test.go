package pattern_test

import (
	"slices"
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// naive is a second evaluator, written to be obviously right: it lists every
// binding of every part, each a list of instances, and filters. It knows equality
// of texts only.
type naive struct {
	instances []pattern.Sighting // one for each time that something was seen
}

func naiveMatch(p *pattern.Pattern, sightings []pattern.Sighting) bool {
	var n naive
	for _, s := range sightings {
		for range max(s.Count, 1) {
			n.instances = append(n.instances, s)
		}
	}
	return len(n.bindings(p.Root)) > 0
}

func (n *naive) bindings(o pattern.Observation) [][]int {
	var out [][]int
	switch o := o.(type) {
	case *pattern.Observed:
		for i, s := range n.instances {
			if slices.ContainsFunc(s.Objects, func(x object) bool { return naiveHolds(o.Expr, x) }) {
				out = append(out, []int{i})
			}
		}
	case *pattern.Combined:
		out = n.bindings(o.Operands[0])
		for _, operand := range o.Operands[1:] {
			right := n.bindings(operand)
			if o.Op == pattern.Or {
				out = append(out, right...)
				continue
			}
			out = n.join(out, right, func(a, b []int) bool { return o.Op == pattern.And || n.before(a, b) })
		}
	case *pattern.Qualified:
		inner := n.bindings(o.Operand)
		switch q := o.Qualifier.(type) {
		case *pattern.Repeats:
			if q.Times < 1 {
				return nil
			}
			out = inner
			for range q.Times - 1 {
				out = n.join(out, inner, func(a, b []int) bool { return true })
			}
		case *pattern.Within:
			for _, b := range inner {
				if n.near(b, time.Duration(q.Seconds*1e9)) {
					out = append(out, b)
				}
			}
		case *pattern.StartStop:
			for _, b := range inner {
				if !slices.ContainsFunc(b, func(i int) bool { return !n.inWindow(i, q) }) {
					out = append(out, b)
				}
			}
		}
	}
	return out
}

// join pairs bindings that share no instance.
func (n *naive) join(left, right [][]int, ok func(a, b []int) bool) [][]int {
	var out [][]int
	for _, a := range left {
		for _, b := range right {
			if !slices.ContainsFunc(a, func(i int) bool { return slices.Contains(b, i) }) && ok(a, b) {
				out = append(out, slices.Concat(a, b))
			}
		}
	}
	return out
}

// before tells whether instants can be chosen for all of a that are not after those chosen for all of b.
func (n *naive) before(a, b []int) bool {
	for _, i := range a {
		for _, j := range b {
			if n.instances[i].First.After(n.instances[j].Last) {
				return false
			}
		}
	}
	return true
}

func (n *naive) near(b []int, limit time.Duration) bool {
	for _, i := range b {
		for _, j := range b {
			if n.instances[i].First.Sub(n.instances[j].Last) > limit {
				return false
			}
		}
	}
	return true
}

func (n *naive) inWindow(i int, q *pattern.StartStop) bool {
	s := n.instances[i]
	return q.Start.Before(q.Stop) && s.First.Before(q.Stop) && !s.Last.Before(q.Start)
}

func naiveHolds(e pattern.Expr, x object) bool {
	switch e := e.(type) {
	case *pattern.Comparison:
		v, ok := x[e.Path.Steps[0].Name].(string)
		return ok && x["type"] == e.Path.Object && (v == e.Value.Text) != (e.Negated != (e.Op == pattern.NotEqual))
	case *pattern.Junction:
		for _, operand := range e.Operands {
			if naiveHolds(operand, x) == (e.Op == pattern.AnyOf) {
				return e.Op == pattern.AnyOf
			}
		}
		return e.Op == pattern.AllOf
	}
	return false
}

// dice makes small patterns and sightings out of bytes; 0 when there are no more.
type dice struct{ bytes []byte }

func (d *dice) roll(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

func (d *dice) letter() string { return string(rune('a' + d.roll(3))) }

func (d *dice) comparison() string {
	return "p:" + []string{"n", "m"}[d.roll(2)] + []string{" = ", " != ", " NOT = "}[d.roll(3)] + "'" + d.letter() + "'"
}

func (d *dice) expr(depth int) string {
	switch r := d.roll(6); {
	case depth > 0 && r == 1:
		return "(" + d.expr(depth-1) + ") AND " + d.expr(depth-1)
	case depth > 0 && r == 2:
		return d.expr(depth-1) + " OR " + d.expr(depth-1)
	}
	return d.comparison()
}

func (d *dice) observation(depth int) string {
	switch r := d.roll(9); {
	case depth > 0 && r <= 5 && r >= 3:
		op := []string{" AND ", " OR ", " FOLLOWEDBY "}[r-3]
		return "(" + d.observation(depth-1) + op + d.observation(depth-1) + ")" + d.qualifier()
	case depth > 0 && r == 6:
		return "(" + d.observation(depth-1) + d.qualifier() + ")" + d.qualifier()
	}
	return "[" + d.expr(1) + "]" + d.qualifier()
}

func (d *dice) qualifier() string {
	switch d.roll(7) {
	case 1:
		return " REPEATS " + string(rune('1'+d.roll(3))) + " TIMES"
	case 2:
		return " WITHIN " + string(rune('0'+d.roll(6))) + " SECONDS"
	case 3:
		return " START t'2020-01-01T00:00:0" + string(rune('0'+d.roll(5))) + "Z' STOP t'2020-01-01T00:00:0" + string(rune('2'+d.roll(8))) + "Z'"
	}
	return ""
}

func (d *dice) sightings() []pattern.Sighting {
	var out []pattern.Sighting
	for range d.roll(5) {
		s := at("", d.roll(8), d.roll(10), d.roll(3))
		if s.Last.Before(s.First) {
			s.Last = s.First
		}
		s.Objects = nil
		for range 1 + d.roll(2) {
			s.Objects = append(s.Objects, object{"type": "p", "n": d.letter(), "m": d.letter()})
		}
		out = append(out, s)
	}
	return out
}

// size bounds how much the naive evaluator would have to list.
func (d *dice) pattern() string {
	text := d.observation(2)
	for strings.Count(text, "REPEATS") > 2 {
		text = strings.Replace(text, "REPEATS 3", "REPEATS 1", 1)
		if !strings.Contains(text, "REPEATS 3") {
			return "[p:n = 'a']"
		}
	}
	return text
}
