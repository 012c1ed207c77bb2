package pattern_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern/patterntest"
)

var update = flag.Bool("update", false, "write the golden sections of testdata/*.txt anew")

// TestScripts shows what the package makes of whole patterns: the canonical text,
// the values, the warnings, or the error.
func TestScripts(t *testing.T) {
	for _, file := range []string{"testdata/patterns.txt", "testdata/errors.txt", "testdata/warnings.txt"} {
		patterntest.Run(t, file, *update, func(t *testing.T, c patterntest.Case) []patterntest.Section {
			p, err := c.Parse()
			if err != nil {
				return []patterntest.Section{{Name: "error", Text: err.Error()}}
			}
			out := []patterntest.Section{{Name: "canonical", Text: p.String()}}
			add := func(name string, lines []string) {
				if len(lines) > 0 {
					out = append(out, patterntest.Section{Name: name, Text: strings.Join(lines, "\n")})
				}
			}
			if strings.HasSuffix(file, "patterns.txt") {
				add("comparisons", summaryLines(t, p))
				add("sufficient", valueLines(pattern.SufficientValues(p)))
				add("accompanied", valueLines(pattern.AccompaniedValues(p)))
			}
			var warnings []string
			for _, w := range pattern.Lint(p) {
				warnings = append(warnings, w.String())
			}
			add("warnings", warnings)
			return out
		})
	}
}

func summaryLines(t *testing.T, p *pattern.Pattern) []string {
	t.Helper()
	var lines []string
	for _, s := range pattern.Summaries(p) {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(b))
	}
	return lines
}

func valueLines(values []pattern.Value) []string {
	var lines []string
	for _, v := range values {
		lines = append(lines, fmt.Sprintf("%s = %s", v.Path, v.Literal))
	}
	return lines
}
