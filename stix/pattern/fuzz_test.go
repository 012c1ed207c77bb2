package pattern_test

import (
	"math/rand/v2"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func addSeeds(f *testing.F) {
	f.Helper()
	for _, v := range readGrammar(f) {
		f.Add(v.text, v.v20 && !v.v21)
	}
	for _, text := range likeReal() {
		f.Add(text, false)
	}
}

func optionsOf(v20 bool) pattern.Options {
	o := pattern.Options{MaxDepth: 100, MaxLength: 1 << 16}
	if v20 {
		o.Version = pattern.V20
	}
	return o
}

// FuzzParse: whatever the bytes, there is a pattern or a well-formed error.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string, v20 bool) {
		p, err := optionsOf(v20).Parse(text)
		if err != nil {
			checkSyntaxError(t, text, err)
			return
		}
		last := 0
		for c := range p.Comparisons() {
			if c.Start < last || c.End <= c.Start || c.End > len(text) {
				t.Errorf("%q: comparison at %d to %d, after %d", text, c.Start, c.End, last)
			}
			last = c.End
			for l := range c.Literals() {
				if l.Start < c.Start || l.End > c.End || l.Start >= l.End {
					t.Errorf("%q: literal at %d to %d in comparison at %d to %d", text, l.Start, l.End, c.Start, c.End)
				}
			}
		}
		pattern.SufficientValues(p)
		pattern.AccompaniedValues(p)
		pattern.Summaries(p)
	})
}

// FuzzRoundTrip: the canonical text parses to the same tree and is stable.
func FuzzRoundTrip(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string, v20 bool) {
		options := optionsOf(v20)
		p, err := options.Parse(text)
		if err != nil {
			return
		}
		options.MaxLength *= 4 // canonical text can be longer
		checkRoundTrip(t, options, p)
	})
}

// FuzzMatch: the evaluator agrees with the naive one.
func FuzzMatch(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		b := make([]byte, 60)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkMatch(t, b) })
}

func checkMatch(t *testing.T, b []byte) (matched bool) {
	t.Helper()
	d := &dice{b}
	sightings := d.sightings()
	text := d.pattern()
	p, err := pattern.Options{Version: pattern.V20}.Parse(text) // 2.1 forbids the same qualifier twice
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got, err := pattern.Match(p, sightings...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if want := naiveMatch(p, sightings); got != want {
		t.Errorf("%s on %v: %v, want %v", text, sightings, got, want)
	}
	return got
}

func TestMatchAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	matches := 0
	const rounds = 20_000
	for range rounds {
		b := make([]byte, 80)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if checkMatch(t, b) {
			matches++
		}
	}
	t.Logf("%d of %d match", matches, rounds)
	if matches < rounds/20 || matches > rounds*19/20 {
		t.Errorf("%d of %d match: the test is too one-sided to tell much", matches, rounds)
	}
}
