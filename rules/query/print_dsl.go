package query

import "unicode/utf8"

// appendDSL spells a query as {"query":{…}}. Everything is in filter context:
// nothing is scored.
func appendDSL(b []byte, n *node) []byte {
	b = append(b, `{"query":{"bool":{"filter":[`...)
	if n.kind == nodeAll {
		b = appendDSLNodes(b, n.kids)
	} else {
		b = appendDSLNode(b, n)
	}
	return append(b, `]}}}`...)
}

func appendDSLNodes(b []byte, nodes []node) []byte {
	for i := range nodes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendDSLNode(b, &nodes[i])
	}
	return b
}

func appendDSLNode(b []byte, n *node) []byte {
	switch n.kind {
	case nodeLeaf:
		if !n.negated {
			return appendDSLTest(b, n.field, n.test)
		}
		b = append(b, `{"bool":{"filter":[`...)
		b = appendDSLTest(b, n.field, present)
		b = append(b, `],"must_not":[`...)
		b = appendDSLTest(b, n.field, n.test)
		return append(b, `]}}`...)
	case nodeAll:
		b = append(b, `{"bool":{"filter":[`...)
		b = appendDSLNodes(b, n.kids)
		return append(b, `]}}`...)
	case nodeAny, nodeNothing:
	}
	b = append(b, `{"bool":{"should":[`...)
	b = appendDSLNodes(b, n.kids)
	return append(b, `],"minimum_should_match":1}}`...)
}

func appendDSLTest(b []byte, f *field, t *test) []byte {
	switch t.op {
	case testPresent:
		b = append(b, `{"exists":{"field":`...)
		b = appendJSON(b, f.name)
		return append(b, `}}`...)
	case testOneOf:
		return appendDSLOneOf(b, f, t)
	case testRange:
		b = append(b, `{"range":{`...)
		b = appendJSON(b, f.name)
		b = append(b, `:{`...)
		if t.lo.set {
			b = appendDSLBound(b, t.lo, `"gte":`, `"gt":`)
		}
		if t.lo.set && t.hi.set {
			b = append(b, ',')
		}
		if t.hi.set {
			b = appendDSLBound(b, t.hi, `"lte":`, `"lt":`)
		}
		return append(b, `}}}`...)
	case testGlob:
		if t.glob.long() {
			b = append(b, `{"query_string":{"query":`...)
			b = appendJSON(b, string(appendLuceneTest(nil, f, t)))
			return append(b, `}}`...)
		}
		b = append(b, `{"wildcard":{`...)
		b = appendJSON(b, f.name)
		b = append(b, `:{"value":`...)
		b = appendJSON(b, dslGlob(t.glob))
		return append(b, `,"case_insensitive":false}}}`...)
	case testRegex:
		b = append(b, `{"regexp":{`...)
		b = appendJSON(b, f.name)
		b = append(b, `:{"value":`...)
		b = appendJSON(b, t.regex.text)
		return append(b, `,"flags":"NONE","case_insensitive":false}}}`...)
	case testEither, testBut:
	}
	return b
}

func appendDSLOneOf(b []byte, f *field, t *test) []byte {
	n := len(t.values) + len(t.blocks)
	if n == 1 {
		b = append(b, `{"term":{`...)
		b = appendJSON(b, f.name)
		b = append(b, `:{"value":`...)
		b = appendDSLValue(b, t.at(0))
		return append(b, `}}}`...)
	}
	b = append(b, `{"terms":{`...)
	b = appendJSON(b, f.name)
	b = append(b, `:[`...)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendDSLValue(b, t.at(i))
	}
	return append(b, `]}}`...)
}

func appendDSLBound(b []byte, e bound, inclusive, exclusive string) []byte {
	if e.inclusive {
		b = append(b, inclusive...)
	} else {
		b = append(b, exclusive...)
	}
	return appendDSLValue(b, e.value)
}

func appendDSLValue(b []byte, v value) []byte {
	if v.bare {
		return append(b, v.text...)
	}
	if v.plain {
		return appendPlain(b, v.text)
	}
	return appendJSON(b, v.text)
}

// dslGlob spells a glob as the wildcard query reads it.
func dslGlob(g glob) string {
	var b []byte
	for _, p := range g {
		switch p.kind {
		case globOne:
			b = append(b, '?')
		case globRun:
			b = append(b, '*')
		case globText:
			for i := range len(p.text) {
				if c := p.text[i]; c == '*' || c == '?' || c == '\\' {
					b = append(b, '\\')
				}
				b = append(b, p.text[i])
			}
		}
	}
	return string(b)
}

// appendJSON appends a JSON string; line separators are escaped, too.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf && c != 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c != '"' && c != '\\' && !isControl(r) {
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		if c == '"' || c == '\\' {
			b = append(b, '\\', c)
		} else {
			b = appendUnicode(b, r)
		}
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
