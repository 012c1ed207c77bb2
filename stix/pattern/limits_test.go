package pattern_test

import (
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("(", n) + "[a:b = 1]" + strings.Repeat(")", n) }
	inside := func(n int) string { return "[" + strings.Repeat("(", n) + "a:b = 1" + strings.Repeat(")", n) + "]" }
	row := func(n int) string { return "([a:b = 1])" + strings.Repeat(" WITHIN 5 SECONDS", n) }
	tests := []struct {
		name    string
		options pattern.Options
		text    string
		reason  string // in the error; empty for none
	}{
		{"default depth", pattern.Options{}, nested(pattern.DefaultMaxDepth), ""},
		{"too deep outside", pattern.Options{}, nested(pattern.DefaultMaxDepth + 1), "nested deeper"},
		{"too deep inside", pattern.Options{}, inside(pattern.DefaultMaxDepth + 1), "nested deeper"},
		{"a million parentheses", pattern.Options{}, strings.Repeat("(", 1<<20), "nested deeper"},
		{"a million brackets", pattern.Options{}, strings.Repeat("[", 1<<20), "found"},
		{"too many qualifiers", pattern.Options{MaxDepth: 10}, row(11), "nested deeper"},
		{"qualifiers", pattern.Options{MaxDepth: 10}, row(10), ""},
		{"depth is given back", pattern.Options{MaxDepth: 2}, "[(a:b = 1) OR (a:b = 2) OR ((a:b = 3))] OR ([a:b = 1] REPEATS 2 TIMES) OR ([a:b = 1])", ""},
		{"length", pattern.Options{MaxLength: 9}, "[a:b = 1]", ""},
		{"too long", pattern.Options{MaxLength: 8}, "[a:b = 1]", "more than the limit of 8"},
		{"many ORs", pattern.Options{}, "[a:b = 1" + strings.Repeat(" OR a:b = 1", 100_000) + "]", ""},
		{"many observations", pattern.Options{}, "[a:b = 1]" + strings.Repeat(" OR [a:b = 1]", 100_000), ""},
		{"long path", pattern.Options{}, "[a:b" + strings.Repeat(".c[0]", 100_000) + " = 1]", ""},
		{"long set", pattern.Options{}, "[a:b IN (1" + strings.Repeat(",1", 100_000) + ")]", ""},
		{"long number", pattern.Options{}, "[a:b = " + strings.Repeat("1", 1<<20) + "]", ""},
		{"long comment", pattern.Options{}, "/*" + strings.Repeat("*", 1<<20) + "*/[a:b = 1]", ""},
		{"long open comment", pattern.Options{}, "[a:b = 1]/*" + strings.Repeat("*/ /*", 1<<18), "comment is not closed"},
		{"unknown version", pattern.Options{Version: "3.0"}, "[a:b = 1]", "version"},
		{"negative limit", pattern.Options{MaxDepth: -1}, "[a:b = 1]", "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tt.options.Parse(tt.text)
			if tt.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				if again, err := tt.options.Parse(p.String()); tt.options.MaxDepth == 0 && (err != nil || again.String() != p.String()) {
					t.Errorf("the canonical text is not stable: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Fatalf("error %v, want one about %q", err, tt.reason)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("message of %d bytes", len(err.Error()))
			}
		})
	}
}
