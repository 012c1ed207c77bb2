package pattern

import "strings"

// literalExpected is what is expected where a literal is.
const literalExpected = "a literal: a text in quotes ('), a number, true, false, or t'…', h'…', b'…'"

// hint says what the author of an unexpected token most probably has to do; empty
// if that is anyone's guess.
func (p *parser) hint(expected string) string {
	if p.kind == tokEnd {
		if strings.TrimSpace(p.text) == "" {
			return "the pattern is empty"
		}
		return ""
	}
	found := p.text[p.start:p.end]
	afterPath := p.last > 0 && (p.text[p.last-1] == ':' || p.text[p.last-1] == '.')
	switch {
	case afterPath && p.kind == tokHyphenName:
		return "a property name with a hyphen needs quotes: '" + shorten(found, 32) + "'"
	case p.kind >= firstKeyword && (afterPath || p.at(p.end) == ':'):
		return "a keyword needs quotes to be a property name, and can't be an object type"
	case p.kind == tokName && keyword(strings.ToUpper(found), p.v20) != tokName:
		return "keywords are in upper case: " + strings.ToUpper(found)
	case p.kind == tokName && keyword(strings.ToLower(found), p.v20) != tokName:
		return "true and false are in lower case"
	case found == `"`, found == "‘", found == "’", found == "“", found == "”", found == "`":
		return "texts stand in straight single quotes: '…'"
	case p.start == 0 && (p.kind == tokName || p.kind == tokHyphenName):
		return "comparisons stand in square brackets"
	case p.kind == tokDot && strings.HasPrefix(expected, ":"):
		return "a colon stands between the object type and the property"
	case p.kind == tokName && p.start == p.last && p.last > 0 && isDigit(p.text[p.last-1]):
		return "a number is an integer or a decimal fraction, without exponent or unit"
	case (p.kind == tokName || p.kind == tokHyphenName) && expected == literalExpected:
		return "a text needs quotes: '…'"
	}
	return ""
}
