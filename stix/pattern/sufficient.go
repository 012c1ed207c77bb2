package pattern

import "iter"

// Value is a literal that a pattern asks a property to be equal to.
type Value struct {
	Path    ObjectPath
	Literal Literal
}

// Sufficient yields the comparisons in the order of the text, and reports of each whether
// it suffices: whether an observation that satisfies the comparison satisfies the whole
// pattern, whatever else is in it. Such comparisons stand only below ORs, inside one
// observation and between observations. That of [a:b = 1] suffices; those of
// [a:b = 1 AND a:c = 2], of [a:b = 1] REPEATS 2 TIMES and of a pattern with START and STOP,
// which is bound to a time, do not. A single observation is always WITHIN any time.
//
// It is the one answer to the question which values may raise an alert by themselves.
func (p *Pattern) Sufficient() iter.Seq2[*Comparison, bool] {
	return func(yield func(*Comparison, bool) bool) {
		if p.Root != nil {
			sufficientObservation(p.Root, true, yield)
		}
	}
}

func sufficientObservation(o Observation, alone bool, yield func(*Comparison, bool) bool) bool {
	switch o := o.(type) {
	case *Observed:
		return sufficientExpr(o.Expr, alone, yield)
	case *Combined:
		for _, operand := range o.Operands {
			if !sufficientObservation(operand, alone && o.Op == Or, yield) {
				return false
			}
		}
	case *Qualified:
		switch q := o.Qualifier.(type) {
		case *Within:
		case *Repeats:
			alone = alone && q.Times == 1
		case *StartStop:
			alone = false // the value does not suffice at other times
		}
		return sufficientObservation(o.Operand, alone, yield)
	}
	return true
}

func sufficientExpr(e Expr, alone bool, yield func(*Comparison, bool) bool) bool {
	switch e := e.(type) {
	case *Comparison:
		return yield(e, alone)
	case *Junction:
		for _, operand := range e.Operands {
			if !sufficientExpr(operand, alone && e.Op == AnyOf, yield) {
				return false
			}
		}
	}
	return true
}

// SufficientValues is the values that satisfy the pattern by themselves: those of the
// equalities (= and IN) that suffice, as [Pattern.Sufficient] reports. Each is there
// once, in the order of the text.
func SufficientValues(p *Pattern) []Value {
	sufficient, _ := split(p)
	return sufficient
}

// AccompaniedValues is the other values that the pattern asks for: equalities that
// take part in a match only in company with something else. A value that is
// sufficient somewhere in the pattern is not among them.
func AccompaniedValues(p *Pattern) []Value {
	_, accompanied := split(p)
	return accompanied
}

func split(p *Pattern) (sufficient, accompanied []Value) {
	type key struct {
		path, text string
		kind       LiteralKind
	}
	seen := map[key]bool{}
	collect := func(want bool) (out []Value) {
		for c, alone := range p.Sufficient() {
			if !c.IsEquality() || alone != want {
				continue
			}
			path := c.Path.String()
			for l := range c.Literals() {
				if k := (key{path, l.Text, l.Kind}); !seen[k] {
					seen[k] = true
					out = append(out, Value{c.Path, l})
				}
			}
		}
		return out
	}
	sufficient = collect(true)
	return sufficient, collect(false)
}

// IsEquality reports whether the comparison asks for equality with one of its
// literals, and is not turned into its opposite: = and IN without NOT, and NOT != with it.
func (c *Comparison) IsEquality() bool {
	switch c.Op {
	case Equal, In:
		return !c.Negated
	case NotEqual:
		return c.Negated
	}
	return false
}
