package query

import "regexp/syntax"

// boundaries replaces \b and \B. Where both neighbours are known to be word
// characters or not, the assertion is true or false; at the ends of the
// expression it says what may stand before or behind it.
func boundaries(re *syntax.Regexp) (*syntax.Regexp, error) {
	if !hasBoundary(re) {
		return re, nil
	}
	switch re.Op {
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return boundaries(&syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{re}})
	case syntax.OpCapture:
		return boundaries(re.Sub[0])
	case syntax.OpAlternate:
		return each(re, boundaries)
	case syntax.OpConcat:
	default:
		return nil, errBoundary
	}
	var out []*syntax.Regexp
	for i, sub := range re.Sub {
		if !isBoundary(sub) {
			if hasBoundary(sub) {
				return nil, errBoundary
			}
			out = append(out, sub)
			continue
		}
		made, err := boundary(re.Sub, i)
		if err != nil {
			return nil, err
		}
		out = append(out, made)
	}
	return concat(out...), nil
}

// boundary resolves the assertion at index i of a concatenation.
func boundary(subs []*syntax.Regexp, i int) (*syntax.Regexp, error) {
	wanted := subs[i].Op == syntax.OpWordBoundary
	left, right := unknownWord, unknownWord
	if i > 0 {
		left = edgeWord(subs[i-1], false)
	}
	if i+1 < len(subs) {
		right = edgeWord(subs[i+1], true)
	}
	switch {
	case i > 0 && i+1 < len(subs):
		if left == unknownWord || right == unknownWord {
			return nil, errBoundary
		}
		if (left != right) == wanted {
			return empty(), nil
		}
		return &syntax.Regexp{Op: syntax.OpNoMatch}, nil
	case i == 0 && right != unknownWord:
		// Before a word character a boundary needs another kind or nothing.
		if (right == isWord) == wanted {
			return alternate(&syntax.Regexp{Op: syntax.OpBeginText}, concat(anyRun(), wordClass(false))), nil
		}
		if wanted { // before another kind it needs a word character
			return concat(anyRun(), wordClass(true)), nil
		}
		return concat(anyRun(), wordClass(true)), nil
	case i == len(subs)-1 && left != unknownWord:
		if (left == isWord) == wanted {
			return alternate(&syntax.Regexp{Op: syntax.OpEndText}, concat(wordClass(false), anyRun())), nil
		}
		return concat(wordClass(true), anyRun()), nil
	}
	return nil, errBoundary
}

// word tells what is known of a character.
type word uint8

const (
	unknownWord word = iota
	isWord
	notWord
)

// edgeWord tells what the first or last character that re matches is.
func edgeWord(re *syntax.Regexp, first bool) word {
	switch re.Op {
	case syntax.OpLiteral:
		r := re.Rune[len(re.Rune)-1]
		if first {
			r = re.Rune[0]
		}
		if re.Flags&syntax.FoldCase != 0 && (r == 'k' || r == 'K' || r == 's' || r == 'S') {
			return unknownWord // their cases go beyond ASCII
		}
		return wordOf(r, r)
	case syntax.OpCharClass:
		known := unknownWord
		for i := 0; i+1 < len(re.Rune); i += 2 {
			w := wordOf(re.Rune[i], re.Rune[i+1])
			if w == unknownWord || i > 0 && w != known {
				return unknownWord
			}
			known = w
		}
		return known
	case syntax.OpCapture, syntax.OpPlus:
		return edgeWord(re.Sub[0], first)
	case syntax.OpConcat:
		if first {
			return edgeWord(re.Sub[0], first)
		}
		return edgeWord(re.Sub[len(re.Sub)-1], first)
	case syntax.OpAlternate:
		known := edgeWord(re.Sub[0], first)
		for _, sub := range re.Sub[1:] {
			if edgeWord(sub, first) != known {
				return unknownWord
			}
		}
		return known
	default:
		return unknownWord
	}
}

// wordRanges is what \w stands for.
var wordRanges = [...][2]rune{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}

// wordOf tells whether all or none of the characters from lo to hi are word characters.
func wordOf(lo, hi rune) word {
	for _, w := range wordRanges {
		if lo >= w[0] && hi <= w[1] {
			return isWord
		}
		if lo <= w[1] && hi >= w[0] {
			return unknownWord
		}
	}
	return notWord
}

func wordClass(word bool) *syntax.Regexp {
	expression := `\W`
	if word {
		expression = `\w`
	}
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return &syntax.Regexp{Op: syntax.OpNoMatch} // can't be: the expression is constant
	}
	return re
}

func isBoundary(re *syntax.Regexp) bool {
	return re.Op == syntax.OpWordBoundary || re.Op == syntax.OpNoWordBoundary
}

func hasBoundary(re *syntax.Regexp) bool {
	if isBoundary(re) {
		return true
	}
	for _, sub := range re.Sub {
		if hasBoundary(sub) {
			return true
		}
	}
	return false
}
