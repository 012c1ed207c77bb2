package query

import (
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// step is one event of a sequence, or several that satisfy the same.
type step struct {
	node node
	runs int
}

// sequence is several events that belong together.
type sequence struct {
	steps  []step
	sample bool    // in any order
	within float64 // seconds from the first to the last; 0 for no bound
}

const (
	// maxRuns is the greatest number that "with runs" takes.
	maxRuns = 100
	// maxSample is the most filters that a sample takes.
	maxSample = 5
	// maxWindow is a window, in seconds, that no store of events outlasts.
	maxWindow = 1e9
)

// sequence plans an observation expression that one event doesn't decide.
func (c *compiler) sequence(o pattern.Observation, canSample bool) (*sequence, *opaque) {
	s := &sequence{}
	inner, frame, lost := c.frame(o, true)
	if lost != nil {
		return nil, lost
	}
	s.within = frame.within
	and, ok := inner.(*pattern.Combined)
	if ok && and.Op == pattern.And && canSample && s.within == 0 && frame.runs == 1 && sampleSize(and) <= maxSample {
		s.sample = true
		s.steps, lost = c.each(and.Operands)
	} else {
		s.steps, lost = c.steps(inner, frame.runs)
	}
	if lost != nil {
		return nil, lost
	}
	frame.bound(c, s.steps)
	return s, nil
}

// frame is the qualifiers around an expression.
type frame struct {
	within float64
	runs   int
	times  []*pattern.StartStop
}

// bound adds the times of START and STOP to every step.
func (f *frame) bound(c *compiler, steps []step) {
	for i := range steps {
		for _, q := range f.times {
			steps[i].node = c.bounded(steps[i].node, q)
		}
	}
}

// possible tells whether every step can be satisfied.
func (s *sequence) possible() bool {
	for i := range s.steps {
		if s.steps[i].node.kind == nodeNothing {
			return false
		}
	}
	return true
}

// frame takes the qualifiers off an expression, the outermost first. Only at
// the top is there a window for WITHIN, and only outside of REPEATS.
func (c *compiler) frame(o pattern.Observation, top bool) (pattern.Observation, *frame, *opaque) {
	f := &frame{runs: 1}
	for {
		q, ok := o.(*pattern.Qualified)
		if !ok {
			return o, f, nil
		}
		switch qualifier := q.Qualifier.(type) {
		case *pattern.Within:
			switch {
			case top && f.runs == 1 && !isSingle(q.Operand):
				if s := qualifier.Seconds; s <= maxWindow && (f.within == 0 || s < f.within) {
					f.within = s
				}
			case isSingle(q.Operand): // one event is always within it
			default:
				if lost := c.widen(qualifier.Start, "EQL has one window for the whole sequence, not one for a part", "the part without its window"); lost != nil {
					return nil, nil, lost
				}
			}
		case *pattern.Repeats:
			f.runs = min(f.runs*min(qualifier.Times, maxRuns+1), maxRuns+1)
			if !repeatable(q.Operand) && qualifier.Times > 1 {
				f.runs = 1
				if lost := c.widen(qualifier.Start, "EQL repeats single events only", "the observations once"); lost != nil {
					return nil, nil, lost
				}
			}
			if f.runs > maxRuns {
				f.runs = maxRuns
				if lost := c.widen(qualifier.Start, fmt.Sprintf("EQL repeats an event at most %d times", maxRuns), "that many"); lost != nil {
					return nil, nil, lost
				}
			}
		case *pattern.StartStop:
			f.times = append(f.times, qualifier)
		}
		o = q.Operand
	}
}

// repeatable tells whether REPEATS around o counts single events.
func repeatable(o pattern.Observation) bool {
	for {
		q, ok := o.(*pattern.Qualified)
		if !ok {
			return isSingle(o)
		}
		o = q.Operand
	}
}

// steps plans a part of a sequence without its qualifiers.
func (c *compiler) steps(o pattern.Observation, runs int) ([]step, *opaque) {
	if isSingle(o) {
		n, lost := c.events(o)
		return []step{{n, runs}}, lost
	}
	combined, ok := o.(*pattern.Combined)
	if !ok {
		return nil, &opaque{reason: "unknown kind of observation"}
	}
	switch combined.Op {
	case pattern.FollowedBy:
		return c.each(combined.Operands)
	case pattern.And:
		if lost := c.widen(combined.Start, "AND has no order, a sequence has one", "any of these events, as many as are needed"); lost != nil {
			return nil, lost
		}
		steps, lost := c.each(combined.Operands)
		if lost != nil {
			return nil, lost
		}
		kids, total := make([]node, 0, len(steps)), 0
		for _, s := range steps {
			kids, total = append(kids, s.node), total+s.runs
		}
		return []step{{anyOf(kids), min(total, maxRuns)}}, nil
	case pattern.Or:
	}
	if lost := c.widen(combined.Start, "EQL has no OR of sequences", "every event that may take part"); lost != nil {
		return nil, lost
	}
	n, lost := c.events(combined)
	return []step{{n, 1}}, lost
}

// each plans the operands one after the other. One that can't be searched is left out if the caller allows it.
func (c *compiler) each(operands []pattern.Observation) ([]step, *opaque) {
	var steps []step
	var last *opaque
	for _, o := range operands {
		made, lost := c.operand(o)
		if lost == nil {
			steps = append(steps, made...)
			continue
		}
		if !c.wider {
			return nil, lost
		}
		last = lost
		c.losses = append(c.losses, lost.loss("observation left out: "))
	}
	if len(steps) == 0 {
		return nil, last
	}
	return steps, nil
}

func (c *compiler) operand(o pattern.Observation) ([]step, *opaque) {
	inner, f, lost := c.frame(o, false)
	if lost != nil {
		return nil, lost
	}
	steps, lost := c.steps(inner, f.runs)
	if lost != nil {
		return nil, lost
	}
	f.bound(c, steps)
	return steps, nil
}

// sampleSize is the number of filters that a sample of the operands needs; too
// many where an operand is no single event.
func sampleSize(and *pattern.Combined) int {
	size := 0
	for _, o := range and.Operands {
		runs := 1
		for {
			q, ok := o.(*pattern.Qualified)
			if !ok {
				break
			}
			if r, ok := q.Qualifier.(*pattern.Repeats); ok {
				runs *= min(r.Times, maxSample+1)
			}
			if _, ok := q.Qualifier.(*pattern.Within); ok && runs == 1 && !isSingle(q.Operand) {
				return maxSample + 1
			}
			o = q.Operand
		}
		if !isSingle(o) {
			return maxSample + 1
		}
		size += runs
	}
	return size
}
