package pattern

// Rewrite returns the pattern with each comparison replaced by what the function makes of it,
// which must not be nil: the comparison itself to keep it. The pattern is left as it
// is, and returned if nothing was replaced.
func (p *Pattern) Rewrite(replace func(*Comparison) Expr) *Pattern {
	if p.Root == nil {
		return p
	}
	root := rewriteObservation(p.Root, replace)
	if root == p.Root {
		return p
	}
	return &Pattern{Text: p.Text, Version: p.Version, Root: root}
}

func rewriteObservation(o Observation, replace func(*Comparison) Expr) Observation {
	switch o := o.(type) {
	case *Observed:
		if e := rewriteExpr(o.Expr, replace); e != o.Expr {
			return &Observed{Span: o.Span, Expr: e}
		}
	case *Combined:
		var operands []Observation // none as long as nothing was replaced
		for n, operand := range o.Operands {
			made := rewriteObservation(operand, replace)
			if made != operand && operands == nil {
				operands = append(make([]Observation, 0, len(o.Operands)), o.Operands[:n]...)
			}
			if operands != nil {
				operands = append(operands, made)
			}
		}
		if operands != nil {
			return &Combined{Span: o.Span, Op: o.Op, Operands: operands}
		}
	case *Qualified:
		if made := rewriteObservation(o.Operand, replace); made != o.Operand {
			return &Qualified{Span: o.Span, Operand: made, Qualifier: o.Qualifier}
		}
	}
	return o
}

func rewriteExpr(e Expr, replace func(*Comparison) Expr) Expr {
	j, ok := e.(*Junction)
	if !ok {
		return replace(e.(*Comparison))
	}
	var operands []Expr // none as long as nothing was replaced
	for n, operand := range j.Operands {
		made := rewriteExpr(operand, replace)
		if made != operand && operands == nil {
			operands = append(make([]Expr, 0, len(j.Operands)), j.Operands[:n]...)
		}
		if operands != nil {
			operands = appendOperand(operands, j.Op, made)
		}
	}
	if operands == nil {
		return j
	}
	return &Junction{Span: j.Span, Op: j.Op, Operands: operands}
}

// Written returns a text of the pattern as its author wrote it, before [Pattern.Rewrite]
// replaced it: the one at the literal's place. It is empty if no text is there.
func (p *Pattern) Written(l Literal) string {
	if l.Start < 0 || l.End > len(p.Text) || l.End-l.Start < 2 || p.Text[l.Start] != '\'' || p.Text[l.End-1] != '\'' {
		return ""
	}
	return unescape(p.Text[l.Start+1 : l.End-1])
}
