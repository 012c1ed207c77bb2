package query

import (
	"errors"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// rewriter turns a searched expression into one that must match the whole value.
type rewriter struct {
	transform Transform
}

var (
	errAnchor   = errors.New("the regular expression has ^ or $ in a place where no query can say it")
	errBoundary = errors.New(`the regular expression has \b or \B in a place where no query can say it`)
)

func anyRun() *syntax.Regexp {
	return &syntax.Regexp{Op: syntax.OpStar, Sub: []*syntax.Regexp{{Op: syntax.OpAnyChar}}}
}

func literalOf(text string) *syntax.Regexp {
	return &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune(text)}
}

func empty() *syntax.Regexp { return &syntax.Regexp{Op: syntax.OpEmptyMatch} }

func concat(subs ...*syntax.Regexp) *syntax.Regexp {
	var flat []*syntax.Regexp
	for _, s := range subs {
		switch s.Op {
		case syntax.OpEmptyMatch:
		case syntax.OpNoMatch:
			return s
		case syntax.OpConcat:
			flat = append(flat, s.Sub...)
		default:
			flat = append(flat, s)
		}
	}
	switch len(flat) {
	case 0:
		return empty()
	case 1:
		return flat[0]
	}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: flat}
}

func alternate(subs ...*syntax.Regexp) *syntax.Regexp {
	var flat []*syntax.Regexp
	for _, s := range subs {
		if s.Op != syntax.OpNoMatch {
			flat = append(flat, s)
		}
	}
	switch len(flat) {
	case 0:
		return &syntax.Regexp{Op: syntax.OpNoMatch}
	case 1:
		return flat[0]
	}
	return &syntax.Regexp{Op: syntax.OpAlternate, Sub: flat}
}

// whole makes the search explicit at both ends.
func (r *rewriter) whole(re *syntax.Regexp) (*syntax.Regexp, error) {
	re, err := boundaries(re)
	if err != nil {
		return nil, err
	}
	if re, err = r.lead(re); err != nil {
		return nil, err
	}
	if re, err = r.trail(re); err != nil {
		return nil, err
	}
	if hasAssertion(re) {
		return nil, errAnchor
	}
	return re, nil
}

// lead makes explicit what may stand before the expression: anything, unless it starts with an anchor.
func (r *rewriter) lead(re *syntax.Regexp) (*syntax.Regexp, error) {
	switch re.Op {
	case syntax.OpBeginText:
		return empty(), nil
	case syntax.OpBeginLine:
		return optional(concat(anyRun(), literalOf("\n"))), nil
	case syntax.OpCapture:
		return r.lead(re.Sub[0])
	case syntax.OpAlternate:
		return each(re, r.lead)
	case syntax.OpQuest:
		if !hasAssertion(re) {
			break
		}
		some, err := r.lead(re.Sub[0])
		return alternate(some, anyRun()), err
	case syntax.OpConcat:
		subs := re.Sub
		for len(subs) > 1 && isBegin(subs[0]) && isBegin(subs[1]) && subs[0].Op == subs[1].Op {
			subs = subs[1:]
		}
		first, err := r.lead(subs[0])
		if err != nil {
			return nil, err
		}
		return concat(append([]*syntax.Regexp{first}, subs[1:]...)...), nil
	case syntax.OpStar:
		if re.Sub[0].Op == syntax.OpAnyChar {
			return re, nil
		}
	default:
	}
	return concat(anyRun(), re), nil
}

// trail makes explicit what may stand behind the expression.
func (r *rewriter) trail(re *syntax.Regexp) (*syntax.Regexp, error) {
	switch re.Op {
	case syntax.OpEndText:
		return r.end(re.Flags&syntax.WasDollar != 0), nil
	case syntax.OpEndLine:
		return optional(concat(literalOf("\n"), anyRun())), nil
	case syntax.OpCapture:
		return r.trail(re.Sub[0])
	case syntax.OpAlternate:
		return each(re, r.trail)
	case syntax.OpQuest:
		if !hasAssertion(re) {
			break
		}
		some, err := r.trail(re.Sub[0])
		return alternate(some, anyRun()), err
	case syntax.OpConcat:
		subs := re.Sub
		for n := len(subs); n > 1 && isEnd(subs[n-1]) && isEnd(subs[n-2]) && subs[n-1].Op == subs[n-2].Op; n-- {
			subs = subs[:n-1]
		}
		last, err := r.trail(subs[len(subs)-1])
		if err != nil {
			return nil, err
		}
		return concat(append(append([]*syntax.Regexp{}, subs[:len(subs)-1]...), last)...), nil
	case syntax.OpStar:
		if re.Sub[0].Op == syntax.OpAnyChar {
			return re, nil
		}
	default:
	}
	return concat(re, anyRun()), nil
}

// end is what may follow the end that the expression asks for: a last newline
// behind $, and, where the path of a key is compared, the name of a value.
func (r *rewriter) end(dollar bool) *syntax.Regexp {
	out := empty()
	if r.transform == Registry {
		name := &syntax.Regexp{Op: syntax.OpCharClass, Rune: []rune{0, '\\' - 1, '\\' + 1, utf8.MaxRune}}
		out = optional(concat(literalOf(`\`), &syntax.Regexp{Op: syntax.OpPlus, Sub: []*syntax.Regexp{name}}))
	}
	if dollar {
		out = concat(out, optional(literalOf("\n")))
	}
	return out
}

func optional(re *syntax.Regexp) *syntax.Regexp {
	return &syntax.Regexp{Op: syntax.OpQuest, Sub: []*syntax.Regexp{re}}
}

func each(re *syntax.Regexp, f func(*syntax.Regexp) (*syntax.Regexp, error)) (*syntax.Regexp, error) {
	subs := make([]*syntax.Regexp, len(re.Sub))
	for i, sub := range re.Sub {
		made, err := f(sub)
		if err != nil {
			return nil, err
		}
		subs[i] = made
	}
	return alternate(subs...), nil
}

func isBegin(re *syntax.Regexp) bool {
	return re.Op == syntax.OpBeginText || re.Op == syntax.OpBeginLine
}

func isEnd(re *syntax.Regexp) bool {
	return re.Op == syntax.OpEndText || re.Op == syntax.OpEndLine
}

func hasAssertion(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpBeginLine, syntax.OpEndText, syntax.OpEndLine, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	default:
	}
	for _, sub := range re.Sub {
		if hasAssertion(sub) {
			return true
		}
	}
	return false
}

// literals rewrites the literal texts as event values are written.
func (r *rewriter) literals(re *syntax.Regexp) *syntax.Regexp {
	if r.transform != MAC && r.transform != Serial {
		return re
	}
	out := *re
	if re.Op == syntax.OpLiteral {
		text := string(re.Rune)
		if r.transform == MAC {
			text = strings.ReplaceAll(text, ":", "-")
		} else {
			text = strings.ReplaceAll(text, ":", "")
		}
		if text == "" {
			return empty()
		}
		out.Rune = []rune(text)
		return &out
	}
	if re.Op == syntax.OpCharClass && r.transform == MAC {
		out.Rune = classWithHyphen(re.Rune)
		return &out
	}
	out.Sub = make([]*syntax.Regexp, len(re.Sub))
	for i, sub := range re.Sub {
		out.Sub[i] = r.literals(sub)
	}
	return &out
}

// classWithHyphen lets a class that holds the colon hold the hyphen, too.
func classWithHyphen(class []rune) []rune {
	for i := 0; i < len(class); i += 2 {
		if class[i] <= ':' && ':' <= class[i+1] {
			return append([]rune{'-', '-'}, class...)
		}
	}
	return class
}

// abbreviateHives writes the long names of hives in an expression as paths hold
// them. That is done in the text: the parser takes alternatives apart where they
// start alike. A name that goes on, or whose end is repeated, is none.
func abbreviateHives(expression string) string {
	for i := 0; i < len(expression); i++ {
		for _, h := range hives {
			end := i + len(h.long)
			if end > len(expression) || !strings.EqualFold(expression[i:end], h.long) {
				continue
			}
			if end < len(expression) && (isAlphanumeric(expression[end]) || strings.IndexByte("_?*+{", expression[end]) >= 0) {
				continue
			}
			expression = expression[:i] + h.short + expression[end:]
		}
	}
	return expression
}
