package pattern_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// realPatterns is the patterns of published bundles; nil if they are not there.
func realPatterns(tb testing.TB) []string {
	tb.Helper()
	shared := os.Getenv("OPENCTI_ELASTIC_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "stix-real", "bundles", "*"))
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		var bundle struct {
			Objects []struct {
				Pattern     string `json:"pattern"`
				PatternType string `json:"pattern_type"`
			} `json:"objects"`
		}
		if err := json.Unmarshal(b, &bundle); err != nil {
			tb.Fatalf("%s: %v", f, err)
		}
		for _, o := range bundle.Objects {
			if o.Pattern != "" && (o.PatternType == "" || o.PatternType == "stix") {
				out = append(out, o.Pattern)
			}
		}
	}
	return out
}

// likeReal looks like published patterns, for machines without them: nine in ten
// are one equality.
func likeReal() []string {
	return []string{
		"[domain-name:value='updates.cdn-example.com']",
		"[file:hashes.sha256='9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']",
		"[ipv4-addr:value = '198.51.100.7']",
		"[url:value = 'https://example.com/a/b/c.php?id=1']",
		"[email-addr:value='someone@example.org']",
		"[file:name = 'invoice.pdf.exe' AND file:hashes.'SHA-256' = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']",
		"[process:command_line MATCHES '^.+\\\\powershell\\\\.exe .*-enc']",
		"[domain-name:value = 'a.example' OR domain-name:value = 'b.example' OR ipv4-addr:value IN ('198.51.100.7', '198.51.100.8')]",
	}
}

func TestRealPatterns(t *testing.T) {
	patterns := realPatterns(t)
	if patterns == nil {
		t.Skip("the published bundles are not here: set OPENCTI_ELASTIC_SHARED")
	}
	for _, text := range patterns {
		p, err := pattern.Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		checkRoundTrip(t, pattern.Options{}, p)
	}
	t.Logf("%d patterns", len(patterns))
}
