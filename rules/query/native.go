package query

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxNative is the longest native query, in bytes, that [CheckNative] takes.
const MaxNative = 512 << 10

// NativeError is a fault in a query that was written in its own language.
type NativeError struct {
	// Language is the language that the query claims to be in.
	Language Language
	// Offset is the byte offset of the fault; Line and Column, in characters, count from 1.
	Offset, Line, Column int
	// Reason says what is wrong.
	Reason string
}

// Error implements error.
func (e *NativeError) Error() string {
	return fmt.Sprintf("%s query: line %d, column %d: %s", e.Language, e.Line, e.Column, e.Reason)
}

// CheckNative checks a query that somebody wrote in KQL, Lucene, EQL, ES|QL or
// Query DSL: that it isn't empty or too long, that quotes and brackets are
// balanced, that ES|QL starts with FROM, and that EQL has no pipe. It is no
// full parser: what it takes may still be refused by Elasticsearch, but what it
// refuses surely would be, or would run as something else. The error is a [*NativeError].
func CheckNative(lang Language, text string) error {
	c := &checker{lang: lang, text: text}
	switch {
	case len(text) > MaxNative:
		return c.fault(MaxNative, fmt.Sprintf("longer than %d bytes", MaxNative))
	case !utf8.ValidString(text):
		return c.fault(invalidAt(text), "not valid UTF-8")
	case strings.TrimSpace(text) == "":
		return c.fault(0, "empty")
	}
	switch lang {
	case KQL:
		return c.kql()
	case Lucene:
		return c.lucene()
	case EQL:
		return c.eql()
	case ESQL:
		return c.esql()
	case DSL:
		return c.dsl()
	}
	return fmt.Errorf("check query: unknown language %q", lang)
}

func invalidAt(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return 0
}

// checker walks over a query's text.
type checker struct {
	lang  Language
	text  string
	pos   int
	stack []opened
}

// opened is a bracket that waits for its partner.
type opened struct {
	at     int
	closer byte
}

func (c *checker) fault(at int, reason string) error {
	at = min(at, len(c.text))
	before := c.text[:at]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &NativeError{Language: c.lang, Offset: at, Line: line, Column: column, Reason: reason}
}

func (c *checker) rest() string { return c.text[c.pos:] }

func (c *checker) open(closer byte) {
	c.stack = append(c.stack, opened{c.pos, closer})
	c.pos++
}

// close takes a closing bracket.
func (c *checker) close() error {
	got := c.text[c.pos]
	if len(c.stack) == 0 {
		return c.fault(c.pos, fmt.Sprintf("%q closes nothing", got))
	}
	top := c.stack[len(c.stack)-1]
	if top.closer != got {
		return c.fault(c.pos, fmt.Sprintf("%q where %q is expected, for the bracket at offset %d", got, top.closer, top.at))
	}
	c.stack = c.stack[:len(c.stack)-1]
	c.pos++
	return nil
}

// bracket takes one of ( ) [ ] { } and tells whether it was one.
func (c *checker) bracket() (bool, error) {
	switch c.text[c.pos] {
	case '(':
		c.open(')')
	case '[':
		c.open(']')
	case '{':
		c.open('}')
	case ')', ']', '}':
		return true, c.close()
	default:
		return false, nil
	}
	return true, nil
}

func (c *checker) closed() error {
	if len(c.stack) == 0 {
		return nil
	}
	top := c.stack[len(c.stack)-1]
	return c.fault(top.at, fmt.Sprintf("%q is never closed", c.text[top.at]))
}

// quoted takes a text between quotes where a backslash escapes any character.
func (c *checker) quoted(quote byte, lines bool) error {
	start := c.pos
	for c.pos++; c.pos < len(c.text); c.pos++ {
		switch c.text[c.pos] {
		case '\\':
			c.pos++
		case quote:
			c.pos++
			return nil
		case '\n', '\r':
			if !lines {
				return c.fault(c.pos, "line break within quotes")
			}
		}
	}
	return c.fault(start, "text without its closing quote")
}

// until takes everything up to and with the closing text.
func (c *checker) until(closing, what string) error {
	start := c.pos
	end := strings.Index(c.text[min(start+len(closing), len(c.text)):], closing)
	if end < 0 {
		return c.fault(start, what)
	}
	c.pos = start + 2*len(closing) + end
	return nil
}
