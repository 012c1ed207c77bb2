package pattern

import (
	"strings"
	"unicode/utf8"
)

// skip passes white space and comments. It is false if a comment does not end:
// the token is then invalid.
func (s *scanner) skip() bool {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch {
		case c == ' ' || '\t' <= c && c <= '\r':
			s.pos++
		case c == '/':
			n := s.comment()
			if n < 0 {
				s.start = s.pos
				s.fail(2, s.start, "the comment is not closed: */ is missing")
				return false
			}
			if n == 0 {
				return true
			}
			s.pos += n
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s.text[s.pos:])
			if !isSpace(r) {
				return true
			}
			s.pos += n
		default:
			return true
		}
	}
	return true
}

// comment is the length of the comment that begins here: 0 if none, -1 if it has no end.
func (s *scanner) comment() int {
	rest := s.text[s.pos:]
	switch {
	case strings.HasPrefix(rest, "/*"):
		n := strings.Index(rest[2:], "*/")
		if n < 0 {
			return -1
		}
		return n + 4
	case strings.HasPrefix(rest, "//"):
		if n := strings.IndexAny(rest, "\r\n"); n >= 0 {
			return n
		}
		return len(rest)
	}
	return 0
}

// isSpace tells which characters outside ASCII the grammar takes as white space.
// It is Unicode's White_Space, without the zero-width and Mongolian ones.
func isSpace(r rune) bool {
	switch {
	case r == 0x85, r == 0xA0, r == 0x1680, r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return 0x2000 <= r && r <= 0x200A
}
