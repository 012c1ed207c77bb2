package native

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// MaxLength is the longest query, in bytes, that [Check] takes.
const MaxLength = 512 << 10

// maxDepth is how deep parentheses may enclose one another. Kibana's reader of KQL takes a time that doubles with
// each of some of them, and Elasticsearch stops at 30 of the queries that they become.
const maxDepth = 25

// SyntaxError is a fault in a query.
type SyntaxError struct {
	// Language is the language that the query claims to be in.
	Language query.Language
	// Offset is the byte offset of the fault; Line and Column, in characters, count from 1.
	Offset, Line, Column int
	// Reason says what is wrong.
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s query: line %d, column %d: %s", e.Language, e.Line, e.Column, e.Reason)
}

// Check reports the first fault in the structure of a query, as a [*SyntaxError]. What it takes may
// still be refused by Elasticsearch; what it refuses cannot run as a rule.
func Check(lang query.Language, text string) error {
	c := cursor{lang: lang, text: text}
	switch {
	case len(text) > MaxLength:
		return c.fault(MaxLength, fmt.Sprintf("longer than %d bytes", MaxLength))
	case !utf8.ValidString(text):
		return c.fault(invalidAt(text), "not valid UTF-8")
	case strings.TrimSpace(text) == "":
		return c.fault(0, "empty")
	}
	switch lang {
	case query.KQL:
		return checkKQL(text)
	case query.Lucene:
		return checkLucene(text)
	case query.EQL:
		return checkEQL(text)
	case query.ESQL:
		return checkESQL(text)
	case query.DSL:
		return checkDSL(text)
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

// cursor is a place in a query's text.
type cursor struct {
	lang query.Language
	text string
	pos  int
}

func (c *cursor) fault(at int, reason string) error {
	at = min(at, len(c.text))
	before := c.text[:at]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &SyntaxError{Language: c.lang, Offset: at, Line: line, Column: column, Reason: reason}
}

func (c *cursor) rest() string { return c.text[c.pos:] }

// quoted takes a text between quotes where a backslash escapes any character.
func (c *cursor) quoted(quote byte, lines bool) error {
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

// typographic names the quotes and dashes of word processors, which no language takes for its own.
func typographic(r rune) string {
	switch r {
	case '“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‛':
		return fmt.Sprintf("%q is a quote of a word processor; write \"", r)
	}
	return ""
}
