package query

import (
	"strings"
	"unicode/utf8"
)

var luceneSpeller = speller{and: " AND ", or: " OR ", test: appendLuceneTest, not: appendLuceneNot}

func appendLuceneNot(b []byte, f *field, t *test) []byte {
	b = append(b, "(_exists_:"...)
	b = append(b, f.name...)
	b = append(b, " AND NOT "...)
	b = appendLuceneTest(b, f, t)
	return append(b, ')')
}

func appendLuceneTest(b []byte, f *field, t *test) []byte {
	if t.op == testPresent {
		b = append(b, "_exists_:"...)
		return append(b, f.name...)
	}
	if t.op == testRange {
		return appendLuceneRange(b, f, t)
	}
	b = append(b, f.name...)
	b = append(b, ':')
	switch t.op {
	case testOneOf:
		n := len(t.values) + len(t.blocks)
		if n > 1 {
			b = append(b, '(')
		}
		for i := range n {
			if i > 0 {
				b = append(b, " OR "...)
			}
			b = appendLuceneValue(b, t.at(i))
		}
		if n > 1 {
			b = append(b, ')')
		}
	case testGlob:
		b = appendLuceneGlob(b, t.glob)
	case testRegex:
		b = append(b, '/')
		b = append(b, t.regex.text...)
		b = append(b, '/')
	case testPresent, testRange, testEither, testBut:
	}
	return b
}

// at is the i-th of the values and blocks.
func (t *test) at(i int) value {
	if i < len(t.values) {
		return t.values[i]
	}
	return t.blocks[i-len(t.values)]
}

// appendLuceneRange spells a range. The parser reads a bound that is an
// asterisk as no bound, even between quotes: it is written as the next text
// there is, or, where there is none, the range is said in other words.
func appendLuceneRange(b []byte, f *field, t *test) []byte {
	lo, hi := t.lo, t.hi
	if lo.set && lo.value.text == "*" && !lo.value.bare {
		if lo.inclusive {
			b = append(b, '(')
			b = append(b, f.name...)
			b = append(b, `:"*" OR `...)
			over := *t
			over.lo.inclusive = false
			return append(appendLuceneRange(b, f, &over), ')')
		}
		lo = bound{value{text: "*\x00"}, true, true}
	}
	if hi.set && hi.value.text == "*" && !hi.value.bare {
		if hi.inclusive {
			hi = bound{value{text: "*\x00"}, true, false}
		} else {
			b = append(b, f.name...)
			return append(b, ":/([\x00-\\)].*)?/"...)
		}
	}
	b = append(b, f.name...)
	b = append(b, ':')
	b = append(b, pick(lo.set && !lo.inclusive, '{', '['))
	b = appendLuceneBound(b, lo)
	b = append(b, " TO "...)
	b = appendLuceneBound(b, hi)
	return append(b, pick(hi.set && !hi.inclusive, '}', ']'))
}

func pick(condition bool, yes, no byte) byte {
	if condition {
		return yes
	}
	return no
}

// appendLuceneBound spells a bound. Within quotes a range knows no escaped
// backslash before the last quote, so that both are written by their numbers.
func appendLuceneBound(b []byte, e bound) []byte {
	switch {
	case !e.set:
		return append(b, '*')
	case e.value.bare:
		return append(b, e.value.text...)
	}
	b = append(b, '"')
	for _, r := range e.value.text {
		if r == '"' || r == '\\' || isControl(r) {
			b = appendUnicode(b, r)
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return append(b, '"')
}

func appendLuceneValue(b []byte, v value) []byte {
	if v.bare && !strings.HasPrefix(v.text, "-") {
		return append(b, v.text...)
	}
	if v.plain {
		return appendPlain(b, v.text)
	}
	b = append(b, '"')
	for i := 0; i < len(v.text); {
		c := v.text[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
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

// appendLuceneGlob escapes every character of the texts that is no letter,
// digit or beyond ASCII; in a term with wildcards that is the only escape.
func appendLuceneGlob(b []byte, g glob) []byte {
	for _, p := range g {
		switch p.kind {
		case globOne:
			b = append(b, '?')
		case globRun:
			b = append(b, '*')
		case globText:
			for _, r := range p.text {
				if r < utf8.RuneSelf && !isAlphanumeric(byte(r)) && r != '_' && r != '.' || isControl(r) || r == '\u3000' {
					b = append(b, '\\')
				}
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return b
}

// isControl tells whether a character ends a line or isn't seen.
func isControl(r rune) bool {
	return r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u2028' || r == '\u2029'
}

// appendUnicode appends \u and the four digits of a character of the first plane.
func appendUnicode(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
