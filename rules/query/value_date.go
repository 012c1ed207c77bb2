package query

import (
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// instantLayout is full to the millisecond: Elasticsearch takes a shorter text
// for the whole second, minute or day.
const instantLayout = "2006-01-02T15:04:05.000Z"

// instant reads a literal as an instant, cut to the millisecond that a date
// field keeps; exact tells whether nothing was cut.
func instant(l pattern.Literal) (v value, exact, ok bool) {
	if l.Kind != pattern.Timestamp && l.Kind != pattern.String {
		return value{}, false, false
	}
	t, err := time.Parse(time.RFC3339Nano, l.Text)
	if err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return value{}, false, false
	}
	return instantValue(t), t.Nanosecond()%int(time.Millisecond) == 0, true
}

func instantValue(t time.Time) value {
	return textValue(t.UTC().Format(instantLayout))
}

// dateHolds is the meaning of a comparison with a date field.
func dateHolds(cmp *pattern.Comparison, op pattern.Op) holds {
	const none = "the field holds instants, and the literal is none"
	switch {
	case op == pattern.Equal || op == pattern.In:
		var values, strict []value
		for _, l := range literals(cmp) {
			v, exact, ok := instant(l)
			if !ok {
				continue
			}
			values = append(values, v)
			if exact {
				strict = append(strict, v)
			}
		}
		h := oneOf(values, none)
		switch {
		case len(strict) == 0:
			h.strict = noValue
		case len(strict) < len(values):
			h.strict = &test{op: testOneOf, values: strict}
		}
		return h
	case isOrder(op):
		v, exact, ok := instant(cmp.Value)
		if !ok {
			return mismatched(none)
		}
		if !exact { // it lies behind the millisecond v, and before the next one
			switch op {
			case pattern.Less:
				op = pattern.LessOrEqual
			case pattern.GreaterOrEqual:
				op = pattern.Greater
			default:
			}
		}
		return ordered(op, v)
	}
	return mismatched("the field holds instants, which only =, IN and the order operators compare")
}
