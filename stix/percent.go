package stix

import (
	"math"
	"strconv"
	"strings"
)

// Percent is a number from 0 to 100 as an object states it: its score or confidence.
type Percent struct {
	Value int
	// Set reports whether there is a number; without one Value is 0.
	Set bool
	// Note says what was done to a number that is none from 0 to 100, or not whole; empty for all others.
	Note string
}

// ScoreStated is OpenCTI's score. A fraction is rounded, and what is out of range becomes 0 or 100.
func (o *Object) ScoreStated() Percent { return percent(o.Property("score"), true) }

// ConfidenceStated is STIX's confidence. A fraction is rounded; what is out of range counts as none,
// since it can be of any other scale.
func (o *Object) ConfidenceStated() Percent { return percent(o.Root("confidence"), false) }

func percent(v Value, clamp bool) Percent {
	if v.Kind() == '0' && len(v) <= 2 { // the usual form, read without a copy
		n, ok := v.Int()
		if ok && n >= 0 {
			return Percent{Value: int(n), Set: true}
		}
	}
	if v.Empty() {
		return Percent{}
	}
	f, ok := v.Float()
	if !ok {
		return Percent{Note: "not a number"}
	}
	given := strings.TrimSpace(strconv.FormatFloat(f, 'g', 6, 64))
	n := math.Round(f)
	switch {
	case n < 0 && clamp:
		return Percent{0, true, given + " was raised to 0"}
	case n > 100 && clamp:
		return Percent{100, true, given + " was lowered to 100"}
	case n < 0 || n > 100:
		return Percent{Note: given + " is not within 0 to 100"}
	case n != f:
		return Percent{int(n), true, given + " was rounded to " + strconv.Itoa(int(n))}
	}
	return Percent{Value: int(n), Set: true}
}
