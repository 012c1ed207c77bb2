package pattern

import (
	"slices"
	"strconv"
	"time"
)

// String is the canonical text of the pattern: one space between tokens, one
// spelling for each operator and number, quotes around a property name only where
// it needs them, and no parentheses but those that the tree needs. Parsing it gives
// the same tree again, but for the spans.
func (p *Pattern) String() string {
	if p == nil || p.Root == nil {
		return ""
	}
	return string(appendObservation(make([]byte, 0, len(p.Text)+16), p.Root))
}

// String is the canonical text of the observation expression.
func (o *Observed) String() string { return string(appendObservation(nil, o)) }

// String is the canonical text of the observation expression.
func (o *Combined) String() string { return string(appendObservation(nil, o)) }

// String is the canonical text of the observation expression.
func (o *Qualified) String() string { return string(appendObservation(nil, o)) }

// String is the canonical text of the qualifier.
func (q *Within) String() string { return string(appendQualifier(nil, q)) }

// String is the canonical text of the qualifier.
func (q *Repeats) String() string { return string(appendQualifier(nil, q)) }

// String is the canonical text of the qualifier.
func (q *StartStop) String() string { return string(appendQualifier(nil, q)) }

func appendObservation(b []byte, o Observation) []byte {
	switch o := o.(type) {
	case *Observed:
		b = append(b, '[')
		b = appendExpr(b, o.Expr)
		b = append(b, ']')
	case *Combined:
		for i, operand := range o.Operands {
			if i > 0 {
				b = append(b, ' ')
				b = append(b, o.Op.String()...)
				b = append(b, ' ')
			}
			inner, ok := operand.(*Combined)
			b = appendGroup(b, operand, ok && inner.Op >= o.Op)
		}
	case *Qualified:
		b = appendQualified(b, o)
	}
	return b
}

// appendQualified writes what is qualified and its qualifiers, the innermost first.
func appendQualified(b []byte, o *Qualified) []byte {
	var base Observation = o
	var row []Qualifier
	var seen [3]bool
	twice := false
	for q, ok := o, true; ok; q, ok = base.(*Qualified) {
		k := qualifierKind(q.Qualifier)
		twice = twice || seen[k]
		seen[k] = true
		row = append(row, q.Qualifier)
		base = q.Operand
	}
	// STIX 2.1 forbids a kind of qualifier twice directly behind square brackets,
	// not behind parentheses.
	_, combined := base.(*Combined)
	b = appendGroup(b, base, combined || twice)
	for _, q := range slices.Backward(row) {
		b = append(b, ' ')
		b = appendQualifier(b, q)
	}
	return b
}

// qualifierKind numbers the kinds of qualifier.
func qualifierKind(q Qualifier) int {
	switch q.(type) {
	case *Within:
		return 0
	case *Repeats:
		return 1
	}
	return 2
}

func appendGroup(b []byte, o Observation, group bool) []byte {
	if !group {
		return appendObservation(b, o)
	}
	b = append(b, '(')
	b = appendObservation(b, o)
	return append(b, ')')
}

func appendQualifier(b []byte, q Qualifier) []byte {
	switch q := q.(type) {
	case *Within:
		b = append(b, "WITHIN "...)
		if q.Text != "" {
			b = append(b, q.Text...)
		} else {
			b = strconv.AppendFloat(b, q.Seconds, 'f', -1, 64)
		}
		b = append(b, " SECONDS"...)
	case *Repeats:
		b = append(b, "REPEATS "...)
		if q.Text != "" {
			b = append(b, q.Text...)
		} else {
			b = strconv.AppendInt(b, int64(q.Times), 10)
		}
		b = append(b, " TIMES"...)
	case *StartStop:
		b = append(b, "START t'"...)
		b = appendInstant(b, q.StartText, q.Start)
		b = append(b, "' STOP t'"...)
		b = appendInstant(b, q.StopText, q.Stop)
		b = append(b, '\'')
	}
	return b
}

func appendInstant(b []byte, written string, t time.Time) []byte {
	if written != "" {
		return append(b, written...)
	}
	return t.UTC().AppendFormat(b, timestampLayout)
}

// timestampLayout is how a time is written in the grammar.
const timestampLayout = "2006-01-02T15:04:05.999999999Z"
