package query

import (
	"unicode"
	"unicode/utf8"
)

var kqlSpeller = speller{and: " and ", or: " or ", test: appendKQLTest, not: appendKQLNot}

func appendKQLNot(b []byte, f *field, t *test) []byte {
	b = append(b, '(')
	b = append(b, f.name...)
	b = append(b, ": * and not "...)
	b = appendKQLTest(b, f, t)
	return append(b, ')')
}

// appendKQLTest spells a test. Values are not grouped, as in field: (a or b),
// since Elasticsearch's own reader of KQL refuses that.
func appendKQLTest(b []byte, f *field, t *test) []byte {
	switch t.op {
	case testPresent:
		b = append(b, f.name...)
		return append(b, ": *"...)
	case testOneOf:
		n := len(t.values) + len(t.blocks)
		if n > 1 {
			b = append(b, '(')
		}
		for i := range n {
			if i > 0 {
				b = append(b, " or "...)
			}
			b = append(b, f.name...)
			b = append(b, ": "...)
			b = appendKQLValue(b, t.at(i))
		}
		if n > 1 {
			b = append(b, ')')
		}
	case testRange:
		return appendOrder(b, f.name, t, appendKQLValue)
	case testGlob:
		b = append(b, f.name...)
		b = append(b, ": "...)
		for _, p := range t.glob {
			if p.kind == globText {
				b = append(b, p.text...) // only what kqlUnsafe lets pass
			} else {
				b = append(b, '*')
			}
		}
	case testRegex, testEither, testBut: // never here: see fit
	}
	return b
}

// appendKQLValue spells a value. The escapes are those that both readers of KQL know.
func appendKQLValue(b []byte, v value) []byte {
	if v.bare {
		return append(b, v.text...)
	}
	if v.plain {
		return appendPlain(b, v.text)
	}
	b = append(b, '"')
	for i := 0; i < len(v.text); {
		c := v.text[i]
		switch {
		case c == '\\' && (i+1 == len(v.text) || v.text[i+1] == '"'):
			// Elasticsearch's reader takes it for the escape of the quote behind it.
			b = appendUnicode(b, '\\')
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ' || c == 0x7f:
			b = appendUnicode(b, rune(c))
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(v.text[i:])
			if isControl(r) {
				b = appendUnicode(b, r)
			} else {
				b = append(b, v.text[i:i+size]...)
			}
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}

// kqlUnsafe tells whether a character can't stand in a term with wildcards so
// that Kibana and Elasticsearch read the same: they differ in escapes, and
// Kibana splits such a term at white space.
func kqlUnsafe(r rune) bool {
	switch r {
	case '\\', '(', ')', ':', '<', '>', '"', '*', '?', '{', '}':
		return true
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Z, r) || unicode.IsControl(r) || !unicode.IsGraphic(r)
}
