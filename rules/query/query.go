package query

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// Shape tells what one match of a query is.
type Shape string

// The shapes.
const (
	Event    Shape = "event"    // one event
	Sequence Shape = "sequence" // events in order of time
	Sample   Shape = "sample"   // events in any order
)

// Query is a translation.
type Query struct {
	// Language is what Text is written in.
	Language Language
	// Text is the query; for DSL, JSON as the body of a search takes it: {"query":{…}}.
	Text string
	// Lossy is what the query doesn't say; empty when it says exactly what the pattern says.
	Lossy []Loss
	// Assumed is what was taken for granted of the pattern, where the options ask for that.
	Assumed []Loss
	// Shape tells what one match is; only EQL has others than [Event].
	Shape Shape
	// Empty tells that the query matches nothing, as the pattern does; only with [Options.AllowEmpty].
	Empty bool

	steps []step
	join  []string
}

// Exact tells whether nothing was lost.
func (q Query) Exact() bool { return len(q.Lossy) == 0 }

// Fields returns the names of the event fields that the query looks at, sorted.
func (q Query) Fields() []string {
	names := slices.Clone(q.join)
	for i := range q.steps {
		q.steps[i].node.leaves(func(l *node) { names = append(names, l.field.name) })
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sequenceQuery translates what one event doesn't decide to EQL.
func (t *Translator) sequenceQuery(root pattern.Observation) (Query, error) {
	c := t.compiler()
	s, lost := c.sequence(root, t.join != "")
	if lost != nil {
		return Query{}, lost.err(EQL)
	}
	if !s.possible() {
		return t.empty(EQL, c.never, c.losses)
	}
	for i := range s.steps {
		fitted, more, lost := t.fit(s.steps[i].node, EQL)
		if lost != nil {
			return Query{}, lost.err(EQL)
		}
		s.steps[i].node, c.losses = fitted, append(c.losses, more...)
	}
	q := Query{Language: EQL, Lossy: c.losses, steps: s.steps, join: t.joinFields}
	if len(s.steps) == 1 && s.steps[0].runs == 1 { // the other observations were lost
		q.Shape, q.join = Event, nil
		q.Text = t.spell(&s.steps[0].node, EQL)
		return q, nil
	}
	q.Shape = Sequence
	if s.sample {
		q.Shape = Sample
	}
	q.Text = string(t.appendSequence(nil, s))
	return q, nil
}

// appendSequence spells a sequence, one event a line.
func (t *Translator) appendSequence(b []byte, s *sequence) []byte {
	word := "sequence"
	if s.sample {
		word = "sample"
	}
	b = append(b, word...)
	if t.join != "" {
		b = append(b, " by "...)
		b = append(b, t.join...)
	}
	if s.within > 0 {
		b = append(b, " with maxspan="...)
		b = append(b, span(s.within)...)
	}
	for i := range s.steps {
		times, runs := 1, s.steps[i].runs
		if s.sample { // which knows no runs
			times, runs = runs, 1
		}
		for range times {
			b = append(b, "\n  [any where "...)
			b = eqlSpeller.append(b, &s.steps[i].node, false)
			b = append(b, ']')
			if runs > 1 {
				b = append(b, " with runs="...)
				b = strconv.AppendInt(b, int64(runs), 10)
			}
		}
	}
	return b
}

// Repetition is a pattern that one kind of event satisfies by its number, as a
// threshold rule of Kibana's does.
type Repetition struct {
	// Pattern is the pattern without REPEATS and WITHIN: one event decides.
	Pattern *pattern.Pattern
	// Times is how many events are needed.
	Times int
	// Seconds is the window they must be in; 0 when there is none.
	Seconds float64
	// GroupBy is the fields that must be equal in them.
	GroupBy []string
}

// Repetition tells whether the pattern is no more than a REPEATS, perhaps
// WITHIN a window, of what one event decides.
func (t *Translator) Repetition(p *pattern.Pattern) (Repetition, bool) {
	r := Repetition{Times: 1, GroupBy: slices.Clone(t.joinFields)}
	o := p.Root
	var times []*pattern.Qualified
	for {
		q, ok := o.(*pattern.Qualified)
		if !ok {
			break
		}
		switch qualifier := q.Qualifier.(type) {
		case *pattern.Within:
			if r.Times == 1 && (r.Seconds == 0 || qualifier.Seconds < r.Seconds) && !isSingle(q.Operand) {
				r.Seconds = qualifier.Seconds
			}
		case *pattern.Repeats:
			r.Times *= qualifier.Times
		case *pattern.StartStop:
			times = append(times, q)
		}
		o = q.Operand
	}
	if r.Times < 2 || !isSingle(o) {
		return Repetition{}, false
	}
	for _, q := range times {
		o = &pattern.Qualified{Span: q.Span, Operand: o, Qualifier: q.Qualifier}
	}
	r.Pattern = &pattern.Pattern{Text: p.Text, Version: p.Version, Root: o}
	return r, true
}

// MarshalJSON writes {"query":…,"lossy":[…]}, and "assumed" where something was; the query of DSL is an object, of all others a text.
func (q Query) MarshalJSON() ([]byte, error) {
	var b []byte
	switch {
	case q.Language == DSL && len(q.Text) > 1:
		b = append(b, q.Text[:len(q.Text)-1]...) // without the last brace
	case q.Text == "":
		return nil, fmt.Errorf("marshal query: empty %s query", q.Language)
	default:
		b = appendJSON(append(b, `{"query":`...), q.Text)
	}
	b = appendLosses(append(b, `,"lossy":`...), q.Lossy)
	if len(q.Assumed) > 0 {
		b = appendLosses(append(b, `,"assumed":`...), q.Assumed)
	}
	return append(b, '}'), nil
}

func appendLosses(b []byte, losses []Loss) []byte {
	b = append(b, '[')
	for i, l := range losses {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"at":`...), int64(l.At), 10)
		if l.Path != "" {
			b = appendJSON(append(b, `,"path":`...), l.Path)
		}
		b = appendJSON(append(b, `,"why":`...), l.Why)
		b = append(b, '}')
	}
	return append(b, ']')
}
