package pattern

import (
	"iter"
	"slices"
)

// Node is a node of a pattern's tree: an [Observation], a [Qualifier] or an [Expr].
type Node interface {
	// Range tells where the node stands in the pattern's text.
	Range() Span
}

// Walk calls visit for every node of the pattern, in the order of the text: a node
// before what is in it, a qualifier behind what it qualifies. If visit is false, the
// parts of that node are passed over.
func (p *Pattern) Walk(visit func(Node) bool) {
	if p.Root != nil {
		walk(p.Root, visit)
	}
}

func walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	switch n := n.(type) {
	case *Observed:
		walk(n.Expr, visit)
	case *Combined:
		for _, o := range n.Operands {
			walk(o, visit)
		}
	case *Qualified:
		walk(n.Operand, visit)
		walk(n.Qualifier, visit)
	case *Junction:
		for _, e := range n.Operands {
			walk(e, visit)
		}
	}
}

// Comparisons yields the comparisons in the order of the text.
func (p *Pattern) Comparisons() iter.Seq[*Comparison] {
	return func(yield func(*Comparison) bool) {
		if p.Root != nil {
			yieldObservation(p.Root, yield)
		}
	}
}

// Comparisons yields the comparisons between the square brackets, in the order of the text.
func (o *Observed) Comparisons() iter.Seq[*Comparison] {
	return func(yield func(*Comparison) bool) { yieldExpr(o.Expr, yield) }
}

func yieldObservation(o Observation, yield func(*Comparison) bool) bool {
	switch o := o.(type) {
	case *Observed:
		return yieldExpr(o.Expr, yield)
	case *Combined:
		for _, operand := range o.Operands {
			if !yieldObservation(operand, yield) {
				return false
			}
		}
	case *Qualified:
		return yieldObservation(o.Operand, yield)
	}
	return true
}

func yieldExpr(e Expr, yield func(*Comparison) bool) bool {
	switch e := e.(type) {
	case *Comparison:
		return yield(e)
	case *Junction:
		for _, operand := range e.Operands {
			if !yieldExpr(operand, yield) {
				return false
			}
		}
	}
	return true
}

// Observations yields the observation expressions in square brackets, in the order of the text.
func (p *Pattern) Observations() iter.Seq[*Observed] {
	return func(yield func(*Observed) bool) {
		stopped := false
		p.Walk(func(n Node) bool {
			o, ok := n.(*Observed)
			if ok && !stopped {
				stopped = !yield(o)
			}
			return !ok && !stopped
		})
	}
}

// Literals yields the literals that a comparison compares with: its value, the
// literals of its set, or none for EXISTS.
func (c *Comparison) Literals() iter.Seq[Literal] {
	return func(yield func(Literal) bool) {
		switch c.Op {
		case Exists:
		case In:
			for _, l := range c.Set {
				if !yield(l) {
					return
				}
			}
		default:
			yield(c.Value)
		}
	}
}

// Literals yields the literals of the given kinds, or of all kinds if none is
// given, with their comparisons and in the order of the text.
func (p *Pattern) Literals(kinds ...LiteralKind) iter.Seq2[*Comparison, Literal] {
	return func(yield func(*Comparison, Literal) bool) {
		for c := range p.Comparisons() {
			for l := range c.Literals() {
				if len(kinds) > 0 && !slices.Contains(kinds, l.Kind) {
					continue
				}
				if !yield(c, l) {
					return
				}
			}
		}
	}
}

// Paths is the object paths of the pattern, each once, in the order of the text.
func (p *Pattern) Paths() []ObjectPath {
	var out []ObjectPath
	seen := map[string]bool{}
	for c := range p.Comparisons() {
		if s := c.Path.String(); !seen[s] {
			seen[s] = true
			out = append(out, c.Path)
		}
	}
	return out
}

// ObjectTypes is the object types of the pattern, each once, in the order of the text.
func (p *Pattern) ObjectTypes() []string {
	var out []string
	seen := map[string]bool{}
	for c := range p.Comparisons() {
		if !seen[c.Path.Object] {
			seen[c.Path.Object] = true
			out = append(out, c.Path.Object)
		}
	}
	return out
}
