package pattern

// junction reads comparison expressions joined by op, or by those that bind closer.
func (p *parser) junction(op JunctionOp) Expr {
	start := p.start
	first := p.term(op)
	if first == nil || p.kind != op.keyword() {
		return first
	}
	var buffer [16]Expr
	operands := append(buffer[:0], first)
	for p.kind == op.keyword() {
		p.advance()
		next := p.term(op)
		if next == nil {
			return nil
		}
		operands = append(operands, next)
	}
	return &Junction{Span: Span{start, p.last}, Op: op, Operands: append([]Expr(nil), operands...)}
}

func (p *parser) term(op JunctionOp) Expr {
	if op == AnyOf {
		return p.junction(AllOf)
	}
	if p.kind != tokLeftParen {
		if c := p.comparison(); c != nil {
			return c
		}
		return nil
	}
	if !p.deeper() {
		return nil
	}
	p.advance()
	e := p.junction(AnyOf)
	if e == nil || !p.take(tokRightParen, "AND, OR or )") {
		return nil
	}
	p.depth--
	return e
}

// keyword is the token of the operator.
func (op JunctionOp) keyword() kind {
	if op == AllOf {
		return kwAnd
	}
	return kwOr
}

// comparison reads one comparison.
func (p *parser) comparison() *Comparison {
	c := p.nodes.comparison()
	c.Start = p.start
	switch p.kind {
	case kwNot, kwExists:
		if p.kind == kwNot && !p.v20 {
			c.Negated = true
			p.advance()
		}
		if !p.take(kwExists, "EXISTS, or an object path before the NOT") {
			return nil
		}
		c.Op = Exists
		if !p.path(&c.Path) {
			return nil
		}
	default:
		if !p.path(&c.Path) || !p.test(c) {
			return nil
		}
	}
	c.End = p.last
	return c
}

// test reads the operator and its literal.
func (p *parser) test(c *Comparison) bool {
	if p.kind == kwNot {
		c.Negated = true
		p.advance()
	}
	switch p.kind {
	case tokEqual:
		c.Op = Equal
	case tokNotEqual:
		c.Op = NotEqual
	case tokLess:
		c.Op = Less
	case tokLessOrEqual:
		c.Op = LessOrEqual
	case tokGreater:
		c.Op = Greater
	case tokGreaterOrEqual:
		c.Op = GreaterOrEqual
	case kwIn:
		c.Op = In
	case kwLike:
		c.Op = Like
	case kwMatches:
		c.Op = Matches
	case kwIsSubset:
		c.Op = IsSubset
	case kwIsSuperset:
		c.Op = IsSuperset
	default:
		return p.unexpected("a comparison operator (=, !=, <, <=, >, >=, IN, LIKE, MATCHES, ISSUBSET, ISSUPERSET)")
	}
	p.advance()
	switch c.Op {
	case In:
		return p.set(c)
	case Like, Matches, IsSubset, IsSuperset:
		if p.kind != tokText {
			return p.unexpected("a text in quotes (')")
		}
	case Less, LessOrEqual, Greater, GreaterOrEqual:
		if p.kind == kwTrue || p.kind == kwFalse {
			return p.unexpected("a literal that has an order: a text, a number, or t'…', h'…', b'…'")
		}
	}
	return p.value(&c.Value)
}

// set reads the literals of IN; there may be none, and of several kinds.
func (p *parser) set(c *Comparison) bool {
	if !p.take(tokLeftParen, "( and the literals of the set") {
		return false
	}
	if p.kind == tokRightParen {
		p.advance()
		return true
	}
	var buffer [8]Literal
	literals := buffer[:0]
	for {
		var l Literal
		if !p.value(&l) {
			return false
		}
		literals = append(literals, l)
		if p.kind != tokComma {
			c.Set = append([]Literal(nil), literals...)
			return p.take(tokRightParen, ", or )")
		}
		p.advance()
	}
}

// value reads a literal.
func (p *parser) value(l *Literal) bool {
	from, to := p.start, p.end
	l.Span = Span{from, to}
	switch p.kind {
	case tokText:
		l.Kind = String
		l.Text = p.unescaped()
	case tokInteger:
		l.Kind = Integer
		l.Text = plainNumber(p.text[from:to], false)
	case tokFloat:
		l.Kind = Float
		l.Text = plainNumber(p.text[from:to], true)
	case kwTrue, kwFalse:
		l.Kind = Boolean
		l.Text = p.text[from:to]
	case tokTimestamp:
		l.Kind = Timestamp
		l.Text = p.text[from+2 : to-1]
	case tokHex:
		l.Kind = Hex
		l.Text = p.text[from+2 : to-1]
	case tokBinary:
		l.Kind = Binary
		l.Text = p.text[from+2 : to-1]
	default:
		return p.unexpected(literalExpected)
	}
	p.advance()
	return true
}
