package query

import (
	"regexp/syntax"
	"unicode"
)

// maxGlobs is the most globs that an expression is said by.
const maxGlobs = 32

// globsOf says a test for an expression by globs that KQL can spell, where a
// few of them say the same.
func globsOf(n node) (node, bool) {
	globs, ok := expandGlobs(n.test.regex.tree)
	if !ok {
		return n, false
	}
	kids := make([]node, 0, len(globs))
	for _, g := range globs {
		if g.long() || g.has(globOne) || g.contains(kqlUnsafe) && (g.has(globRun) || len(g) != 1) {
			return n, false
		}
		h := g.holds()
		if h.verdict == mismatch {
			return n, false
		}
		made, _ := h.leaf(n, n.negated)
		if made.kind != nodeNothing {
			kids = append(kids, made)
		}
	}
	if n.negated {
		return all(kids), len(kids) > 0
	}
	return anyOf(kids), len(kids) > 0
}

// expandGlobs lists the globs that together match what the expression matches.
func expandGlobs(re *syntax.Regexp) ([]glob, bool) {
	if g, ok := regexGlob(re); ok {
		return []glob{g}, true
	}
	switch re.Op {
	case syntax.OpCapture:
		return expandGlobs(re.Sub[0])
	case syntax.OpQuest:
		globs, ok := expandGlobs(re.Sub[0])
		return append(globs, nil), ok && len(globs) < maxGlobs
	case syntax.OpLiteral:
		return foldedGlobs(re.Rune)
	case syntax.OpCharClass:
		var globs []glob
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if globs = append(globs, glob{}.text(string(r))); len(globs) > maxGlobs {
					return nil, false
				}
			}
		}
		return globs, len(globs) > 0
	case syntax.OpAlternate:
		var globs []glob
		for _, sub := range re.Sub {
			more, ok := expandGlobs(sub)
			if globs = append(globs, more...); !ok || len(globs) > maxGlobs {
				return nil, false
			}
		}
		return globs, true
	case syntax.OpConcat:
		globs := []glob{nil}
		for _, sub := range re.Sub {
			more, ok := expandGlobs(sub)
			if !ok || len(globs)*len(more) > maxGlobs {
				return nil, false
			}
			globs = product(globs, more)
		}
		return globs, true
	default:
		return nil, false
	}
}

func product(a, b []glob) []glob {
	out := make([]glob, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x.join(y))
		}
	}
	return out
}

// foldedGlobs lists the letter cases of a text.
func foldedGlobs(runes []rune) ([]glob, bool) {
	globs := []glob{nil}
	for _, r := range runes {
		cases := []glob{glob{}.text(string(r))}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			cases = append(cases, glob{}.text(string(f)))
		}
		if len(globs)*len(cases) > maxGlobs {
			return nil, false
		}
		globs = product(globs, cases)
	}
	return globs, true
}
