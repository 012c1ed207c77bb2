package native

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// reserved is the keywords that are no names in expressions.
var reserved = map[query.Language][]string{
	query.EQL:  {"and", "any", "by", "in", "join", "like", "maxspan", "not", "of", "or", "regex", "sample", "sequence", "until", "where", "with", "in~", "like~", "regex~"},
	query.ESQL: {"and", "or", "not", "in", "is", "like", "rlike", "by", "asc", "desc", "nulls", "on", "with", "as", "where"},
}

// condition reads conditions that and, or and not join.
func (l *lexer) condition() {
	for l.err == nil {
		for l.acceptWord("not") {
		}
		l.comparison()
		if l.err != nil || !l.acceptWord("and", "or") {
			return
		}
	}
}

// comparison reads an operand and what it is compared with, if anything.
func (l *lexer) comparison() {
	l.sum()
	switch {
	case l.err != nil:
	case l.accept("==", "!=", "<", "<=", ">", ">="), l.lang == query.ESQL && l.accept("=~"):
		l.sum()
	default:
		l.predicate()
	}
}

// predicate reads in, like and their kin behind an operand.
func (l *lexer) predicate() {
	if l.lang == query.ESQL && l.acceptWord("is") {
		l.acceptWord("not")
		if !l.acceptWord("null") {
			l.unexpected("NULL")
		}
		return
	}
	negated := false
	if l.token.is("not") {
		negated = true
		l.next()
	}
	patterns := []string{"like", "rlike"}
	if l.lang == query.EQL {
		patterns = []string{"like", "like~", "regex", "regex~"}
	}
	switch {
	case l.acceptWord("in"), l.lang == query.EQL && l.acceptWord("in~"):
		if !l.token.sign("(") {
			l.unexpected("( behind in")
			return
		}
		l.enclosed(")", func() { l.list(l.condition) })
	case l.acceptWord(patterns...), !negated && l.accept(":"):
		if l.token.sign("(") {
			l.enclosed(")", func() { l.list(l.constant) })
			return
		}
		l.constant()
		l.cast()
	case negated:
		l.unexpected("in or like behind not")
	}
}

// constant reads a text, number or word that stands for itself.
func (l *lexer) constant() {
	switch {
	case l.token.kind == text, l.token.is("true", "false", "null"):
		l.next()
	case l.lang == query.ESQL && l.token.sign("?", "??"):
		l.primary()
	case l.token.kind == number, l.token.sign("-", "+"):
		l.sum()
	default:
		l.unexpected("a text or a number")
	}
}

// sum reads operands that arithmetic joins.
func (l *lexer) sum() {
	for l.err == nil {
		for l.accept("-", "+") {
		}
		l.primary()
		l.cast()
		if l.err != nil || !l.accept("+", "-", "*", "/", "%") {
			return
		}
	}
}

// cast reads the types that :: converts to.
func (l *lexer) cast() {
	for l.lang == query.ESQL && l.err == nil && l.accept("::") {
		if l.token.kind != name {
			l.unexpected("a type behind ::")
			return
		}
		l.next()
	}
}

func (l *lexer) primary() {
	t := l.token
	switch {
	case t.kind == text:
		l.next()
	case t.kind == number:
		l.next()
		if l.lang == query.ESQL && l.token.kind == name && !l.token.is(reserved[query.ESQL]...) {
			l.next() // the unit of a span of time
		} else if l.token.kind == name && l.token.at == t.after {
			l.unexpected("an operator behind a number")
		}
	case t.sign("("):
		l.enclosed(")", l.condition)
	case t.sign("?", "??"):
		l.parameter()
	case l.lang == query.ESQL && t.sign("["):
		l.enclosed("]", func() { l.list(l.constant) })
	case t.kind == quoted, t.kind == name && !t.is(reserved[l.lang]...):
		l.field()
	default:
		l.unexpected("a field or a value")
	}
}

// parameter reads ?name: a field that may be missing in EQL, a parameter in ES|QL.
func (l *lexer) parameter() {
	l.next()
	if l.lang == query.ESQL {
		if l.token.kind == name || l.token.kind == number {
			l.next()
		}
		return
	}
	if l.token.kind != name && l.token.kind != quoted {
		l.unexpected("a field behind ?")
		return
	}
	l.field()
}

// field reads the name of a field, or of a function and its arguments.
func (l *lexer) field() {
	function := l.token.kind == name
	l.next()
	for l.err == nil {
		switch {
		case l.token.sign("."):
			function = false
			l.next()
			if l.token.kind != name && l.token.kind != quoted && l.token.kind != number && !l.token.sign("?", "??") {
				l.unexpected("a name behind the dot")
				return
			}
			l.next()
		case l.lang == query.EQL && l.token.sign("[") && startsWithDigit(l.rest()): // else it begins an event
			l.enclosed("]", func() {
				if l.token.kind != number {
					l.unexpected("a number")
					return
				}
				l.next()
			})
		case function && l.token.sign("("):
			l.enclosed(")", l.arguments)
			return
		default:
			return
		}
	}
}

func (l *lexer) arguments() {
	if l.token.sign(")") {
		return
	}
	if l.lang == query.ESQL && l.token.sign("*") {
		l.next()
		return
	}
	l.list(func() {
		if l.lang == query.ESQL && l.token.sign("{") {
			l.options()
			return
		}
		l.condition()
	})
}

// options reads the named options of a function: {"name": value, …}.
func (l *lexer) options() {
	l.enclosed("}", func() {
		if l.token.sign("}") {
			return
		}
		l.list(func() {
			if l.token.kind != text {
				l.unexpected("the name of an option between double quotes")
				return
			}
			l.next()
			if !l.expect(":") {
				return
			}
			switch {
			case l.token.sign("{"):
				l.options()
			case l.token.sign("["):
				l.primary()
			default:
				l.constant()
			}
		})
	})
}

func startsWithDigit(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n")
	return s != "" && '0' <= s[0] && s[0] <= '9'
}
