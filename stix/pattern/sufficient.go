package pattern

// Value is a literal that a pattern asks a property to be equal to.
type Value struct {
	Path    ObjectPath
	Literal Literal
}

// SufficientValues is the values that satisfy the pattern by themselves: whoever
// sees one such value has a match. They are the equalities (= and IN) that stand only
// below ORs, inside one observation and between observations. The value of
// [a:b = 1] is one; those of [a:b = 1 AND a:c = 2], of [a:b = 1] REPEATS 2 TIMES and
// of a pattern with START and STOP, which is bound to a time, are not.
//
// Each value is there once, in the order of the text.
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
	alone := map[*Comparison]bool{}
	if p.Root != nil {
		markObservation(p.Root, alone)
	}
	type key struct {
		path, text string
		kind       LiteralKind
	}
	seen := map[key]bool{}
	collect := func(out []Value, want bool) []Value {
		for c := range p.Comparisons() {
			if !c.IsEquality() || alone[c] != want {
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
	sufficient = collect(nil, true)
	return sufficient, collect(nil, false)
}

// IsEquality tells whether the comparison asks for equality with one of its
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

// markObservation marks the comparisons that satisfy o by themselves.
func markObservation(o Observation, alone map[*Comparison]bool) {
	switch o := o.(type) {
	case *Observed:
		markExpr(o.Expr, alone)
	case *Combined:
		if o.Op == Or {
			for _, operand := range o.Operands {
				markObservation(operand, alone)
			}
		}
	case *Qualified:
		switch q := o.Qualifier.(type) {
		case *Within: // one observation is always within any time
			markObservation(o.Operand, alone)
		case *Repeats:
			if q.Times == 1 {
				markObservation(o.Operand, alone)
			}
		case *StartStop: // the value does not suffice at other times
		}
	}
}

func markExpr(e Expr, alone map[*Comparison]bool) {
	switch e := e.(type) {
	case *Comparison:
		alone[e] = true
	case *Junction:
		if e.Op == AnyOf {
			for _, operand := range e.Operands {
				markExpr(operand, alone)
			}
		}
	}
}
