package native

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// kqlKind is a kind of token of KQL.
type kqlKind uint8

const (
	kqlEnd kqlKind = iota
	kqlWord
	kqlQuoted
	kqlAnd
	kqlOr
	kqlNot
	kqlColon
	kqlOrder  // < <= > >=
	kqlOpen   // (
	kqlClose  // )
	kqlLBrace // {
	kqlRBrace // }
)

type kqlToken struct {
	kind kqlKind
	at   int
	text string
}

// kqlReader reads KQL as Kibana does: words that follow one another are one value.
type kqlReader struct {
	cursor
	token  kqlToken
	depth  int
	nested int // how many braces are open
	err    error
}

// checkKQL reads a query in KQL.
func checkKQL(text string) error {
	r := &kqlReader{cursor: cursor{lang: query.KQL, text: text}}
	r.next()
	r.either()
	if r.err == nil && r.token.kind != kqlEnd {
		r.unexpected()
	}
	return r.err
}

// kqlSpecial is what stands in a word only behind a backslash.
const kqlSpecial = `\():<>"{}`

// next reads a token; the first fault ends the text.
func (r *kqlReader) next() {
	for r.pos < len(r.text) {
		c, size := utf8.DecodeRuneInString(r.rest())
		if !unicode.IsSpace(c) {
			break
		}
		r.pos += size
	}
	r.token = kqlToken{at: r.pos}
	if r.err != nil || r.pos >= len(r.text) {
		return
	}
	single := map[byte]kqlKind{'(': kqlOpen, ')': kqlClose, '{': kqlLBrace, '}': kqlRBrace, ':': kqlColon}
	switch c := r.text[r.pos]; c {
	case '"':
		if r.err = r.quoted('"', true); r.err == nil {
			r.token.kind = kqlQuoted
		}
	case '<', '>':
		if r.pos++; strings.HasPrefix(r.rest(), "=") {
			r.pos++
		}
		r.token.kind = kqlOrder
	default:
		if kind, ok := single[c]; ok {
			r.pos++
			r.token.kind = kind
			return
		}
		r.word()
	}
}

func (r *kqlReader) word() {
	start := r.pos
	for r.pos < len(r.text) {
		c, size := utf8.DecodeRuneInString(r.rest())
		if c == '\\' {
			n := kqlEscape(r.rest()[1:])
			if n == 0 {
				r.err = r.fault(r.pos, `a backslash that escapes nothing; write \\, or put the value between double quotes`)
				return
			}
			r.pos += 1 + n
			continue
		}
		if unicode.IsSpace(c) || strings.ContainsRune(kqlSpecial, c) {
			break
		}
		if why := typographic(c); why != "" {
			r.err = r.fault(r.pos, why)
			return
		}
		r.pos += size
	}
	r.token.kind, r.token.text = kqlWord, r.text[start:r.pos]
	switch strings.ToLower(r.token.text) {
	case "and":
		r.token.kind = kqlAnd
	case "or":
		r.token.kind = kqlOr
	case "not":
		r.token.kind = kqlNot
	}
}

// kqlEscape is the length of what a backslash escapes, 0 if that is nothing.
func kqlEscape(behind string) int {
	if behind == "" {
		return 0
	}
	for _, word := range [...]string{"and", "or", "not"} {
		if len(behind) >= len(word) && strings.EqualFold(behind[:len(word)], word) {
			return len(word)
		}
	}
	const digits = 4
	switch c := behind[0]; {
	case strings.IndexByte(kqlSpecial+"* trn", c) >= 0:
		return 1
	case c == 'u' && len(behind) > digits && strings.Trim(behind[1:1+digits], "0123456789abcdefABCDEF") == "":
		return 1 + digits
	}
	return 0
}

func (r *kqlReader) fail(at int, reason string) {
	if r.err == nil {
		r.err = r.fault(at, reason)
	}
	r.token = kqlToken{at: at}
}

// unexpected says why the token cannot stand here.
func (r *kqlReader) unexpected() {
	at := r.token.at
	switch r.token.kind {
	case kqlEnd:
		r.fail(at, "ends where a value is expected")
	case kqlAnd, kqlOr:
		r.fail(at, strings.ToLower(r.token.text)+" joins nothing here")
	case kqlNot:
		r.fail(at, "not stands where and or or is expected")
	case kqlColon:
		r.fail(at, "a colon that stands behind no field; put a value that holds one between double quotes")
	case kqlOrder:
		r.fail(at, "a comparison that stands behind no field")
	case kqlClose, kqlRBrace:
		r.fail(at, "'"+r.text[at:at+1]+"' closes nothing")
	case kqlOpen, kqlLBrace:
		r.fail(at, "'"+r.text[at:at+1]+"' where and, or, or the end is expected; put a value that holds one between double quotes")
	case kqlQuoted, kqlWord:
		r.fail(at, "and or or is missing before this value")
	}
}

func (r *kqlReader) enter() bool {
	if r.depth++; r.depth > maxDepth {
		r.fail(r.token.at, "parentheses are nested too deep; write the query flatter")
		return false
	}
	return r.err == nil
}

// either reads what and, or and not join.
func (r *kqlReader) either() { r.joined(r.operand) }

func (r *kqlReader) joined(operand func()) {
	for r.err == nil {
		for r.token.kind == kqlNot {
			r.next()
		}
		operand()
		if r.err != nil || r.token.kind != kqlAnd && r.token.kind != kqlOr {
			return
		}
		r.next()
	}
}

func (r *kqlReader) operand() {
	switch r.token.kind {
	case kqlOpen:
		r.enclosed(kqlClose, "'(' is never closed", r.either)
	case kqlWord, kqlQuoted:
		first := r.token
		words := r.literal()
		if words > 1 && (r.token.kind == kqlColon || r.token.kind == kqlOrder) {
			r.fail(first.at, "white space in the name of a field; is and or or missing?")
		}
		switch r.token.kind {
		case kqlColon:
			r.next()
			if r.token.kind == kqlLBrace {
				r.nested++
				r.enclosed(kqlRBrace, "'{' is never closed", r.either)
				r.nested--
				return
			}
			r.values()
		case kqlOrder:
			if r.next(); r.token.kind != kqlWord && r.token.kind != kqlQuoted {
				r.unexpected()
				return
			}
			r.literal()
		default:
			if r.nested > 0 && r.err == nil {
				r.fail(first.at, "a value without its field, between braces")
			}
		}
	default:
		r.unexpected()
	}
}

// values reads a value, or several in parentheses.
func (r *kqlReader) values() {
	switch r.token.kind {
	case kqlOpen:
		r.enclosed(kqlClose, "'(' is never closed", func() { r.joined(r.values) })
	case kqlWord, kqlQuoted:
		r.literal()
	default:
		r.unexpected()
	}
}

// literal reads a quoted text, or words, and returns how many.
func (r *kqlReader) literal() int {
	if r.token.kind == kqlQuoted {
		r.next()
		return 1
	}
	words := 0
	for ; r.token.kind == kqlWord; words++ {
		r.next()
	}
	return words
}

func (r *kqlReader) enclosed(closer kqlKind, open string, inner func()) {
	at := r.token.at
	if !r.enter() {
		return
	}
	r.next()
	inner()
	r.depth--
	switch {
	case r.err != nil:
	case r.token.kind == closer:
		r.next()
	case r.token.kind == kqlEnd:
		r.fail(at, open)
	default:
		r.unexpected()
	}
}
