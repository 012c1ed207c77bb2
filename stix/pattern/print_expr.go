package pattern

import "strconv"

// String is the canonical text of the comparison.
func (c *Comparison) String() string { return string(appendExpr(nil, c)) }

// String is the canonical text of the comparison expression.
func (j *Junction) String() string { return string(appendExpr(nil, j)) }

// String is the path as the grammar writes it: file:hashes.'SHA-256'.
func (p ObjectPath) String() string { return string(appendPath(nil, p)) }

// Property is the path without the object type: hashes.'SHA-256'.
func (p ObjectPath) Property() string { return string(appendSteps(nil, p.Steps)) }

// String is the canonical text of the literal: 'text', 12, t'2026-11-23T15:12:20Z'.
func (l Literal) String() string { return string(appendLiteral(nil, l)) }

// String is the operator as the language writes it.
func (op ObservationOp) String() string {
	switch op {
	case And:
		return "AND"
	case Or:
		return "OR"
	case FollowedBy:
		return "FOLLOWEDBY"
	}
	return "ObservationOp(" + strconv.Itoa(int(op)) + ")"
}

// String is the operator as the language writes it.
func (op JunctionOp) String() string {
	switch op {
	case AllOf:
		return "AND"
	case AnyOf:
		return "OR"
	}
	return "JunctionOp(" + strconv.Itoa(int(op)) + ")"
}

// String is the operator in its plain spelling: = for ==, != for <>.
func (op Op) String() string {
	names := [...]string{"=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"}
	if int(op) < len(names) {
		return names[op]
	}
	return "Op(" + strconv.Itoa(int(op)) + ")"
}

func appendExpr(b []byte, e Expr) []byte {
	switch e := e.(type) {
	case *Comparison:
		b = appendComparison(b, e)
	case *Junction:
		for i, operand := range e.Operands {
			if i > 0 {
				b = append(b, ' ')
				b = append(b, e.Op.String()...)
				b = append(b, ' ')
			}
			if inner, ok := operand.(*Junction); ok && inner.Op >= e.Op {
				b = append(b, '(')
				b = appendExpr(b, operand)
				b = append(b, ')')
			} else {
				b = appendExpr(b, operand)
			}
		}
	}
	return b
}

func appendComparison(b []byte, c *Comparison) []byte {
	if c.Op == Exists {
		if c.Negated {
			b = append(b, "NOT "...)
		}
		b = append(b, "EXISTS "...)
		return appendPath(b, c.Path)
	}
	b = appendPath(b, c.Path)
	if c.Negated {
		b = append(b, " NOT"...)
	}
	b = append(b, ' ')
	b = append(b, c.Op.String()...)
	b = append(b, ' ')
	if c.Op != In {
		return appendLiteral(b, c.Value)
	}
	b = append(b, '(')
	for i, l := range c.Set {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendLiteral(b, l)
	}
	return append(b, ')')
}

func appendPath(b []byte, p ObjectPath) []byte {
	b = append(b, p.Object...)
	b = append(b, ':')
	return appendSteps(b, p.Steps)
}

func appendSteps(b []byte, steps []Step) []byte {
	for i, s := range steps {
		switch s.Kind {
		case Property:
			if i > 0 {
				b = append(b, '.')
			}
			if isPlainName(s.Name) {
				b = append(b, s.Name...)
			} else {
				b = appendQuoted(b, s.Name)
			}
		case Index:
			b = append(b, '[')
			b = strconv.AppendInt(b, s.Index, 10)
			b = append(b, ']')
		case AnyIndex:
			b = append(b, "[*]"...)
		}
	}
	return b
}

// isPlainName tells whether a property name needs no quotes, in either version.
func isPlainName(s string) bool {
	if s == "" || !isLetter(s[0]) || keyword(s, false) != tokName {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}

func appendLiteral(b []byte, l Literal) []byte {
	switch l.Kind {
	case String:
		return appendQuoted(b, l.Text)
	case Timestamp:
		b = append(b, 't')
	case Hex:
		b = append(b, 'h')
	case Binary:
		b = append(b, 'b')
	default:
		return append(b, l.Text...)
	}
	b = append(b, '\'')
	b = append(b, l.Text...)
	return append(b, '\'')
}

// appendQuoted writes a text in quotes, with the two escapes.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '\'')
	from := 0
	for i := range len(s) {
		if s[i] == '\'' || s[i] == '\\' {
			b = append(b, s[from:i]...)
			b = append(b, '\\')
			from = i
		}
	}
	b = append(b, s[from:]...)
	return append(b, '\'')
}
