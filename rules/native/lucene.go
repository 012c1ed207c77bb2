package native

import (
	"strings"
	"unicode/utf8"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// luceneKind is a kind of token of Lucene's syntax.
type luceneKind uint8

const (
	luceneEnd    luceneKind = iota
	luceneTerm              // without wildcards, so that it can be a field
	luceneWild              // with wildcards, or a regular expression
	luceneStar              // *
	luceneQuoted            // "…"
	luceneRange             // [… TO …}
	luceneJoin              // AND OR && ||
	luceneSign              // NOT ! + -
	luceneColon             // :
	luceneOpen              // (
	luceneClose             // )
	luceneFuzzy             // ~…
	luceneCaret             // ^
)

type luceneToken struct {
	kind luceneKind
	at   int
	text string
}

// luceneReader reads the syntax of query_string as Lucene's classic parser does.
type luceneReader struct {
	cursor
	token luceneToken
	depth int
	err   error
}

// checkLucene reads a query in Lucene's syntax.
func checkLucene(text string) error {
	r := &luceneReader{cursor: cursor{lang: query.Lucene, text: text}}
	r.next()
	r.clauses()
	if r.err == nil && r.token.kind != luceneEnd {
		r.unexpected()
	}
	return r.err
}

const luceneSpace = " \t\r\n\u3000"

// next reads a token; the first fault ends the text.
func (r *luceneReader) next() {
	r.pos += len(r.rest()) - len(strings.TrimLeft(r.rest(), luceneSpace))
	r.token = luceneToken{at: r.pos}
	if r.err != nil || r.pos >= len(r.text) {
		return
	}
	kind := luceneEnd
	switch c := r.text[r.pos]; c {
	case '(':
		kind = luceneOpen
	case ')':
		kind = luceneClose
	case ':':
		kind = luceneColon
	case '^':
		kind = luceneCaret
	case '+', '-', '!':
		kind = luceneSign
	case ']', '}':
		r.fail(r.pos, "a range's end without its start")
		return
	case '"':
		if r.err = r.quoted(c, true); r.err == nil {
			r.token.kind = luceneQuoted
		}
		return
	case '/':
		r.expression()
		return
	case '[', '{':
		r.span()
		return
	case '~':
		r.pos++
		for r.pos < len(r.text) && luceneChar(r.rest()) > 0 {
			r.pos += luceneChar(r.rest())
		}
		r.token.kind = luceneFuzzy
		return
	default:
		r.term()
		return
	}
	r.pos++
	r.token.kind = kind
}

// expression takes a regular expression between slashes: up to the first slash that no backslash
// stands before, or else up to the last one.
func (r *luceneReader) expression() {
	start, end := r.pos, 0
	for i := start + 1; i < len(r.text); i++ {
		if r.text[i] == '/' {
			if end = i + 1; r.text[i-1] != '\\' {
				break
			}
		}
	}
	if end == 0 {
		r.fail(start, `a slash begins a regular expression that does not end; write \/, or put the value between double quotes`)
		return
	}
	r.pos, r.token.kind = end, luceneWild
}

// luceneChar is the length of the character of a term that a text begins with, 0 if there is none.
func luceneChar(s string) int {
	c, size := utf8.DecodeRuneInString(s)
	switch {
	case c == '\\':
		if len(s) < 2 {
			return 0
		}
		_, behind := utf8.DecodeRuneInString(s[1:])
		return 1 + behind
	case strings.ContainsRune(luceneSpace+`!():^[]"{}~/`, c):
		return 0
	}
	return size
}

func (r *luceneReader) term() {
	start, wild := r.pos, false
	for r.pos < len(r.text) {
		n := luceneChar(r.rest())
		if n == 0 {
			break
		}
		c, _ := utf8.DecodeRuneInString(r.rest())
		wild = wild || c == '*' || c == '?'
		if why := typographic(c); why != "" {
			r.fail(r.pos, why)
			return
		}
		r.pos += n
	}
	if r.pos == start {
		r.fail(start, "a backslash at the end escapes nothing")
		return
	}
	r.token.text = r.text[start:r.pos]
	switch r.token.text {
	case "AND", "OR", "&&", "||":
		r.token.kind = luceneJoin
	case "NOT":
		r.token.kind = luceneSign
	case "*":
		r.token.kind = luceneStar
	default:
		r.token.kind = luceneTerm
		if wild {
			r.token.kind = luceneWild
		}
	}
}

// span takes a range: [a TO b], {a TO b}, or a mixture.
func (r *luceneReader) span() {
	start := r.pos
	r.pos++
	for part := range 3 {
		r.pos += len(r.rest()) - len(strings.TrimLeft(r.rest(), luceneSpace))
		switch rest := r.rest(); {
		case rest == "":
			r.fail(start, "range without its end")
			return
		case rest[0] == '"':
			if part == 1 {
				r.fail(start, "range without TO")
				return
			}
			if r.err = r.quoted('"', true); r.err != nil {
				return
			}
		default:
			end := strings.IndexAny(rest, " ]}")
			if end < 0 {
				end = len(rest)
			}
			switch word := rest[:end]; {
			case part == 1 && word != "TO":
				r.fail(start, "range without TO")
				return
			case end == 0:
				r.fail(start, "range without a bound")
				return
			}
			r.pos += end
		}
	}
	r.pos += len(r.rest()) - len(strings.TrimLeft(r.rest(), luceneSpace))
	if rest := r.rest(); rest == "" || rest[0] != ']' && rest[0] != '}' {
		r.fail(start, "range without its end")
		return
	}
	r.pos++
	r.token.kind = luceneRange
}

func (r *luceneReader) fail(at int, reason string) {
	if r.err == nil {
		r.err = r.fault(at, reason)
	}
	r.token = luceneToken{at: at}
}

// unexpected says why the token cannot stand here.
func (r *luceneReader) unexpected() {
	at := r.token.at
	switch r.token.kind {
	case luceneEnd:
		r.fail(at, "ends where a term is expected")
	case luceneJoin:
		r.fail(at, r.token.text+" joins nothing here")
	case luceneSign:
		r.fail(at, "a second NOT, + or - before one term")
	case luceneColon:
		r.fail(at, `a colon that stands behind no field; write \:, or put the value between double quotes`)
	case luceneClose:
		r.fail(at, "')' closes nothing")
	case luceneFuzzy, luceneCaret:
		r.fail(at, "'"+r.text[at:at+1]+"' stands behind no term")
	default:
		r.fail(at, "a term is expected here")
	}
}

// clauses reads one clause or more, up to the end or the parenthesis.
func (r *luceneReader) clauses() {
	for first := true; r.err == nil; first = false {
		if !first {
			switch r.token.kind {
			case luceneEnd, luceneClose:
				return
			case luceneJoin:
				r.next()
			default:
			}
		}
		if r.token.kind == luceneSign {
			r.next()
		}
		r.clause()
	}
}

func (r *luceneReader) clause() {
	switch first := r.token; first.kind {
	case luceneTerm, luceneStar:
		r.next()
		if r.token.kind != luceneColon {
			r.behind(true)
			return
		}
		r.next()
		switch r.token.kind {
		case luceneTerm, luceneStar, luceneWild, luceneQuoted, luceneRange:
			fuzzy := r.token.kind != luceneRange
			r.next()
			r.behind(fuzzy)
		case luceneOpen:
			r.group()
		default:
			r.unexpected()
		}
	case luceneWild, luceneQuoted:
		r.next()
		r.behind(true)
	case luceneRange:
		r.next()
		r.behind(false)
	case luceneOpen:
		r.group()
	default:
		r.unexpected()
	}
}

func (r *luceneReader) group() {
	at := r.token.at
	if r.depth++; r.depth > maxDepth {
		r.fail(at, "parentheses are nested too deep; write the query flatter")
		return
	}
	r.next()
	r.clauses()
	r.depth--
	switch {
	case r.err != nil:
	case r.token.kind != luceneClose:
		r.fail(at, "'(' is never closed")
	default:
		r.next()
		r.behind(false)
	}
}

// behind reads what may stand behind a term: ~ and ^, in any order.
func (r *luceneReader) behind(fuzzy bool) {
	for r.err == nil {
		switch {
		case r.token.kind == luceneFuzzy && fuzzy:
			fuzzy = false
			r.next()
		case r.token.kind == luceneCaret:
			at := r.token.at
			number := r.rest()[:len(r.rest())-len(strings.TrimLeft(r.rest(), "0123456789."))]
			if strings.Trim(number, ".") == "" || strings.Count(number, ".") > 1 {
				r.fail(at, "^ without a number")
				return
			}
			r.pos += len(number)
			r.next()
		default:
			return
		}
	}
}
