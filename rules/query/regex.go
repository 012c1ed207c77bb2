package query

import (
	"errors"
	"regexp/syntax"
	"strings"
	"unicode"
)

// regex is a regular expression that must match a whole value: what MATCHES
// searches for, with the search made explicit. It has no anchors, and of the
// operators only those that Lucene has.
type regex struct {
	text  string // in Lucene's syntax
	loose glob   // what it matches, the glob matches, too
	tree  *syntax.Regexp
}

// maxRegex is the longest expression that Elasticsearch takes (index.max_regex_length).
const maxRegex = 1000

// matchesHolds is the meaning of MATCHES on text.
func matchesHolds(expression string, tr Transform) holds {
	flags := syntax.Perl
	if tr.folds() {
		flags |= syntax.FoldCase
	}
	if tr == Registry {
		expression = abbreviateHives(expression)
	}
	parsed, err := syntax.Parse(pcre(expression), flags)
	if err != nil {
		return mismatched(regexFault(err))
	}
	r := &rewriter{transform: tr}
	parsed = r.literals(parsed)
	whole, err := r.whole(parsed)
	if err != nil {
		return mismatched(err.Error())
	}
	if whole.Op == syntax.OpNoMatch {
		return impossible("the regular expression matches nothing")
	}
	if g, ok := regexGlob(whole); ok {
		return g.holds()
	}
	text := string(appendLucene(nil, whole, precedenceAlternate))
	if len(text) > maxRegex {
		return mismatched("the regular expression is longer than the 1,000 characters that Elasticsearch takes")
	}
	if tooManyStates(whole) {
		return mismatched("the regular expression needs a larger automaton than Elasticsearch builds; shorten its counted or alternative parts")
	}
	return holds{test: &test{op: testRegex, regex: &regex{text, looseGlob(whole), whole}}}
}

// pcre rewrites the few escapes that PCRE has and package syntax lacks.
func pcre(expression string) string {
	if !strings.Contains(expression, `\`) {
		return expression
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(expression); i++ {
		c := expression[i]
		switch {
		case c == '[' && !class:
			class = true
			b.WriteByte(c)
			if next := expression[i+1:]; strings.HasPrefix(next, "]") || strings.HasPrefix(next, "^]") {
				n := strings.IndexByte(next, ']') + 1
				b.WriteString(next[:n])
				i += n
			}
			continue
		case c == ']':
			class = false
		case c == '\\' && i+1 < len(expression):
			i++
			b.WriteString(pcreEscape(expression[i], class))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func pcreEscape(c byte, class bool) string {
	switch {
	case c == 'Z' && !class:
		return `(?-m:$)`
	case c == 'e':
		return `\x1b`
	case c == 'h' && class:
		return `\t `
	case c == 'h':
		return `[\t ]`
	case c == 'v' && class:
		return `\n\v\f\r`
	case c == 'v':
		return `[\n\v\f\r]`
	case c == 's' && class:
		return `\s\v`
	case c == 's':
		return `[\s\v]`
	case c == 'S' && !class:
		return `[^\s\v]`
	case c == 'R' && !class:
		return `(?:\r\n|[\n\v\f\r])`
	case c == 'N' && !class:
		return `[^\n]`
	}
	return `\` + string(rune(c))
}

// regexFault says in the user's words why an expression isn't read.
func regexFault(err error) string {
	var fault *syntax.Error
	if !errors.As(err, &fault) {
		return err.Error()
	}
	switch fault.Code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidEscape:
		return "the regular expression holds " + fault.Expr + ": look-around, back-references and possessive operators can't be said in any query"
	default:
		return "the regular expression is not valid: " + fault.Code.String() + ": " + fault.Expr
	}
}

// regexGlob reads an expression as a glob, if it is one.
func regexGlob(re *syntax.Regexp) (glob, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return nil, true
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 && folded(re.Rune) {
			return nil, false
		}
		return glob{}.text(string(re.Rune)), true
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return glob{{kind: globOne}}, true
	case syntax.OpCapture:
		return regexGlob(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		if op := re.Sub[0].Op; op != syntax.OpAnyChar && op != syntax.OpAnyCharNotNL {
			return nil, false
		}
		if re.Op == syntax.OpPlus {
			return glob{{kind: globOne}, {kind: globRun}}, true
		}
		return glob{{kind: globRun}}, true
	case syntax.OpConcat:
		var g glob
		for _, sub := range re.Sub {
			part, ok := regexGlob(sub)
			if !ok {
				return nil, false
			}
			g = g.join(part)
		}
		return g, true
	default:
		return nil, false
	}
}

// looseGlob keeps the texts that an expression surely asks for.
func looseGlob(re *syntax.Regexp) glob {
	if g, ok := regexGlob(re); ok {
		return g
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return glob{}.run().join(looseGlob(re.Sub[0])).run()
	case syntax.OpConcat:
		var g glob
		for _, sub := range re.Sub {
			g = g.join(looseGlob(sub))
		}
		return g
	default:
		return glob{}.run()
	}
}

// folded tells whether a rune has another letter case.
func folded(runes []rune) bool {
	for _, r := range runes {
		if unicode.SimpleFold(r) != r {
			return true
		}
	}
	return false
}
