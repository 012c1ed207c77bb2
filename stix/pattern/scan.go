package pattern

import "unicode/utf8"

// scanner cuts a text into tokens, each the longest that the grammar allows.
// It looks at every byte a bounded number of times.
type scanner struct {
	text string
	v20  bool
	pos  int // of the next byte

	// The token that was read last.
	kind       kind
	start, end int
	// escaped tells that a text has escapes in it.
	escaped bool
	// fault is where an invalid token goes wrong, and why.
	fault fault
}

// fault is what is wrong inside a token.
type fault struct {
	offset  int
	problem string
}

// next reads the next token.
func (s *scanner) next() {
	if !s.skip() {
		return
	}
	s.start = s.pos
	if s.pos >= len(s.text) {
		s.set(tokEnd, 0)
		return
	}
	switch c := s.text[s.pos]; {
	case isLetter(c):
		s.word(c)
	case isDigit(c), c == '+', c == '-':
		s.number()
	case c == '\'':
		s.quoted()
	default:
		s.punctuation(c)
	}
}

// set ends the token after n bytes.
func (s *scanner) set(k kind, n int) {
	s.kind = k
	s.pos = s.start + n
	s.end = s.pos
}

// fail makes the token invalid: the n bytes at its start are what is shown of it.
func (s *scanner) fail(n, offset int, problem string) {
	s.set(tokInvalid, n)
	s.fault = fault{offset, problem}
}

func (s *scanner) punctuation(c byte) {
	switch c {
	case '[':
		s.set(tokLeftBracket, 1)
	case ']':
		s.set(tokRightBracket, 1)
	case '(':
		s.set(tokLeftParen, 1)
	case ')':
		s.set(tokRightParen, 1)
	case ':':
		s.set(tokColon, 1)
	case ',':
		s.set(tokComma, 1)
	case '*':
		s.set(tokAsterisk, 1)
	case '.':
		if isDigit(s.at(s.pos + 1)) {
			s.number()
		} else {
			s.set(tokDot, 1)
		}
	case '=':
		if s.at(s.pos+1) == '=' {
			s.set(tokEqual, 2)
		} else {
			s.set(tokEqual, 1)
		}
	case '!':
		if s.at(s.pos+1) == '=' {
			s.set(tokNotEqual, 2)
		} else {
			s.fail(1, s.start, "")
		}
	case '<':
		switch s.at(s.pos + 1) {
		case '=':
			s.set(tokLessOrEqual, 2)
		case '>':
			s.set(tokNotEqual, 2)
		default:
			s.set(tokLess, 1)
		}
	case '>':
		if s.at(s.pos+1) == '=' {
			s.set(tokGreaterOrEqual, 2)
		} else {
			s.set(tokGreater, 1)
		}
	default:
		_, n := utf8.DecodeRuneInString(s.text[s.pos:])
		s.fail(n, s.start, "")
	}
}

// word reads an identifier, a keyword, or a literal that begins with a letter.
func (s *scanner) word(first byte) {
	i := s.pos + 1
	for i < len(s.text) && isWord(s.text[i]) {
		i++
	}
	if i < len(s.text) {
		switch c := s.text[i]; {
		case c == '-':
			for i++; i < len(s.text) && (isWord(s.text[i]) || s.text[i] == '-'); i++ {
			}
			s.set(tokHyphenName, i-s.start)
			return
		case c == '\'' && i == s.pos+1 && (first == 't' || first == 'h' || first == 'b'):
			s.literal(first)
			return
		}
	}
	s.set(tokName, i-s.start)
	if 'A' <= first && first <= 'Z' || first == 't' || first == 'f' {
		s.kind = keyword(s.text[s.start:i], s.v20)
	}
}

// number reads an integer or float. An integer has no leading zeros: "01" is two
// tokens. A float may have them, and needs no digit before its point.
func (s *scanner) number() {
	i := s.pos
	if c := s.text[i]; c == '+' || c == '-' {
		i++
	}
	first := i
	for isDigit(s.at(i)) {
		i++
	}
	if s.at(i) == '.' && isDigit(s.at(i+1)) {
		for i++; isDigit(s.at(i)); i++ {
		}
		s.set(tokFloat, i-s.start)
		return
	}
	switch {
	case i == first:
		s.fail(1, s.start, "")
	case s.text[first] == '0' && i > first+1:
		s.fail(i-s.start, s.start, "an integer has no leading zeros")
	default:
		s.set(tokInteger, i-s.start)
	}
}

// quoted reads a text. Only the quote and the backslash may follow a backslash.
func (s *scanner) quoted() {
	s.escaped = false
	for i := s.pos + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\'':
			s.set(tokText, i+1-s.start)
			return
		case '\\':
			if c := s.at(i + 1); c != '\'' && c != '\\' {
				s.fail(i-s.start, i, `in a text only \' and \\ may follow a backslash: write a backslash as \\`)
				return
			}
			s.escaped = true
			i++
		}
	}
	s.fail(len(s.text)-s.start, s.start, "the text is not closed: a quote (') is missing")
}

// at is the byte at i, 0 behind the end.
func (s *scanner) at(i int) byte {
	if i < len(s.text) {
		return s.text[i]
	}
	return 0
}

func isLetter(c byte) bool { return c|0x20-'a' < 26 || c == '_' }
func isDigit(c byte) bool  { return c-'0' < 10 }
func isWord(c byte) bool   { return c|0x20-'a' < 26 || c-'0' < 10 || c == '_' }
