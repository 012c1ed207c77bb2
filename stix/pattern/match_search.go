package pattern

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// span is a length of time that has no upper bound: an int64 of nanoseconds ends
// after 292 years.
type span struct{ seconds, nanos int64 }

// between is the time from one instant to a later one; negative if it is earlier.
func between(from, to time.Time) span {
	d := span{to.Unix() - from.Unix(), int64(to.Nanosecond() - from.Nanosecond())}
	if d.nanos < 0 {
		d.seconds, d.nanos = d.seconds-1, d.nanos+1e9
	}
	return d
}

func (d span) within(limit span) bool {
	return d.seconds < limit.seconds || d.seconds == limit.seconds && d.nanos <= limit.nanos
}

// limit is the exact length; what is below a nanosecond can't tell times apart.
func (q *Within) limit() span {
	text := q.Text
	if text == "" {
		text = strconv.FormatFloat(q.Seconds, 'f', -1, 64)
	}
	whole, fraction, _ := strings.Cut(text, ".")
	var d span
	for _, c := range whole {
		if d.seconds = d.seconds*10 + int64(c-'0'); d.seconds > 1e15 {
			break // longer than all of time that can be written
		}
	}
	for i, unit := 0, int64(1e8); i < len(fraction) && unit > 0; i, unit = i+1, unit/10 {
		d.nanos += int64(fraction[i]-'0') * unit
	}
	return d
}

// scope is a condition on the observations that are bound inside a part of the
// pattern, with what is known of them so far.
type scope struct {
	kind  scopeKind
	limit span      // of a nearScope
	floor time.Time // of a floorScope

	used              bool // something is bound
	maxFirst, minLast time.Time
}

type scopeKind uint8

const (
	// nearScope: instants can be chosen, one in each observation's time, that lie
	// no further apart than limit.
	nearScope scopeKind = iota
	// floorScope: no observation ends before floor.
	floorScope
	// latestScope only remembers.
	latestScope
)

// step counts what has been done; it is false when the search has to end.
func (s *search) step(cost int) bool {
	if s.err != nil {
		return false
	}
	before := s.steps
	if s.steps += cost; s.steps > s.matcher.maxSteps {
		s.err = fmt.Errorf("match pattern: %w (limit %d)", ErrTooHard, s.matcher.maxSteps)
	} else if s.steps/1024 != before/1024 {
		s.err = s.ctx.Err()
	}
	return s.err == nil
}

// solve binds the plan in every way until then is true. When it is false, all is as before.
func (s *search) solve(p plan, then func() bool) bool {
	switch p := p.(type) {
	case pick:
		return s.pick(p, 0, p.times, then)
	case all:
		return s.all(p, 0, time.Time{}, then)
	case either:
		for _, part := range p.parts {
			if s.solve(part, then) {
				return true
			}
		}
		return false
	case repeat:
		return s.repeat(p, p.times, then)
	case near:
		sc := &scope{kind: nearScope, limit: p.limit}
		return s.inside(sc, p.part, then)
	}
	return false
}

// inside solves the plan with the scope, which ends before then is called.
func (s *search) inside(sc *scope, p plan, then func() bool) bool {
	s.scopes = append(s.scopes, sc)
	done := s.solve(p, func() bool {
		s.scopes = s.scopes[:len(s.scopes)-1]
		if then() {
			return true
		}
		s.scopes = append(s.scopes, sc)
		return false
	})
	if !done {
		s.scopes = s.scopes[:len(s.scopes)-1]
	}
	return done
}

// all binds the parts from i on. In an ordered plan, latest is the latest start of
// the observations that are bound to the parts before.
func (s *search) all(p all, i int, latest time.Time, then func() bool) bool {
	if i == len(p.parts) {
		return then()
	}
	if !p.ordered {
		return s.solve(p.parts[i], func() bool { return s.all(p, i+1, latest, then) })
	}
	seen := &scope{kind: latestScope}
	next := func() bool {
		after := seen.maxFirst
		if i > 0 && latest.After(after) {
			after = latest
		}
		return s.all(p, i+1, after, then)
	}
	if i == 0 {
		return s.inside(seen, p.parts[i], next)
	}
	s.scopes = append(s.scopes, seen)
	done := s.inside(&scope{kind: floorScope, floor: latest}, p.parts[i], func() bool {
		s.scopes = s.scopes[:len(s.scopes)-1]
		if next() {
			return true
		}
		s.scopes = append(s.scopes, seen)
		return false
	})
	if !done {
		s.scopes = s.scopes[:len(s.scopes)-1]
	}
	return done
}

func (s *search) repeat(p repeat, times int, then func() bool) bool {
	if times == 0 {
		return then()
	}
	return s.solve(p.part, func() bool { return s.repeat(p, times-1, then) })
}

// pick binds times observations out of the candidates from the index on. The order
// in which they are bound does not matter, so only one order of each choice is tried.
func (s *search) pick(p pick, from, times int, then func() bool) bool {
	if times == 0 {
		return then()
	}
	if !s.enough(p, from, times) {
		return false
	}
	for n := from; n < len(p.candidates); n++ {
		if !s.step(1) {
			return false
		}
		i := p.candidates[n]
		if s.free[i] == 0 || !s.allowed(i) {
			continue
		}
		for count := min(s.free[i], times); count > 0; count-- {
			if !s.step(1) {
				return false
			}
			s.bind(i, count)
			if s.pick(p, n+1, times-count, then) {
				return true
			}
			s.unbind(i, count)
		}
	}
	return false
}

// enough tells whether so many observations are left that can be bound now.
func (s *search) enough(p pick, from, times int) bool {
	if len(s.bound) >= maxBound {
		s.err = fmt.Errorf("match pattern: %w (more than %d observations to bind)", ErrTooHard, maxBound)
		return false
	}
	for n := from; n < len(p.candidates); n++ {
		if !s.step(1) || s.tooLate(p.earliest[n]) {
			return false
		}
		if i := p.candidates[n]; s.free[i] > 0 && s.allowed(i) {
			if times -= s.free[i]; times <= 0 {
				return true
			}
		}
	}
	return false
}

// tooLate tells whether no observation that begins at the time or later can be bound.
func (s *search) tooLate(first time.Time) bool {
	for _, sc := range s.scopes {
		if sc.kind == nearScope && sc.used && !between(sc.minLast, first).within(sc.limit) {
			return true
		}
	}
	return false
}

// allowed tells whether the scopes let the sighting be bound.
func (s *search) allowed(i int) bool {
	t := &s.sightings[i]
	for _, sc := range s.scopes {
		switch sc.kind {
		case nearScope:
			if sc.used && !between(earlier(sc.minLast, t.Last), later(sc.maxFirst, t.First)).within(sc.limit) {
				return false
			}
		case floorScope:
			if t.Last.Before(sc.floor) {
				return false
			}
		case latestScope:
		}
	}
	return true
}

func (s *search) bind(i, count int) {
	t := &s.sightings[i]
	s.free[i] -= count
	s.bound = append(s.bound, i)
	for _, sc := range s.scopes {
		s.undo = append(s.undo, *sc)
		if sc.used {
			sc.minLast, sc.maxFirst = earlier(sc.minLast, t.Last), later(sc.maxFirst, t.First)
		} else {
			sc.minLast, sc.maxFirst, sc.used = t.Last, t.First, true
		}
	}
}

func (s *search) unbind(i, count int) {
	s.free[i] += count
	s.bound = s.bound[:len(s.bound)-1]
	from := len(s.undo) - len(s.scopes)
	for n, sc := range s.scopes {
		*sc = s.undo[from+n]
	}
	s.undo = s.undo[:from]
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
