package query

import (
	"strings"
	"unicode/utf8"
)

// globKind tells what a part of a glob is.
type globKind uint8

const (
	globText globKind = iota
	globOne           // exactly one character
	globRun           // any number of characters
)

// globPart is a part of a glob.
type globPart struct {
	kind globKind
	text string // of globText, never empty
}

// glob is text with wildcards that must match a whole value.
type glob []globPart

// likeGlob reads the pattern of LIKE: % is any run, _ one character; there is no escape.
func likeGlob(s string) glob {
	var g glob
	for s != "" {
		end := strings.IndexAny(s, "%_")
		switch {
		case end < 0:
			return g.text(s)
		case end > 0:
			g = g.text(s[:end])
		}
		if s[end] == '%' {
			g = g.run()
		} else {
			g = append(g, globPart{kind: globOne})
		}
		s = s[end+1:]
	}
	return g
}

// text appends literal text.
func (g glob) text(s string) glob {
	if s == "" {
		return g
	}
	if n := len(g); n > 0 && g[n-1].kind == globText {
		g[n-1].text += s
		return g
	}
	return append(g, globPart{globText, s})
}

// run appends any run; two of them are one.
func (g glob) run() glob {
	if n := len(g); n > 0 && g[n-1].kind == globRun {
		return g
	}
	return append(g, globPart{kind: globRun})
}

// mapText returns a copy with every text rewritten.
func (g glob) mapText(f func(string) string) glob {
	out := make(glob, 0, len(g))
	for _, p := range g {
		switch p.kind {
		case globText:
			out = out.text(f(p.text))
		case globRun:
			out = out.run()
		case globOne:
			out = append(out, p)
		}
	}
	return out
}

// holds is the simplest test that says the same.
func (g glob) holds() holds {
	switch {
	case len(g) == 0:
		return oneOf([]value{{}}, "")
	case len(g) == 1 && g[0].kind == globRun:
		return holds{verdict: always}
	case len(g) == 1 && g[0].kind == globText:
		return oneOf([]value{{text: g[0].text}}, "")
	}
	if reason := g.tooHard(); reason != "" {
		return mismatched(reason)
	}
	return holds{test: &test{op: testGlob, glob: g}}
}

// maxLoose bounds the single-character wildcards between two runs: each one may
// double the states of the automaton that Elasticsearch builds, which it limits.
const maxLoose = 9

func (g glob) tooHard() string {
	loose, seen := 0, false
	for _, p := range g {
		switch p.kind {
		case globRun:
			loose, seen = 0, true
		case globOne:
			if loose++; seen && loose > maxLoose {
				return "too many _ behind a %; Elasticsearch refuses to build so large an automaton"
			}
		case globText:
		}
	}
	return ""
}

// maxGlob is the most characters of a glob that Elasticsearch's wildcard query
// takes: it stops somewhere above 900. Lucene's syntax has no such limit.
const maxGlob = 800

// long tells whether the wildcard query would refuse the glob.
func (g glob) long() bool {
	length := 0
	for _, p := range g {
		length += 1 + len(p.text)
	}
	return length > maxGlob
}

// has tells whether a part of that kind is there.
func (g glob) has(kind globKind) bool {
	for _, p := range g {
		if p.kind == kind {
			return true
		}
	}
	return false
}

// contains tells whether any text of the glob holds a character for which f is true.
func (g glob) contains(f func(rune) bool) bool {
	for _, p := range g {
		if p.kind == globText && strings.ContainsFunc(p.text, f) {
			return true
		}
	}
	return false
}

// loosen replaces characters for which unsafe is true, and single-character
// wildcards, by runs: what it matches includes what g matches. The second
// result is the number of literal characters that are left.
func (g glob) loosen(unsafe func(rune) bool) (glob, int) {
	var out glob
	kept := 0
	for _, p := range g {
		if p.kind != globText {
			out = out.run()
			continue
		}
		for s := p.text; s != ""; {
			r, size := utf8.DecodeRuneInString(s)
			if unsafe(r) {
				out = out.run()
			} else {
				out = out.text(s[:size])
				kept++
			}
			s = s[size:]
		}
	}
	return out, kept
}

// likeHolds is the meaning of LIKE on text.
func likeHolds(pattern string, tr Transform) holds {
	if tr == Registry {
		return registryLike(pattern)
	}
	return likeGlob(pattern).mapText(tr.part).holds()
}
