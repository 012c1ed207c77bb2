package query_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden keeps, for each language, a file that shows how patterns are
// translated: pattern, query, losses. It is written to be read.
func TestGolden(t *testing.T) {
	patterns, err := os.ReadFile(filepath.Join("testdata", "patterns.txt"))
	if err != nil {
		t.Fatal(err)
	}
	exact, err := query.New(query.Options{Indices: []string{"logs-*"}})
	if err != nil {
		t.Fatal(err)
	}
	wider, err := query.New(query.Options{Indices: []string{"logs-*"}, AllowWider: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range query.Languages() {
		t.Run(string(lang), func(t *testing.T) {
			var b strings.Builder
			fmt.Fprintf(&b, "How patterns become %s. \"wider\" is with Options.AllowWider, where it differs.\n", lang)
			for line := range strings.Lines(string(patterns)) {
				line = strings.TrimSuffix(line, "\n")
				switch {
				case line == "":
				case strings.HasPrefix(line, "#"):
					b.WriteString("\n" + line + "\n")
				default:
					b.WriteString("\npattern " + line + "\n")
					plain := show(exact, line, lang)
					b.WriteString(plain)
					if more := show(wider, line, lang); more != plain {
						b.WriteString(strings.Replace(more, "query   ", "wider   ", 1))
					}
				}
			}
			golden(t, string(lang)+".golden", b.String())
		})
	}
}

func show(tr *query.Translator, text string, lang query.Language) string {
	q, err := tr.Translate(mustParse(text), lang)
	var lost *query.UntranslatableError
	if errors.As(err, &lost) {
		return "none    " + err.Error() + "\n"
	}
	var b strings.Builder
	b.WriteString("query   " + strings.ReplaceAll(q.Text, "\n", "\n        ") + "\n")
	for _, l := range q.Lossy {
		fmt.Fprintf(&b, "loss    at %d: %s\n", l.At, strings.TrimSpace(l.Path+" "+l.Why))
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); run with -update if it is right:\n%s", path, diff)
	}
}
