package query_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// TestServerTakesTheLimits sends what is just within the translator's limits to
// a real Elasticsearch: whatever is translated must not be refused.
func TestServerTakesTheLimits(t *testing.T) {
	s := newServer(t)
	mapping := query.DefaultMapping()
	name := fmt.Sprintf("query-limits-%x", rand.Uint64())
	s.index(name, mapping.Table(), []event{{"@timestamp": {"2026-01-01T00:00:00Z"}, "process.name": {"evil.exe"}}})
	tr := translator(t, query.Options{Indices: []string{name}})
	list := func(value func(i int) string, n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = value(i)
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	text := func(i int) string { return fmt.Sprintf("'v%d'", i) }
	deep := "process:pid = 0"
	for range 9 {
		deep = "(process:pid = 1 AND (process:cwd = 'x' OR " + deep + "))"
	}
	for _, row := range []struct{ name, pattern string }{
		{"many texts", "[process:name IN " + list(text, query.DefaultMaxClauses) + "]"},
		{"many texts of five fields", "[domain-name:value IN " + list(text, query.DefaultMaxClauses/5) + "]"},
		{"many texts negated", "[domain-name:value NOT IN " + list(text, query.DefaultMaxClauses/5-1) + "]"},
		{"deep", "[" + deep + "]"},
		{"loose wildcards", "[process:name LIKE '%a_________b%']"},
		{"more loose wildcards", "[process:name LIKE '%a______________________b%']"},
		{"wildcards all over", "[process:name LIKE '" + strings.Repeat("%a_b", 40) + "%']"},
		{"long text with wildcards", "[process:command_line LIKE '%" + strings.Repeat("0123456789", 3000) + "%']"},
		{"counted", `[process:name MATCHES '[a-z]{200}']`},
		{"counted with a range", `[process:name MATCHES '^[a-z]{1,500}$']`},
		{"exponential", `[process:name MATCHES '(a|b)*a(a|b){9}']`},
		{"more exponential", `[process:name MATCHES '(a|b)*a(a|b){16}']`},
		{"dots", `[process:name MATCHES 'a.{8}b']`},
		{"more dots", `[process:name MATCHES 'a.{20}b']`},
		{"nested repeats", `[process:name MATCHES '((a{1,30}){1,30}b)+$']`},
		{"long expression", `[process:name MATCHES '` + strings.Repeat("ab|cd+e|", 110) + `x']`},
		{"too long expression", `[process:name MATCHES '` + strings.Repeat("a+bc", 500) + `']`},
		{"folded", `[process:name MATCHES '(?i)` + strings.Repeat("abcdefghij", 20) + `']`},
		{"classes", `[process:name MATCHES '[^a-z0-9]+[[:alpha:]][\\x{100}-\\x{10ffff}][^\\n]\\p{Greek}']`},
		{"all IPv6 but IPv4", "[ipv6-addr:value ISSUBSET '::/0']"},
	} {
		t.Run(row.name, func(t *testing.T) {
			set := tr.TranslateAll(mustParse(row.pattern))
			for lang, r := range set.All() {
				var found hits
				switch {
				case r.Err != nil:
					t.Logf("%s: %v", lang, r.Err)
					continue
				case lang == query.EQL:
					continue
				case lang == query.ESQL:
					found = s.esql([]string{r.Query.Text})[0]
				default:
					found = s.search(name, []string{wrap(r.Query)})[0]
				}
				if found.fault != "" {
					t.Errorf("%s: refused: %.300s\n%.300s", lang, found.fault, r.Query.Text)
				}
			}
		})
	}
}
