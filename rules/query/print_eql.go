package query

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

var eqlSpeller = speller{and: " and ", or: " or ", test: appendEQLTest, not: appendEQLNot}

// eqlField spells a field's name with the mark for one that may be missing: a
// plain name that no index maps fails the query.
func eqlField(name string) string {
	if plainEQLName(name) {
		return "?" + name
	}
	return "?`" + name + "`"
}

func plainEQLName(name string) bool {
	if strings.Contains(name, "-") || strings.Contains(name[1:], "@") {
		return false
	}
	for part := range strings.SplitSeq(name, ".") {
		if c := part[0]; '0' <= c && c <= '9' {
			return false
		}
		switch strings.ToLower(part) {
		case "and", "any", "by", "false", "in", "join", "like", "maxspan", "not", "null", "of", "or", "regex", "sample", "sequence", "true", "until", "where", "with", "head", "tail":
			return false
		}
	}
	return true
}

func appendEQLNot(b []byte, f *field, t *test) []byte {
	b = append(b, '(')
	b = append(b, f.eql...)
	b = append(b, " != null and not "...)
	b = appendEQLTest(b, f, t)
	return append(b, ')')
}

func appendEQLTest(b []byte, f *field, t *test) []byte {
	switch t.op {
	case testPresent:
		b = append(b, f.eql...)
		return append(b, " != null"...)
	case testOneOf:
		return appendEQLOneOf(b, f, t)
	case testRange:
		return appendOrder(b, f.eql, t, appendEQLValue)
	case testGlob:
		b = append(b, f.eql...)
		if reason := eqlGlobFault(t.glob); reason {
			b = append(b, " regex "...)
			return appendEQLText(b, string(appendGlobRegex(nil, t.glob)))
		}
		b = append(b, " like "...)
		return appendEQLText(b, eqlGlob(t.glob))
	case testRegex:
		b = append(b, f.eql...)
		b = append(b, " regex "...)
		return appendEQLText(b, t.regex.text)
	case testEither, testBut:
	}
	return b
}

// appendEQLOneOf spells equality with one of the values. The list of in must be
// of the field's own type, which a text is not for an address or an instant.
func appendEQLOneOf(b []byte, f *field, t *test) []byte {
	switch {
	case len(t.values) == 1 && len(t.blocks) == 0:
		return appendEQLEqual(b, f, t.values[0])
	case f.class == classIP:
		b = append(b, "cidrMatch("...)
		b = append(b, f.eql...)
		for i := range len(t.values) + len(t.blocks) {
			b = append(b, `, "`...)
			b = append(b, t.at(i).text...)
			if i < len(t.values) {
				b = append(b, singleBits(t.at(i).text)...)
			}
			b = append(b, '"')
		}
		return append(b, ')')
	case f.class == classDate:
		b = append(b, '(')
		for i, v := range t.values {
			if i > 0 {
				b = append(b, " or "...)
			}
			b = appendEQLEqual(b, f, v)
		}
		return append(b, ')')
	}
	b = append(b, f.eql...)
	b = append(b, " in ("...)
	return append(appendEQLList(b, t.values), ')')
}

func appendEQLEqual(b []byte, f *field, v value) []byte {
	b = append(b, f.eql...)
	b = append(b, " == "...)
	return appendEQLValue(b, v)
}

// singleBits is the prefix length that makes a block of one address.
func singleBits(address string) string {
	if strings.Contains(address, ":") {
		return "/128"
	}
	return "/32"
}

func appendEQLList(b []byte, values []value) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendEQLValue(b, v)
	}
	return b
}

func appendEQLValue(b []byte, v value) []byte {
	if v.bare {
		return append(b, v.text...)
	}
	if v.plain {
		return appendPlain(b, v.text)
	}
	return appendEQLText(b, v.text)
}

func appendEQLText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if isControl(r) {
				b = append(b, `\u{`...)
				if r < 0x10 {
					b = append(b, '0')
				}
				b = strconv.AppendInt(b, int64(r), 16)
				b = append(b, '}')
			} else {
				b = append(b, s[i:i+size]...)
			}
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}

// eqlGlobFault tells whether a glob can't be said by like, which knows no
// escape for its wildcards and gives control characters a meaning of its own.
func eqlGlobFault(g glob) bool {
	return g.contains(func(r rune) bool { return r == '*' || r == '?' || isControl(r) })
}

func eqlGlob(g glob) string {
	var b strings.Builder
	for _, p := range g {
		switch p.kind {
		case globText:
			b.WriteString(p.text)
		case globOne:
			b.WriteByte('?')
		case globRun:
			b.WriteByte('*')
		}
	}
	return b.String()
}

// appendGlobRegex spells a glob as a regular expression.
func appendGlobRegex(b []byte, g glob) []byte {
	for _, p := range g {
		switch p.kind {
		case globText:
			b = appendLucene(b, literalOf(p.text), precedenceConcat)
		case globOne:
			b = append(b, '.')
		case globRun:
			b = append(b, ".*"...)
		}
	}
	return b
}
