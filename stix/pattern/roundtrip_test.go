package pattern_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// sameTree compares trees without the places that nodes were read from.
var sameTree = cmp.Options{
	cmp.Transformer("noSpan", func(pattern.Span) struct{} { return struct{}{} }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Text" }, cmp.Ignore()),
}

func TestRoundTrip(t *testing.T) {
	for _, v := range readGrammar(t) {
		for _, version := range []pattern.Version{pattern.V20, pattern.V21} {
			options := pattern.Options{Version: version}
			p, err := options.Parse(v.text)
			if err != nil {
				continue
			}
			checkRoundTrip(t, options, p)
		}
	}
}

// checkRoundTrip checks that the canonical text means the same, and is its own canonical text.
func checkRoundTrip(t *testing.T, options pattern.Options, p *pattern.Pattern) {
	t.Helper()
	canonical := p.String()
	again, err := options.Parse(canonical)
	if err != nil {
		t.Fatalf("%q: canonical %q: %v", p.Text, canonical, err)
	}
	if diff := cmp.Diff(p, again, sameTree); diff != "" {
		t.Errorf("%q: canonical %q is another tree (-want +got):\n%s", p.Text, canonical, diff)
	}
	if stable := again.String(); stable != canonical {
		t.Errorf("%q: canonical %q becomes %q", p.Text, canonical, stable)
	}
}

func TestCanonical(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"operators", "[a:b==1 OR a:b<>2]", "[a:b = 1 OR a:b != 2]"},
		{"negation stays", "[a:b NOT != 1]", "[a:b NOT != 1]"},
		{"spaces and comments", "[ a : b/*c*/[ 0 ]=\n1 ]//d", "[a:b[0] = 1]"},
		{"quotes only where needed", "[a:'b'.'c-d'.'AND'.'' = 1]", "[a:b.'c-d'.'AND'.'' = 1]"},
		{"numbers", "[a:b IN (+1, -0, .5, +007.50, 1.0, -.0)]", "[a:b IN (1, 0, 0.5, 7.5, 1.0, -0.0)]"},
		{"indexes", "[a:b[+1][-0] = 1]", "[a:b[1][0] = 1]"},
		{"escapes", `[a:b = 'it\'s \\ "x"']`, `[a:b = 'it\'s \\ "x"']`},
		{"needless parentheses", "((([((a:b = 1))])))", "[a:b = 1]"},
		{"precedence inside", "[(a:b = 1 AND a:c = 2) OR a:d = 3]", "[a:b = 1 AND a:c = 2 OR a:d = 3]"},
		{"parentheses inside", "[a:b = 1 AND (a:c = 2 OR a:d = 3)]", "[a:b = 1 AND (a:c = 2 OR a:d = 3)]"},
		{"groups stay groups", "[a:b = 1 AND (a:c = 2 AND a:d = 3)]", "[a:b = 1 AND (a:c = 2 AND a:d = 3)]"},
		{"precedence outside", "([a:b = 1] AND [a:b = 2]) OR ([a:b = 3])", "[a:b = 1] AND [a:b = 2] OR [a:b = 3]"},
		{"parentheses outside", "[a:b = 1] AND ([a:b = 2] FOLLOWEDBY [a:b = 3])", "[a:b = 1] AND ([a:b = 2] FOLLOWEDBY [a:b = 3])"},
		{"qualified group", "([a:b = 1] OR [a:b = 2]) WITHIN +5.0 SECONDS", "([a:b = 1] OR [a:b = 2]) WITHIN 5.0 SECONDS"},
		{"qualifiers", "([a:b = 1] WITHIN 5 SECONDS) REPEATS 2 TIMES", "[a:b = 1] WITHIN 5 SECONDS REPEATS 2 TIMES"},
		{"same qualifier twice", "([a:b = 1] WITHIN 5 SECONDS) WITHIN 6 SECONDS", "([a:b = 1]) WITHIN 5 SECONDS WITHIN 6 SECONDS"},
		{"fine fractions", "[a:b = 1] START t'2020-01-01T00:00:00.123456789012Z' STOP t'2020-02-31T00:00:60Z'",
			"[a:b = 1] START t'2020-01-01T00:00:00.123456789012Z' STOP t'2020-02-31T00:00:60Z'"},
		{"exists", "[NOT/**/EXISTS a:b]", "[NOT EXISTS a:b]"},
		{"empty set", "[a:b NOT IN ( )]", "[a:b NOT IN ()]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := pattern.Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.String(); got != tt.want {
				t.Errorf("canonical of %q:\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}
