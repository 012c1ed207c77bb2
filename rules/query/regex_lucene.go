package query

import (
	"regexp/syntax"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// precedence tells where parentheses are needed.
type precedence uint8

const (
	precedenceAlternate precedence = iota
	precedenceConcat
	precedenceRepeat
)

// appendLucene spells an expression without assertions in Lucene's syntax, so
// that it reads the same with all of Lucene's optional operators on or off, and
// stands between slashes: a backslash is always written [\\], so that none
// stands before the slash that ends it.
func appendLucene(b []byte, re *syntax.Regexp, outer precedence) []byte {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return append(b, "()"...)
	case syntax.OpLiteral:
		return appendLiteral(b, re, outer)
	case syntax.OpCharClass:
		return appendClass(b, re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return append(b, '.')
	case syntax.OpCapture:
		return appendLucene(b, re.Sub[0], outer)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return appendRepeat(b, re, outer)
	case syntax.OpConcat:
		return appendGroup(b, re.Sub, "", precedenceConcat, outer)
	case syntax.OpAlternate:
		return appendGroup(b, re.Sub, "|", precedenceAlternate, outer)
	default:
		return append(b, "[^\x00-\U0010ffff]"...) // matches nothing
	}
}

func appendGroup(b []byte, subs []*syntax.Regexp, between string, own, outer precedence) []byte {
	open := outer > own
	if open {
		b = append(b, '(')
	}
	for i, sub := range subs {
		if i > 0 {
			b = append(b, between...)
		}
		b = appendLucene(b, sub, own)
	}
	if open {
		b = append(b, ')')
	}
	return b
}

func appendRepeat(b []byte, re *syntax.Regexp, outer precedence) []byte {
	if outer == precedenceRepeat {
		b = append(b, '(')
	}
	b = appendLucene(b, re.Sub[0], precedenceRepeat)
	switch re.Op {
	case syntax.OpStar:
		b = append(b, '*')
	case syntax.OpPlus:
		b = append(b, '+')
	case syntax.OpQuest:
		b = append(b, '?')
	default:
		b = append(b, '{')
		b = strconv.AppendInt(b, int64(re.Min), 10)
		if re.Max != re.Min {
			b = append(b, ',')
			if re.Max >= 0 {
				b = strconv.AppendInt(b, int64(re.Max), 10)
			}
		}
		b = append(b, '}')
	}
	if outer == precedenceRepeat {
		b = append(b, ')')
	}
	return b
}

func appendLiteral(b []byte, re *syntax.Regexp, outer precedence) []byte {
	open := outer == precedenceRepeat && len(re.Rune) > 1
	if open {
		b = append(b, '(')
	}
	for _, r := range re.Rune {
		if re.Flags&syntax.FoldCase != 0 && unicode.SimpleFold(r) != r {
			b = append(b, '[')
			b = appendRegexRune(b, r)
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				b = appendRegexRune(b, f)
			}
			b = append(b, ']')
			continue
		}
		if r == '\\' {
			b = append(b, `[\\]`...)
			continue
		}
		b = appendRegexRune(b, r)
	}
	if open {
		b = append(b, ')')
	}
	return b
}

// appendClass spells a class of characters, as what it leaves out if that is shorter.
func appendClass(b []byte, class []rune) []byte {
	b = append(b, '[')
	if n := len(class); n > 2 && class[0] == 0 && class[n-1] == utf8.MaxRune {
		b = append(b, '^')
		for i := 1; i+1 < n; i += 2 {
			b = appendRange(b, class[i]+1, class[i+1]-1)
		}
		return append(b, ']')
	}
	for i := 0; i+1 < len(class); i += 2 {
		b = appendRange(b, class[i], class[i+1])
	}
	return append(b, ']')
}

func appendRange(b []byte, lo, hi rune) []byte {
	b = appendRegexRune(b, lo)
	if hi > lo {
		if hi > lo+1 {
			b = append(b, '-')
		}
		b = appendRegexRune(b, hi)
	}
	return b
}

// appendRegexRune escapes what is no letter, digit, space or beyond ASCII.
func appendRegexRune(b []byte, r rune) []byte {
	if r > ' ' && r < 0x7f && !isAlphanumeric(byte(r)) && r != '_' {
		b = append(b, '\\')
	}
	return utf8.AppendRune(b, r)
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
