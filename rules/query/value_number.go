package query

import (
	"math"
	"math/big"
	"strconv"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

const maxDigits = 400

// number reads a literal as an exact number. A text that is a number is taken as one.
func number(l pattern.Literal) (*big.Rat, bool) {
	switch l.Kind {
	case pattern.Integer, pattern.Float, pattern.String:
	case pattern.Boolean, pattern.Timestamp, pattern.Hex, pattern.Binary:
		return nil, false
	}
	if len(l.Text) == 0 || len(l.Text) > maxDigits {
		return nil, false
	}
	for i := range len(l.Text) { // big.Rat reads fractions, exponents and other bases, too
		if c := l.Text[i]; (c < '0' || c > '9') && c != '.' && (i > 0 || c != '-' && c != '+') {
			return nil, false
		}
	}
	return new(big.Rat).SetString(l.Text)
}

// wholeHolds is the meaning of a comparison with a field of whole numbers.
func wholeHolds(cmp *pattern.Comparison, op pattern.Op, typ Type) holds {
	least, most := typ.limits()
	switch {
	case op == pattern.Equal || op == pattern.In:
		var values []value
		for _, l := range literals(cmp) {
			if n, ok := wholeLiteral(l); ok && n >= least && n <= most {
				values = append(values, bareValue(strconv.FormatInt(n, 10)))
			}
		}
		return oneOf(values, "the field holds whole numbers, and the literal is none that it can hold")
	case isOrder(op):
		r, ok := number(cmp.Value)
		if !ok {
			return mismatched("the field holds numbers; compare it with a number")
		}
		return wholeOrder(op, r, least, most)
	}
	return mismatched("the field holds numbers, which only =, IN and the order operators compare")
}

// wholeLiteral reads a literal that equals a whole number.
func wholeLiteral(l pattern.Literal) (int64, bool) {
	if l.Kind == pattern.Integer {
		if n, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
			return n, true
		}
	}
	r, ok := number(l)
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	return r.Num().Int64(), true
}

// wholeOrder moves a bound that is no whole number to the next one, and
// decides what lies outside the numbers that the field can hold.
func wholeOrder(op pattern.Op, r *big.Rat, least, most int64) holds {
	floor := new(big.Int).Div(r.Num(), r.Denom()) // Euclidean, and the denominator is positive
	if !r.IsInt() {
		switch op {
		case pattern.Less:
			op = pattern.LessOrEqual
		case pattern.GreaterOrEqual:
			op = pattern.Greater
		default:
		}
	}
	below := op == pattern.Less || op == pattern.LessOrEqual
	switch {
	case floor.Cmp(big.NewInt(most)) > 0:
		if below {
			return holds{verdict: always}
		}
		return impossible("no number in the field is that great")
	case floor.Cmp(big.NewInt(least)) < 0:
		if !below {
			return holds{verdict: always}
		}
		return impossible("no number in the field is that small")
	}
	return ordered(op, bareValue(floor.String()))
}

// realHolds is the meaning of a comparison with a field of floating-point numbers.
func realHolds(cmp *pattern.Comparison, op pattern.Op) holds {
	switch {
	case op == pattern.Equal || op == pattern.In:
		var values []value
		for _, l := range literals(cmp) {
			if v, ok := realLiteral(l); ok {
				values = append(values, v)
			}
		}
		return oneOf(values, "the field holds numbers, and the literal is none")
	case isOrder(op):
		v, ok := realLiteral(cmp.Value)
		if !ok {
			return mismatched("the field holds numbers; compare it with a number")
		}
		return ordered(op, v)
	}
	return mismatched("the field holds numbers, which only =, IN and the order operators compare")
}

func realLiteral(l pattern.Literal) (value, bool) {
	r, ok := number(l)
	if !ok {
		return value{}, false
	}
	f, _ := r.Float64()
	if math.IsInf(f, 0) {
		return value{}, false
	}
	return bareValue(strconv.FormatFloat(f, 'f', -1, 64)), true
}

// booleanHolds is the meaning of a comparison with a boolean field.
func booleanHolds(cmp *pattern.Comparison, op pattern.Op) holds {
	if op != pattern.Equal && op != pattern.In {
		return mismatched("the field is true or false, which only = and IN compare")
	}
	var values []value
	for _, l := range literals(cmp) {
		if l.Text == "true" || l.Text == "false" {
			values = append(values, bareValue(l.Text))
		}
	}
	return oneOf(values, "the field is true or false, and the literal is neither")
}
