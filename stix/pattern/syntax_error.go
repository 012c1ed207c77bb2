package pattern

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError says where a text stops being a pattern, what is there and what
// could be there. Whatever the size of the pattern, its message is short.
type SyntaxError struct {
	// Offset is the byte offset in the text.
	Offset int
	// Line and Column count from 1; Column counts characters, not bytes.
	Line, Column int
	// Found is what stands there, shortened: a quoted part of the text, or "the end".
	// It is empty if Reason says all.
	Found string
	// Expected is what could stand there; empty if Reason says all.
	Expected string
	// Reason says more: what is wrong inside of a token, or what to do.
	Reason string
	// Snippet is the part of the line around the fault, and Caret the number of
	// characters in it before the fault.
	Snippet string
	Caret   int
}

// Error gives the message, then the line and a caret below the fault.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "syntax error at line %d, column %d: ", e.Line, e.Column)
	if e.Found != "" {
		b.WriteString("found " + e.Found + ", want " + e.Expected)
	}
	if e.Reason != "" {
		if e.Found != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Reason)
	}
	b.WriteString("\n\t" + e.Snippet + "\n\t" + strings.Repeat(" ", e.Caret) + "^")
	return b.String()
}

// fail sets the error, unless there is one. It is always false.
func (p *parser) fail(offset int, reason string) bool {
	if p.err == nil {
		p.err = newSyntaxError(p.text, offset)
		p.err.Reason = reason
	}
	return false
}

// unexpected sets the error that the current token is not what is expected. It is always false.
func (p *parser) unexpected(expected string) bool {
	if p.err != nil {
		return false
	}
	if p.kind == tokInvalid && p.fault.problem != "" {
		return p.fail(p.fault.offset, p.fault.problem)
	}
	p.err = newSyntaxError(p.text, p.start)
	p.err.Found = "the end"
	if p.kind != tokEnd {
		p.err.Found = strconv.QuoteToGraphic(shorten(p.text[p.start:p.end], 32))
	}
	p.err.Expected = expected
	p.err.Reason = p.hint(expected)
	return false
}

// checkText fails if the text is too long, or not Unicode.
func (p *parser) checkText() error {
	if len(p.text) > p.options.MaxLength {
		e := newSyntaxError(p.text, p.options.MaxLength)
		e.Reason = fmt.Sprintf("the pattern has %d bytes, more than the limit of %d", len(p.text), p.options.MaxLength)
		return e
	}
	if utf8.ValidString(p.text) {
		return nil
	}
	for i, r := range p.text {
		if _, n := utf8.DecodeRuneInString(p.text[i:]); r == utf8.RuneError && n == 1 {
			e := newSyntaxError(p.text, i)
			e.Reason = fmt.Sprintf("the byte %#02x is not UTF-8", p.text[i])
			return e
		}
	}
	return nil
}

// newSyntaxError fills in the place.
func newSyntaxError(text string, offset int) *SyntaxError {
	e := &SyntaxError{Offset: offset}
	before := text[:offset]
	breaks := strings.Count(before, "\n")
	start := strings.LastIndexByte(before, '\n') + 1
	e.Line = breaks + 1
	e.Column = utf8.RuneCountInString(before[start:]) + 1
	end := strings.IndexByte(text[offset:], '\n')
	if end < 0 {
		end = len(text)
	} else {
		end += offset
	}
	e.Snippet, e.Caret = snippet(text[start:offset], text[offset:end])
	return e
}

// snippetSide is how many bytes of the line a snippet shows on either side of the fault.
const snippetSide = 60

func snippet(before, after string) (string, int) {
	if i := len(before) - snippetSide; i > 0 {
		for !utf8.RuneStart(before[i]) && i < len(before)-1 {
			i++
		}
		before = "…" + before[i:]
	}
	left := printable(before)
	return left + printable(shorten(after, snippetSide)), utf8.RuneCountInString(left)
}

// shorten cuts a text to n bytes or a little less, at a character's edge.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// printable puts a space for each character that would move the caret's column or
// do worse to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Mn, r) {
			return ' '
		}
		return r
	}, s)
}
