package query_test

import (
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// BenchmarkParseAndTranslate parses a pattern and translates it to all five languages.
func BenchmarkParseAndTranslate(b *testing.B) {
	tr, err := query.New(query.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct{ name, text string }{
		{"hash", `[file:hashes.'SHA-256' = '44d88612fea8a8f36de82e1278abb02f44d88612fea8a8f36de82e1278abb02f']`},
		{"domain", `[domain-name:value = 'login.evil.example']`},
		{"address", `[ipv4-addr:value = '198.51.100.7']`},
		{"and", `[file:name = 'evil.exe' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']`},
		{"matches", `[url:value MATCHES '^https?://[a-z]+\\.evil\\.example/']`},
		{"sequence", `([process:name = 'cmd.exe'] FOLLOWEDBY [domain-name:value = 'evil.example']) WITHIN 300 SECONDS`},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(row.text)))
			for b.Loop() {
				p, err := pattern.Parse(row.text)
				if err != nil {
					b.Fatal(err)
				}
				set := tr.TranslateAll(p)
				if _, err := set.Get(query.EQL); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
