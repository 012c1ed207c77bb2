package ecs

import (
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// A patternValue is a literal of a pattern with the comparison it stands in.
type patternValue struct {
	comparison *pattern.Comparison
	text       string
	// sufficient tells that an observation of the value alone satisfies the whole
	// pattern: it is compared by = or IN (or, a block of addresses, by ISSUBSET), and joined by OR only.
	sufficient bool
}

// valuesOf yields the values that a pattern names whole: not those of LIKE and
// MATCHES, which are patterns themselves, nor of an order (<, >=).
func valuesOf(o pattern.Observation, sufficient bool, yield func(patternValue)) {
	switch o := o.(type) {
	case *pattern.Observed:
		valuesOfExpr(o.Expr, sufficient, yield)
	case *pattern.Combined:
		for _, operand := range o.Operands {
			valuesOf(operand, sufficient && o.Op == pattern.Or, yield)
		}
	case *pattern.Qualified:
		switch q := o.Qualifier.(type) {
		case *pattern.Repeats:
			sufficient = sufficient && q.Times <= 1
		case *pattern.StartStop:
			sufficient = false // only between two instants
		}
		valuesOf(o.Operand, sufficient, yield)
	}
}

func valuesOfExpr(e pattern.Expr, sufficient bool, yield func(patternValue)) {
	switch e := e.(type) {
	case *pattern.Comparison:
		equal := e.IsEquality() || e.Op == pattern.IsSubset && !e.Negated
		switch e.Op {
		case pattern.Equal, pattern.NotEqual, pattern.IsSubset:
			yield(patternValue{e, e.Value.Text, sufficient && equal})
		case pattern.In:
			for i := range e.Set {
				yield(patternValue{e, e.Set[i].Text, sufficient && equal})
			}
		}
	case *pattern.Junction:
		for _, operand := range e.Operands {
			valuesOfExpr(operand, sufficient && e.Op == pattern.AnyOf, yield)
		}
	}
}
