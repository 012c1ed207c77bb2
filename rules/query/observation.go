package query

import (
	"fmt"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// timeField is where an event's time is.
var timeField = &field{name: "@timestamp", typ: Date, class: classDate, eql: "@timestamp"}

// isSingle tells whether one event decides: there is no AND or FOLLOWEDBY
// between observations, and no REPEATS.
func isSingle(o pattern.Observation) bool {
	switch o := o.(type) {
	case *pattern.Observed:
		return true
	case *pattern.Combined:
		if o.Op != pattern.Or {
			return false
		}
		for _, operand := range o.Operands {
			if !isSingle(operand) {
				return false
			}
		}
		return true
	case *pattern.Qualified:
		if r, ok := o.Qualifier.(*pattern.Repeats); ok && r.Times > 1 {
			return false
		}
		return isSingle(o.Operand)
	}
	return false
}

// events gives what an event must satisfy to take part in a match.
func (c *compiler) events(o pattern.Observation) (node, *opaque) {
	switch o := o.(type) {
	case *pattern.Observed:
		m := c.expr(o.Expr)
		return m.node, m.opaque
	case *pattern.Combined:
		return c.combined(o)
	case *pattern.Qualified:
		return c.qualified(o)
	}
	return node{}, &opaque{reason: "unknown kind of observation"}
}

func (c *compiler) combined(o *pattern.Combined) (node, *opaque) {
	if o.Op != pattern.Or {
		op := "AND"
		if o.Op == pattern.FollowedBy {
			op = "FOLLOWEDBY"
		}
		if lost := c.widen(o.Start, op+" between observations is not visible in one event", "every event that may take part"); lost != nil {
			return node{}, lost
		}
	}
	parts := make([]meaning, len(o.Operands))
	for i, operand := range o.Operands {
		parts[i].node, parts[i].opaque = c.events(operand)
		if lost := parts[i].opaque; lost != nil && o.Op != pattern.Or && c.wider {
			lost.unmapped = true // the other observations' events are returned all the same
		}
	}
	return c.either(parts)
}

func (c *compiler) qualified(o *pattern.Qualified) (node, *opaque) {
	switch q := o.Qualifier.(type) {
	case *pattern.Within:
		if isSingle(o.Operand) {
			c.losses = append(c.losses, Loss{At: q.Start, Why: "WITHIN is not visible in one event; one event alone is always within it"})
		} else if lost := c.widen(q.Start, "WITHIN is not visible in one event", "the events of any time"); lost != nil {
			return node{}, lost
		}
	case *pattern.Repeats:
		if q.Times > 1 {
			if lost := c.widen(q.Start, "REPEATS is not visible in one event", "each event that may be counted"); lost != nil {
				return node{}, lost
			}
		}
	case *pattern.StartStop:
		n, lost := c.events(o.Operand)
		if lost != nil {
			return node{}, lost
		}
		return c.bounded(n, q), nil
	}
	return c.events(o.Operand)
}

// widen notes a loss that widens, if the caller allows any: why something
// can't be said, and what is returned instead.
func (c *compiler) widen(at int, why, instead string) *opaque {
	if !c.wider {
		return &opaque{cause: cause{at: at}, reason: why + "; allow wider queries to have " + instead}
	}
	c.losses = append(c.losses, Loss{At: at, Why: why + ": returned is " + instead})
	return nil
}

// bounded adds START <= @timestamp < STOP.
func (c *compiler) bounded(n node, q *pattern.StartStop) node {
	if !q.Start.Before(q.Stop) {
		return c.cannot(cause{at: q.Span.Start}, "START is not before STOP: no event is between them")
	}
	return all([]node{n, timeRange(q)})
}

// timeRange is an event's time within START and STOP. A bound behind a
// millisecond, which is the finest that an event's time is kept to, moves to the next one.
func timeRange(q *pattern.StartStop) node {
	t := &test{op: testRange, lo: bound{set: true, inclusive: true}, hi: bound{set: true}}
	t.lo.value, t.hi.value = instantValue(nextMilli(q.Start)), instantValue(nextMilli(q.Stop))
	return node{kind: nodeLeaf, entities: ^uint32(0), field: timeField, test: t}
}

func nextMilli(t time.Time) time.Time {
	cut := t.Truncate(time.Millisecond)
	if cut.Before(t) {
		return cut.Add(time.Millisecond)
	}
	return cut
}

// span spells the length of a window, rounded up to the millisecond.
func span(seconds float64) string {
	if whole := int64(seconds); float64(whole) == seconds {
		return fmt.Sprintf("%ds", whole)
	}
	ms := int64(seconds * 1000)
	if float64(ms) < seconds*1000 {
		ms++
	}
	return fmt.Sprintf("%dms", ms)
}
