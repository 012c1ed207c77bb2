package pattern_test

import (
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func BenchmarkParse(b *testing.B) {
	real := realPatterns(b)
	if real == nil {
		real = likeReal()
	}
	sets := []struct {
		name     string
		patterns []string
	}{
		{"real", real},
		{"one comparison", []string{"[file:hashes.'SHA-256' = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']"}},
		{"mixed", likeReal()},
		{"thousand ORs", []string{"[a:b = 1" + strings.Repeat(" OR a:b = 1", 999) + "]"}},
		{"all qualifiers", []string{"([a:b = 1] FOLLOWEDBY [c:d = 2] REPEATS 5 TIMES) WITHIN 300 SECONDS START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'"}},
	}
	for _, set := range sets {
		b.Run(set.name, func(b *testing.B) {
			size := 0
			for _, p := range set.patterns {
				size += len(p)
			}
			b.SetBytes(int64(size / len(set.patterns)))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := pattern.Parse(set.patterns[i]); err != nil {
					b.Fatal(err)
				}
				if i++; i == len(set.patterns) {
					i = 0
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "patterns/s")
		})
	}
}

func BenchmarkString(b *testing.B) {
	p, err := pattern.Parse("[file:name = 'invoice.pdf.exe' AND file:hashes.'SHA-256' = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = p.String()
	}
}

func BenchmarkFind(b *testing.B) {
	var sightings []pattern.Sighting
	for i := range 1000 {
		sightings = append(sightings, at([]string{"alice", "bob", "carol"}[i%3], i, i+5, 1))
	}
	for _, text := range []string{
		"[p:n = 'carol']",
		"([p:n = 'alice'] FOLLOWEDBY [p:n = 'bob']) WITHIN 30 SECONDS",
		"[p:n = 'alice'] REPEATS 50 TIMES WITHIN 60 SECONDS",
	} {
		b.Run(text, func(b *testing.B) {
			p, err := pattern.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			m, err := pattern.NewMatcher(p, pattern.MatchOptions{})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := m.Find(b.Context(), sightings); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAllocations holds the promise about the most common kind of pattern.
func TestAllocations(t *testing.T) {
	for _, text := range []string{
		"[ipv4-addr:value = '198.51.100.7']",
		"[file:hashes.'SHA-256' = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']",
		"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' NOT MATCHES 'it\\'s']",
		"[ipv4-addr:value IN ('198.51.100.7', '198.51.100.8')]",
		"[a:b = 1] WITHIN 5 SECONDS REPEATS 5 TIMES",
	} {
		got := testing.AllocsPerRun(100, func() {
			if _, err := pattern.Parse(text); err != nil {
				t.Fatal(err)
			}
		})
		if got > 6 {
			t.Errorf("%s: %v allocations, want 6 at most", text, got)
		}
		t.Logf("%s: %v allocations", text, got)
	}
}
