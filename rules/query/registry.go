package query

import (
	"slices"
	"strings"
)

// registry.path holds a key, or a key and the name of a value in it. So a key
// is compared with the whole path, and with the path but for its last step.
//
// A deeper path is let in where that is simpler to say, as the mapping's
// contract allows; a negation is strict, so that it rules nothing out.

// oneStep is the test for a glob and one step more: loose, and strict.
func oneStep(g glob) (loose, strict *test) {
	step := slices.Clone(g)
	if !endsWithStep(g) {
		step = step.text(`\`)
	}
	loose = &test{op: testGlob, glob: step.run()}
	deeper := &test{op: testGlob, glob: slices.Clone(loose.glob).text(`\`).run()}
	return loose, &test{op: testBut, parts: []*test{loose, deeper}}
}

func endsWithStep(g glob) bool {
	return len(g) > 0 && strings.HasSuffix(g[len(g)-1].text, `\`)
}

// registryEquals is = and IN on a key.
func registryEquals(values []value) holds {
	if len(values) == 0 {
		return impossible("an empty IN holds no value")
	}
	equal := &test{op: testOneOf, values: values}
	loose, strict := []*test{equal}, []*test{equal}
	for _, v := range values {
		l, s := oneStep(glob{}.text(v.text))
		loose, strict = append(loose, l), append(strict, s)
	}
	return holds{test: &test{op: testEither, parts: loose}, strict: &test{op: testEither, parts: strict}}
}

// registryLike is LIKE on a key.
func registryLike(pattern string) holds {
	var loose, strict []*test
	for _, g := range hiveGlobs(pattern) {
		h := g.holds()
		if h.verdict != depends {
			return h
		}
		loose, strict = append(loose, h.test), append(strict, h.test)
		if len(g) == 0 || g[len(g)-1].kind != globRun {
			l, s := oneStep(g)
			loose, strict = append(loose, l), append(strict, s)
		}
	}
	return holds{test: &test{op: testEither, parts: loose}, strict: &test{op: testEither, parts: strict}}
}

// hiveGlobs reads a pattern of LIKE over keys with long hive names as globs
// over paths with abbreviations: for each hive, what the pattern still asks for
// behind the hive's name; and the pattern itself, where it may skip the name.
func hiveGlobs(pattern string) []glob {
	if n, short := hiveOf(pattern); n > 0 {
		return []glob{glob{}.text(short).join(likeGlob(pattern[n:]))}
	}
	whole := likeGlob(pattern)
	globs := []glob{whole}
	seen := map[string]bool{}
	for _, h := range hives {
		for _, rest := range whole.after(h.long) {
			g := glob{}.text(h.short).join(rest)
			if k := g.key(); !seen[k] && !(len(whole) > 0 && whole[0].kind == globRun && rest.key() == whole.key()) {
				seen[k] = true
				globs = append(globs, g)
			}
		}
	}
	return globs
}

// join appends another glob.
func (g glob) join(more glob) glob {
	g = slices.Clone(g)
	for _, p := range more {
		switch p.kind {
		case globText:
			g = g.text(p.text)
		case globRun:
			g = g.run()
		case globOne:
			g = append(g, p)
		}
	}
	return g
}

// key is a text that tells globs apart.
func (g glob) key() string {
	var b strings.Builder
	for _, p := range g {
		b.WriteByte(byte(p.kind))
		b.WriteString(p.text)
		b.WriteByte(0)
	}
	return b.String()
}

// after returns what the glob may still ask for behind a prefix, without regard to letter case.
func (g glob) after(prefix string) []glob {
	if prefix == "" {
		return []glob{g}
	}
	if len(g) == 0 {
		return nil
	}
	switch g[0].kind {
	case globRun:
		// The run takes one character more, or ends here.
		return append(g.after(prefix[1:]), g[1:].after(prefix)...)
	case globOne:
		return g[1:].after(prefix[1:])
	case globText:
	}
	text := g[0].text
	if !strings.EqualFold(text[:1], prefix[:1]) {
		return nil
	}
	rest := g[1:]
	if len(text) > 1 {
		rest = append(glob{{globText, text[1:]}}, rest...)
	}
	return rest.after(prefix[1:])
}
