package native

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// kind is a kind of token of EQL or ES|QL.
type kind uint8

const (
	end    kind = iota
	name        // a word, which may be a keyword
	quoted      // a name between backquotes
	text        // a text between double quotes, one or three
	number
	sign // an operator, bracket or comma
)

// token is a word of EQL or ES|QL.
type token struct {
	kind      kind
	at, after int // where it begins, and what is behind it
	text      string
}

// is reports whether the token is that keyword, in any letter case.
func (t token) is(words ...string) bool {
	return t.kind == name && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, t.text) })
}

// sign reports whether the token is one of these operators.
func (t token) sign(signs ...string) bool { return t.kind == sign && slices.Contains(signs, t.text) }

// lexer is the lexer of EQL and of ES|QL, which write comments, names, texts and
// numbers alike. It looks one token ahead.
type lexer struct {
	cursor
	token token
	depth int
	err   error
}

// signs is the operators, each before those that it begins with.
var signs = [...]string{
	"==", "=~", "!=", "<=", ">=", "::", "??", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|", "?", "!", ";",
}

// next reads a token; the first fault ends the text.
func (l *lexer) next() {
	l.skip()
	l.token = token{at: l.pos, after: l.pos}
	if l.err != nil || l.pos >= len(l.text) {
		return
	}
	l.token.kind = l.scan()
	if l.err != nil {
		l.token = token{at: l.token.at, after: l.token.at}
		return
	}
	l.token.after, l.token.text = l.pos, l.text[l.token.at:l.pos]
}

func isNameRune(r rune) bool {
	return r == '_' || r == '@' || unicode.IsLetter(r) && r < utf8.RuneSelf || '0' <= r && r <= '9'
}

// scan moves behind a token and returns its kind.
func (l *lexer) scan() kind {
	r, _ := utf8.DecodeRuneInString(l.rest())
	switch {
	case r == '"':
		l.literal()
		return text
	case r == '`':
		l.backquoted()
		return quoted
	case '0' <= r && r <= '9':
		l.number()
		return number
	case isNameRune(r):
		n := strings.IndexFunc(l.rest(), func(r rune) bool { return !isNameRune(r) })
		if n < 0 {
			n = len(l.rest())
		}
		l.pos += n
		if l.lang == query.EQL && strings.HasPrefix(l.rest(), "~") { // in~, like~, regex~ and functions
			l.pos++
		}
		return name
	case r == '\'':
		l.fail(l.pos, l.lang.String()+" takes texts between double quotes only")
		return end
	}
	for _, s := range signs {
		if strings.HasPrefix(l.rest(), s) {
			l.pos += len(s)
			return sign
		}
	}
	if why := typographic(r); why != "" {
		l.fail(l.pos, why)
	} else {
		l.fail(l.pos, fmt.Sprintf("%q means nothing in %s", r, l.lang))
	}
	return end
}

// skip goes past white space and comments, which nest.
func (l *lexer) skip() {
	for depth, start := 0, 0; l.pos < len(l.text); {
		r, size := utf8.DecodeRuneInString(l.rest())
		switch {
		case strings.HasPrefix(l.rest(), "/*"):
			if depth == 0 {
				start = l.pos
			}
			if l.lang == query.ESQL || depth == 0 {
				depth++
			}
			l.pos += 2
		case depth > 0 && strings.HasPrefix(l.rest(), "*/"):
			depth--
			l.pos += 2
		case depth > 0 && l.pos+size == len(l.text):
			l.fail(start, "comment without its end")
			l.pos = len(l.text)
		case depth > 0 || unicode.IsSpace(r):
			l.pos += size
		case strings.HasPrefix(l.rest(), "//"):
			if n := strings.IndexAny(l.rest(), "\r\n"); n >= 0 {
				l.pos += n
			} else {
				l.pos = len(l.text)
			}
		default:
			return
		}
		if depth > 0 && l.pos >= len(l.text) {
			l.fail(start, "comment without its end")
		}
	}
}

// literal takes a text between one or three quotes. A text between three may end with quotes of its own.
func (l *lexer) literal() {
	const raw = `"""`
	start := l.pos
	if !strings.HasPrefix(l.rest(), raw) {
		l.take(l.quoted('"', false))
		return
	}
	n := strings.Index(l.rest()[len(raw):], raw)
	if n < 0 {
		l.fail(start, "raw text without its closing quotes")
		return
	}
	l.pos += 2*len(raw) + n
	for range 2 {
		if strings.HasPrefix(l.rest(), `"`) {
			l.pos++
		}
	}
}

// backquoted takes a name between backquotes, where two of them stand for one.
func (l *lexer) backquoted() {
	start := l.pos
	for l.pos++; ; {
		n := strings.IndexByte(l.rest(), '`')
		if n < 0 {
			l.fail(start, "name without its closing backquote")
			return
		}
		if l.pos += n + 1; !strings.HasPrefix(l.rest(), "`") {
			return
		}
		l.pos++
	}
}

func (l *lexer) number() {
	digits := func() { l.pos += len(l.rest()) - len(strings.TrimLeft(l.rest(), "0123456789")) }
	digits()
	if rest := l.rest(); len(rest) > 1 && rest[0] == '.' && '0' <= rest[1] && rest[1] <= '9' {
		l.pos++
		digits()
	}
	if rest := strings.ToLower(l.rest()); strings.HasPrefix(rest, "e") {
		exponent := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(rest[1:], "+"), "-"), "0123456789")
		if n := len(rest) - len(exponent); rest[n-1] >= '0' && rest[n-1] <= '9' {
			l.pos += n
		}
	}
}

func (l *lexer) take(err error) {
	if err != nil && l.err == nil {
		l.err = err
	}
}

func (l *lexer) fail(at int, reason string) {
	l.take(l.fault(at, reason))
	l.token = token{at: at, after: at}
}

// unexpected says that something else is expected where the token stands.
func (l *lexer) unexpected(want string) {
	t := l.token
	switch {
	case t.kind == end:
		l.fail(t.at, "ends where "+want+" is expected")
	case t.sign("="):
		l.fail(t.at, "= where "+want+" is expected; equality is ==")
	case t.kind == text:
		l.fail(t.at, "a text where "+want+" is expected")
	default:
		l.fail(t.at, t.text+" where "+want+" is expected")
	}
}

// accept moves on if the token is one of these operators.
func (l *lexer) accept(signs ...string) bool {
	if !l.token.sign(signs...) {
		return false
	}
	l.next()
	return true
}

// acceptWord moves on if the token is one of these keywords.
func (l *lexer) acceptWord(words ...string) bool {
	if !l.token.is(words...) {
		return false
	}
	l.next()
	return true
}

func (l *lexer) expect(what string) bool {
	if l.accept(what) {
		return true
	}
	l.unexpected(what)
	return false
}

// list reads one or more of the same, with commas between.
func (l *lexer) list(one func()) {
	for one(); l.err == nil && l.accept(","); {
		one()
	}
}

// enclosed reads what stands in brackets, of which the token is the first.
func (l *lexer) enclosed(closer string, inner func()) {
	open := l.token
	if l.depth++; l.depth > 4*maxDepth {
		l.fail(open.at, "brackets are nested too deep; write the query flatter")
		return
	}
	l.next()
	inner()
	l.depth--
	if l.err == nil && l.token.kind == end {
		l.fail(open.at, open.text+" is never closed")
		return
	}
	if l.err == nil {
		l.expect(closer)
	}
}
