package native_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules/native"
	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// TestServersVerdicts holds the checks against what Elasticsearch 8.19 said of some hundreds of texts, whole ones and
// ones with a part cut out, doubled or put in. None that runs may be refused, but for the reasons that are
// named; of the others the structure must show nearly all.
func TestServersVerdicts(t *testing.T) {
	for _, tt := range []struct {
		lang  query.Language
		taken int // how many that the server refuses may pass: for reasons that no structure shows
	}{{query.KQL, 10}, {query.Lucene, 1}} {
		t.Run(tt.lang.String(), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", strings.ToLower(tt.lang.String())+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var rows [][2]any
			if err := json.Unmarshal(data, &rows); err != nil {
				t.Fatal(err)
			}
			taken := 0
			for _, row := range rows {
				text, runs := row[0].(string), row[1].(bool)
				switch err := native.Check(tt.lang, text); {
				case runs && err != nil && !stricter(tt.lang, err):
					t.Errorf("refused, though it runs: %s: %v", text, err)
				case !runs && err == nil:
					taken++
				}
			}
			if len(rows) < 400 || taken > tt.taken {
				t.Errorf("of %d texts, %d that the server refuses passed, want at most %d", len(rows), taken, tt.taken)
			}
		})
	}
}

// stricter reports whether a text is refused on purpose though Elasticsearch takes it: quotes of word processors, which it
// takes for letters, and, in KQL, what Kibana's own reader refuses, by which rules go.
func stricter(lang query.Language, err error) bool {
	if strings.Contains(err.Error(), "of a word processor") {
		return true
	}
	for _, reason := range []string{"ends where a value is expected", "joins nothing here", "')' closes nothing", "without its closing quote"} {
		if lang == query.KQL && strings.Contains(err.Error(), reason) {
			return true
		}
	}
	return false
}
