package pattern

import "slices"

// Reading says how a pattern is to be taken. The zero value takes it as the language says:
// [Reading.Interpret] then leaves out only what says nothing.
type Reading struct {
	// FileIdentity takes a hash of a file for the file, as authors do: MD5 AND SHA-1 AND
	// SHA-256 of one file are three names of it, of which a sensor knows one or two, and a
	// name, size or section beside a hash describes the file and is not asked.
	FileIdentity bool
	// TypeOf returns the STIX type of an object that has such a value, such as "ipv4-addr" for
	// 198.51.100.7, or "" if that is not plain; nil is [TypeOf].
	TypeOf func(value string) string
}

// Interpretation is what a pattern means by a [Reading].
type Interpretation struct {
	// Pattern is what is meant: the pattern itself if it says so already, nil if nothing can
	// satisfy it. Its comparisons keep their places in the text of the original.
	Pattern *Pattern
	// Assumed is what was assumed of it that the language does not say.
	Assumed []Remark
	// Implied is the comparisons that are not asked: by the assumptions they hold for whatever satisfies the rest.
	Implied []*Comparison
	// Impossible is the parts that nothing can satisfy, and why. If Pattern is nil, the
	// first is the reason.
	Impossible []Remark
}

// Remark says something of a comparison of a pattern.
type Remark struct {
	// At is the byte offset of the comparison in the pattern's text.
	At int
	// Path is its object path as the grammar writes it.
	Path string
	// Why says it in words.
	Why string
}

// String returns the path and what is said of it.
func (r Remark) String() string { return r.Path + ": " + r.Why }

func remarkOn(c *Comparison, why string) Remark {
	return Remark{At: c.Start, Path: c.Path.String(), Why: why}
}

// Interpret returns what the pattern means. It changes nothing of the pattern.
//
// A condition on the type of an object beside one on its value is left out where the value
// has that type: [network-traffic:dst_ref.type = 'ipv4-addr' AND
// network-traffic:dst_ref.value = '203.0.113.9'] means the address. Where it cannot have it,
// nothing satisfies both.
func (r Reading) Interpret(p *Pattern) Interpretation {
	out := Interpretation{Pattern: p}
	if p == nil || p.Root == nil || !hasAnd(p.Root) {
		return out // there is nothing to leave out
	}
	if r.TypeOf == nil {
		r.TypeOf = TypeOf
	}
	i := interpreter{reading: r, out: &out}
	switch root := i.observation(p.Root); root {
	case nil:
		out.Pattern = nil
	case p.Root:
	default:
		out.Pattern = &Pattern{Text: p.Text, Version: p.Version, Root: root}
	}
	return out
}

// hasAnd reports whether an AND stands inside an observation.
func hasAnd(o Observation) bool {
	switch o := o.(type) {
	case *Observed:
		return exprHasAnd(o.Expr)
	case *Combined:
		return slices.ContainsFunc(o.Operands, hasAnd)
	case *Qualified:
		return hasAnd(o.Operand)
	}
	return false
}

func exprHasAnd(e Expr) bool {
	j, ok := e.(*Junction)
	return ok && (j.Op == AllOf || slices.ContainsFunc(j.Operands, exprHasAnd))
}

type interpreter struct {
	reading Reading
	out     *Interpretation
}

// observation returns what an observation expression means, itself if nothing is to be
// changed, nil if nothing satisfies it.
func (i *interpreter) observation(o Observation) Observation {
	switch o := o.(type) {
	case *Observed:
		switch e := i.expr(o.Expr); e {
		case nil:
			return nil
		case o.Expr:
			return o
		default:
			return &Observed{Span: o.Span, Expr: e}
		}
	case *Combined:
		operands, same := make([]Observation, 0, len(o.Operands)), true
		for _, operand := range o.Operands {
			meant := i.observation(operand)
			same = same && meant == operand
			switch {
			case meant != nil:
				operands = append(operands, meant)
			case o.Op != Or:
				return nil
			}
		}
		switch {
		case same:
			return o
		case len(operands) == 0:
			return nil
		case len(operands) == 1:
			return operands[0]
		}
		return &Combined{Span: o.Span, Op: o.Op, Operands: operands}
	case *Qualified:
		switch meant := i.observation(o.Operand); meant {
		case nil:
			return nil
		case o.Operand:
			return o
		default:
			return &Qualified{Span: o.Span, Operand: meant, Qualifier: o.Qualifier}
		}
	}
	return o
}

// expr does the same for a comparison expression, from the inside out.
func (i *interpreter) expr(e Expr) Expr {
	j, ok := e.(*Junction)
	if !ok {
		return e
	}
	operands, same := make([]Expr, 0, len(j.Operands)), true
	for _, operand := range j.Operands {
		meant := i.expr(operand)
		same = same && meant == operand
		switch {
		case meant == nil && j.Op == AllOf:
			return nil
		case meant != nil:
			operands = appendOperand(operands, j.Op, meant)
		}
	}
	same = same && len(operands) == len(j.Operands)
	if j.Op == AllOf {
		before := len(operands)
		meant, possible := i.every(operands)
		if !possible {
			return nil
		}
		same = same && len(meant) == before && slices.Equal(meant, operands)
		operands = meant
	}
	if same {
		return j
	}
	return junctionOf(j.Op, operands)
}

// every leaves out of the operands of an AND what says nothing beside the others.
func (i *interpreter) every(operands []Expr) (meant []Expr, possible bool) {
	if meant, possible = i.guards(operands); possible && i.reading.FileIdentity {
		return i.identity(meant)
	}
	return meant, possible
}

// appendOperand appends an operand, or its operands if it is a junction of the same kind.
func appendOperand(operands []Expr, op JunctionOp, e Expr) []Expr {
	if j, ok := e.(*Junction); ok && j.Op == op {
		return append(operands, j.Operands...)
	}
	return append(operands, e)
}

// junctionOf joins operands: nil for none, the operand itself if it is the only one.
func junctionOf(op JunctionOp, operands []Expr) Expr {
	switch len(operands) {
	case 0:
		return nil
	case 1:
		return operands[0]
	}
	first, last := operands[0].Range(), operands[len(operands)-1].Range()
	return &Junction{Span: Span{min(first.Start, last.Start), max(first.End, last.End)}, Op: op, Operands: operands}
}

// restrict takes out of an expression what cannot hold beside another condition, which judge
// knows: of a comparison it returns what is left of it, nil for nothing, and whether the
// comparison settles the condition, so that the condition need not be asked.
func restrict(e Expr, judge func(*Comparison) (left Expr, settles bool)) (left Expr, settles bool) {
	j, ok := e.(*Junction)
	if !ok {
		return judge(e.(*Comparison))
	}
	operands, same := make([]Expr, 0, len(j.Operands)), true
	settles = j.Op == AnyOf
	for _, operand := range j.Operands {
		left, settled := restrict(operand, judge)
		same = same && left == operand
		switch {
		case left == nil && j.Op == AllOf:
			return nil, false
		case left == nil:
			continue
		case j.Op == AnyOf:
			settles = settles && settled
		default:
			settles = settles || settled
		}
		operands = append(operands, left)
	}
	if same {
		return e, settles
	}
	return junctionOf(j.Op, operands), settles && len(operands) > 0
}

// comparisons yields the comparisons of an expression.
func comparisons(e Expr) func(func(*Comparison) bool) {
	return func(yield func(*Comparison) bool) { yieldExpr(e, yield) }
}

// IsPositive reports whether the comparison asks for what its operator says, or, of !=
// and with NOT, for the opposite of it.
func (c *Comparison) IsPositive() bool { return c.Negated == (c.Op == NotEqual) }

// withLiterals is the comparison with some of its literals only.
func (c *Comparison) withLiterals(kept []Literal) *Comparison {
	narrowed := *c
	if c.Op == In {
		narrowed.Set = kept
	}
	return &narrowed
}
