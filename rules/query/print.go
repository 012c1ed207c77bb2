package query

// speller spells tests in one language that joins them by words.
type speller struct {
	and, or string
	// test appends a test of a field, with parentheses around it where it is not one clause.
	test func(b []byte, f *field, t *test) []byte
	// not appends the condition that the field is there and the test doesn't hold.
	not func(b []byte, f *field, t *test) []byte
}

// append spells a node; inner tells whether it stands within another one.
func (s *speller) append(b []byte, n *node, inner bool) []byte {
	word := s.or
	switch n.kind {
	case nodeLeaf:
		if n.negated {
			return s.not(b, n.field, n.test)
		}
		return s.test(b, n.field, n.test)
	case nodeAll:
		word = s.and
	case nodeAny, nodeNothing:
	}
	if inner {
		b = append(b, '(')
	}
	for i := range n.kids {
		if i > 0 {
			b = append(b, word...)
		}
		b = s.append(b, &n.kids[i], true)
	}
	if inner {
		b = append(b, ')')
	}
	return b
}

// appendPlain puts a text that needs no escape between double quotes, as all languages do.
func appendPlain(b []byte, s string) []byte {
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendOrder spells a range by the signs of order, as KQL and EQL do.
func appendOrder(b []byte, name string, t *test, appendValue func([]byte, value) []byte) []byte {
	both := t.lo.set && t.hi.set
	if both {
		b = append(b, '(')
	}
	if t.lo.set {
		b = appendBound(append(append(b, name...), " >"...), t.lo, appendValue)
	}
	if both {
		b = append(b, " and "...)
	}
	if t.hi.set {
		b = appendBound(append(append(b, name...), " <"...), t.hi, appendValue)
	}
	if both {
		b = append(b, ')')
	}
	return b
}

func appendBound(b []byte, e bound, appendValue func([]byte, value) []byte) []byte {
	if e.inclusive {
		b = append(b, '=')
	}
	return appendValue(append(b, ' '), e.value)
}
