package pattern

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Sighting is an observation in the sense of the standard: objects that were seen
// together, when, and how often. In STIX it is an observed-data object.
type Sighting struct {
	// First and Last bound the time of the observation; a zero Last is First.
	First, Last time.Time
	// Count is how often the same was seen in that time; 0 means once. Each time is
	// an observation of its own to AND and REPEATS.
	Count int
	// Objects is what was seen. An object has a "type" and may have an "id", by which
	// properties that end in _ref or _refs find it. Values are those of decoded JSON:
	// string, bool, any number type or [json.Number], map[string]any, []any;
	// [time.Time] and []byte are taken too. Null is the same as absent.
	Objects []map[string]any
}

// MatchOptions bounds the search for a match. The zero value has the documented defaults.
type MatchOptions struct {
	// MaxSteps is how often an observation may be tried in a place of the pattern, or
	// an object in an observation; 0 means 10,000,000, a second or so. Only patterns
	// made to be hard come near.
	MaxSteps int
}

const (
	defaultMaxSteps = 10_000_000
	// maxBound is how many different observations may be bound at once: the search
	// goes one call deeper for each.
	maxBound = 50_000
)

// ErrTooHard is wrapped by the error of a search that needs more than MaxSteps steps.
var ErrTooHard = errors.New("the search for a match takes too many steps")

// UnsupportedError says that a comparison can't be evaluated: its regular expression
// is one of PCRE that Go's engine, which promises linear time, does not have.
type UnsupportedError struct {
	// Span is the place of the literal in the pattern's text.
	Span Span
	// Comparison is the canonical text of the comparison, shortened.
	Comparison string
	Err        error
}

// Error implements error.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("match pattern: %s (byte %d): %v", e.Comparison, e.Span.Start, e.Err)
}

// Unwrap gives the cause.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// Matcher evaluates one pattern. It is immutable and safe for concurrent use.
type Matcher struct {
	root     Observation
	exprs    map[*Observed]expression
	maxSteps int
}

// NewMatcher prepares a pattern for evaluation. The error is a [*UnsupportedError].
func NewMatcher(p *Pattern, o MatchOptions) (*Matcher, error) {
	if p == nil || p.Root == nil {
		return nil, errors.New("match pattern: the pattern is empty")
	}
	m := &Matcher{root: p.Root, exprs: map[*Observed]expression{}, maxSteps: o.MaxSteps}
	if m.maxSteps <= 0 {
		m.maxSteps = defaultMaxSteps
	}
	for o := range p.Observations() {
		e, err := compileExpr(o.Expr)
		if err != nil {
			return nil, err
		}
		m.exprs[o] = e
	}
	return m, nil
}

// Match tells whether the sightings match the pattern.
func Match(p *Pattern, sightings ...Sighting) (bool, error) {
	m, err := NewMatcher(p, MatchOptions{})
	if err != nil {
		return false, err
	}
	found, err := m.Find(context.Background(), sightings)
	return found != nil, err
}

// MatchObjects tells whether a comparison expression holds for objects that were
// seen in one observation.
func MatchObjects(e Expr, objects ...map[string]any) (bool, error) {
	x, err := compileExpr(e)
	if err != nil {
		return false, err
	}
	steps := 0
	holds := x.holds(objects, func(cost int) bool {
		steps += cost
		return steps <= defaultMaxSteps
	})
	if steps > defaultMaxSteps {
		return false, fmt.Errorf("match objects: %w (limit %d)", ErrTooHard, defaultMaxSteps)
	}
	return holds, nil
}

// Find looks for sightings that match the pattern together: their indexes, in
// order, or nil if none do. Of several matches it gives one.
//
// The error is that of the context, or wraps [ErrTooHard].
func (m *Matcher) Find(ctx context.Context, sightings []Sighting) ([]int, error) {
	s := newSearch(ctx, m, sightings)
	plan, ok := s.plan(m.root, nil)
	if s.err != nil || !ok || plan.need() > s.total {
		return nil, s.err
	}
	var found []int
	if s.solve(plan, func() bool {
		found = slices.Clone(s.bound)
		return true
	}) {
		slices.Sort(found)
		return slices.Compact(found), nil
	}
	return nil, s.err
}
