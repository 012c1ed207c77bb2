package native

import (
	"strconv"
	"time"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// eqlReader reads a query of EQL and keeps how it relates events.
type eqlReader struct {
	lexer
	sequence bool
	maxSpan  time.Duration
}

func readEQL(text string) *eqlReader {
	r := &eqlReader{lexer: lexer{cursor: cursor{lang: query.EQL, text: text}}}
	r.next()
	r.query()
	return r
}

// checkEQL reads a query in EQL: a category, where and a condition, or a sequence or sample of such in brackets.
func checkEQL(text string) error { return readEQL(text).err }

// IsSequence reports whether an EQL query relates several events, as a sequence or sample does.
func IsSequence(eql string) bool { return readEQL(eql).sequence }

// MaxSpan returns the maxspan of an EQL sequence, and whether it has one.
func MaxSpan(eql string) (time.Duration, bool) {
	r := readEQL(eql)
	return r.maxSpan, r.maxSpan > 0
}

func (r *eqlReader) query() {
	if r.err == nil && r.token.kind == end {
		r.fail(0, "empty: nothing but comments")
		return
	}
	switch {
	case r.token.is("sequence"):
		r.sequence = true
		r.events(true)
	case r.token.is("sample"):
		r.sequence = true
		r.events(false)
	default:
		r.event()
	}
	switch {
	case r.err != nil || r.token.kind == end:
	case r.token.sign("|"):
		r.fail(r.token.at, "a pipe, which the EQL of a detection rule can't have")
	default:
		r.unexpected("and, or, or the end")
	}
}

// event reads a category, where and a condition.
func (r *eqlReader) event() {
	start := r.token
	if start.kind != name && start.kind != quoted && start.kind != text && !start.sign("*") {
		r.unexpected("an event category")
		return
	}
	if r.next(); r.err != nil {
		return
	}
	if !r.token.is("where") {
		r.fail(start.at, "no where; an event query is a category, where and a condition: any where …")
		return
	}
	r.next()
	r.condition()
}

// events reads the events of a sequence or sample, in brackets.
func (r *eqlReader) events(ordered bool) {
	word := r.token.text
	r.next()
	r.by()
	if ordered && r.token.is("with") {
		r.span()
		r.by()
	}
	count := 0
	for ; r.err == nil; count++ {
		switch {
		case ordered && r.token.sign("!"):
			if r.next(); !r.token.sign("[") {
				r.unexpected("an event in square brackets behind !")
				return
			}
			r.term()
		case r.token.sign("["):
			r.term()
		case ordered && count > 0 && r.token.is("until"):
			if r.next(); !r.token.sign("[") {
				r.unexpected("an event in square brackets behind until")
				return
			}
			r.term()
			return
		case count == 0:
			r.fail(r.token.at, word+" without an event in square brackets")
			return
		default:
			return
		}
	}
}

// term reads an event in brackets and what may stand behind it.
func (r *eqlReader) term() {
	r.enclosed("]", r.event)
	r.by()
	if r.err == nil && r.acceptWord("with") {
		if !r.acceptWord("runs") {
			r.unexpected("runs=")
			return
		}
		if r.expect("=") {
			if r.token.kind != number {
				r.unexpected("a number")
				return
			}
			r.next()
		}
	}
}

// by reads the fields that must be equal.
func (r *eqlReader) by() {
	if r.err == nil && r.acceptWord("by") {
		r.list(r.sum)
	}
}

// span reads with maxspan=1m.
func (r *eqlReader) span() {
	r.next()
	if !r.acceptWord("maxspan") {
		r.unexpected("maxspan=")
		return
	}
	if !r.expect("=") {
		return
	}
	count := r.token
	if count.kind != number {
		r.unexpected("a number and a unit")
		return
	}
	r.next()
	units := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	unit, ok := units[r.token.text]
	if !ok || r.token.kind != name {
		r.unexpected("a unit (ms, s, m, h or d)")
		return
	}
	r.next()
	const longest = 100 * 365 * 24 * time.Hour
	if n, err := strconv.ParseInt(count.text, 10, 64); err == nil && n <= int64(longest/unit) {
		r.maxSpan = time.Duration(n) * unit
	} else {
		r.maxSpan = longest
	}
}
