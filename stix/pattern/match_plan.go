package pattern

import (
	"context"
	"math"
	"slices"
	"time"
)

// plan is an observation expression with the sightings that can stand in it.
type plan interface {
	// need is how many observations the plan binds at least.
	need() int
}

type (
	// pick binds times observations out of the candidates.
	pick struct {
		candidates []int       // by the end of their time
		earliest   []time.Time // when the first of the candidates from an index on begins
		times      int
	}
	// all binds every part to observations of its own, in order of time if ordered.
	all struct {
		parts   []plan
		ordered bool
	}
	// either binds one of the parts.
	either struct{ parts []plan }
	// repeat binds the part that many times.
	repeat struct {
		part  plan
		times int
	}
	// near binds the part to observations that lie within a time.
	near struct {
		part  plan
		limit span
	}
)

func (p pick) need() int   { return p.times }
func (p repeat) need() int { return multiply(p.part.need(), p.times) }
func (p near) need() int   { return p.part.need() }

func (p all) need() int {
	n := 0
	for _, part := range p.parts {
		if m := part.need(); n > math.MaxInt-m {
			return math.MaxInt
		} else {
			n += m
		}
	}
	return n
}

func (p either) need() int {
	n := math.MaxInt
	for _, part := range p.parts {
		n = min(n, part.need())
	}
	return n
}

func multiply(a, b int) int {
	if a > 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}

// window is a START STOP.
type window struct{ start, stop time.Time }

// has tells whether a part of the sighting's time is in the window: start <= t < stop.
func (w window) has(s Sighting) bool {
	return w.start.Before(w.stop) && s.First.Before(w.stop) && !s.Last.Before(w.start)
}

// search is one search for a match.
type search struct {
	ctx       context.Context
	matcher   *Matcher
	sightings []Sighting
	byEnd     []int // the indexes of the sightings, by the end of their time
	free      []int // how often each sighting can still be bound
	total     int   // the sum of free at the start
	steps     int

	bound  []int // the sightings that are bound
	scopes []*scope
	undo   []scope
	err    error
}

func newSearch(ctx context.Context, m *Matcher, sightings []Sighting) *search {
	s := &search{ctx: ctx, matcher: m, sightings: slices.Clone(sightings), free: make([]int, len(sightings))}
	for i := range s.sightings {
		t := &s.sightings[i]
		if t.Last.Before(t.First) {
			t.Last = t.First
		}
		s.free[i] = max(t.Count, 1)
		if s.total += s.free[i]; s.total < 0 {
			s.total = math.MaxInt
		}
		s.byEnd = append(s.byEnd, i)
	}
	slices.SortStableFunc(s.byEnd, func(a, b int) int { return s.sightings[a].Last.Compare(s.sightings[b].Last) })
	return s
}

// plan finds the candidates of each observation expression. It is false if there can't be a match.
func (s *search) plan(o Observation, windows []window) (plan, bool) {
	switch o := o.(type) {
	case *Observed:
		var candidates []int
		expr := s.matcher.exprs[o]
		for _, i := range s.byEnd {
			if !s.step(1) {
				return nil, false
			}
			t := s.sightings[i]
			if !slices.ContainsFunc(windows, func(w window) bool { return !w.has(t) }) && expr.holds(t.Objects, s.step) {
				candidates = append(candidates, i)
			}
		}
		return s.pickOf(candidates), len(candidates) > 0 && s.err == nil
	case *Combined:
		return s.planCombined(o, windows)
	case *Qualified:
		return s.planQualified(o, windows)
	}
	return nil, false
}

func (s *search) planCombined(o *Combined, windows []window) (plan, bool) {
	parts := make([]plan, 0, len(o.Operands))
	for _, operand := range o.Operands {
		part, ok := s.plan(operand, windows)
		if !ok && o.Op != Or {
			return nil, false
		}
		if ok {
			parts = append(parts, part)
		}
	}
	switch {
	case o.Op != Or:
		return all{parts, o.Op == FollowedBy}, true
	case len(parts) == 0:
		return nil, false
	}
	return s.merge(parts), true
}

// merge makes one pick of several that bind a single observation each.
func (s *search) merge(parts []plan) plan {
	candidate := make([]bool, len(s.sightings))
	for _, part := range parts {
		p, ok := part.(pick)
		if !ok || p.times != 1 {
			return either{parts}
		}
		for _, i := range p.candidates {
			candidate[i] = true
		}
	}
	var candidates []int
	for _, i := range s.byEnd {
		if candidate[i] {
			candidates = append(candidates, i)
		}
	}
	return s.pickOf(candidates)
}

func (s *search) pickOf(candidates []int) pick {
	p := pick{candidates: candidates, earliest: make([]time.Time, len(candidates)), times: 1}
	for n, i := range slices.Backward(candidates) {
		p.earliest[n] = s.sightings[i].First
		if n+1 < len(candidates) {
			p.earliest[n] = earlier(p.earliest[n], p.earliest[n+1])
		}
	}
	return p
}

func (s *search) planQualified(o *Qualified, windows []window) (plan, bool) {
	switch q := o.Qualifier.(type) {
	case *StartStop:
		return s.plan(o.Operand, append(slices.Clip(windows), window{q.Start, q.Stop}))
	case *Within:
		part, ok := s.plan(o.Operand, windows)
		if p, one := part.(pick); ok && !(one && p.times == 1) {
			part = near{part, q.limit()}
		}
		return part, ok
	case *Repeats:
		part, ok := s.plan(o.Operand, windows)
		if !ok || q.Times < 1 {
			return nil, false
		}
		if p, one := part.(pick); one {
			p.times = multiply(p.times, q.Times)
			return p, true
		}
		if q.Times > 1 {
			part = repeat{part, q.Times}
		}
		return part, true
	}
	return nil, false
}
