package rules_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// TestBroadPatterns: what (nearly) all events satisfy is made switched off, and both the rule and the document say why.
func TestBroadPatterns(t *testing.T) {
	for _, tt := range []struct {
		language, pattern string
		why               string // empty: the rule is switched on
	}{
		{"stix", "[ipv4-addr:value ISSUBSET '0.0.0.0/0']", "nearly all addresses"},
		{"stix", "[ipv6-addr:value ISSUBSET '2000::/3']", "nearly all addresses"},
		{"stix", "[ipv4-addr:value ISSUBSET '10.1.0.0/16']", "local, reserved"},
		{"stix", "[ipv4-addr:value ISSUBSET '203.0.113.0/24']", ""},
		{"stix", "[ipv4-addr:value = '127.0.0.1']", "local, reserved"},
		{"stix", "[ipv6-addr:value = '::1']", "local, reserved"},
		{"stix", "[network-traffic:dst_ref.value = '8.8.8.8' AND network-traffic:dst_port = 4444]", ""},
		{"stix", "[domain-name:value = 'WWW.google.com']", "everyone visits"},
		{"stix", "[url:value = 'https://github.com/']", "everyone visits"},
		{"stix", "[url:value = 'https://github.com/evil/repository']", ""},
		{"stix", "[file:hashes.MD5 = 'D41D8CD98F00B204E9800998ECF8427E']", "empty file"},
		{"stix", "[domain-name:value LIKE '%']", "any value"},
		{"stix", "[domain-name:value LIKE '%.evil.example']", ""},
		{"stix", "[file:name MATCHES '.*']", "any value"},
		{"stix", "[file:name MATCHES '^.+$']", "any value"},
		{"stix", "[file:name MATCHES '^ev.l$']", ""},
		{"stix", "[EXISTS file:name]", "any value"},
		{"stix", "[file:name != 'a']", "all but"},
		{"stix", "[file:name NOT IN ('a', 'b')]", "all but"},
		{"stix", "[file:name = 'evil.exe' AND file:size != 0]", ""},
		{"stix", "[domain-name:value = 'evil.example' OR file:name != 'a']", "all but"},
		{"stix", "[file:name != 'a'] FOLLOWEDBY [domain-name:value = 'evil.example']", ""},
		{"kql", "*", "every event"},
		{"kql", " (host.name : *) ", "every event"},
		{"kql", "host.name: evil*", ""},
		{"lucene", "*:*", "every event"},
		{"lucene", "_exists_:host.name", "every event"},
		{"lucene", "host.name:evil*", ""},
		{"eql", "any where true", "every event"},
		{"eql", "process where process.name == \"evil.exe\"", ""},
		{"esql", "FROM logs-* | LIMIT 10", "no condition"},
		{"esql", "FROM logs-* | WHERE host.name == \"evil\"", ""},
		{"esql", "FROM logs-a-*, filebeat-8.1, -logs-b METADATA _id | WHERE host.name == \"evil\"", ""},
		{"esql", "FROM .security* | WHERE host.name == \"evil\"", "read the index .security"},
		{"esql", "FROM logs-*,.kibana | WHERE host.name == \"evil\"", "read the index .kibana"},
		{"esql", "FROM * | WHERE host.name == \"evil\"", "not among the indices of events"},
		{"esql", "FROM l* | WHERE host.name == \"evil\"", "read the index l"},
		{"esql", "FROM remote:logs-* | WHERE host.name == \"evil\"", "another cluster"},
		{"esql", "FROM logs-* | ENRICH secrets ON user.name | WHERE a == \"evil\"", "enrich policy secrets"},
		{"esql", "FROM logs-* | LOOKUP JOIN other ON user.name | WHERE a == \"evil\"", "lookup index other"},
	} {
		o, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--1","name":"x","pattern_type":` + strconv.Quote(tt.language) + `,"pattern":` + strconv.Quote(tt.pattern) + `}`))
		if err != nil {
			t.Fatal(err)
		}
		b, err := rules.NewBuilder(rules.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rule, err := b.Build(o)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		c, reason := rule.Base(), b.Reason(o)
		if c.Enabled != (tt.why == "") || !strings.Contains(reason, tt.why) || (reason == "") != (tt.why == "") || tt.why != "" && !strings.Contains(c.Note, tt.why) {
			t.Errorf("%s: enabled %v, reason %q, want %q; note %q", tt.pattern, c.Enabled, reason, tt.why, c.Note)
		}
	}
}

// BenchmarkBroad is what each pattern pays to be found narrow.
func BenchmarkBroad(b *testing.B) {
	builder, err := rules.NewBuilder(rules.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for name, pattern := range map[string]string{
		"address": "[ipv4-addr:value = '203.0.113.9']", "domain": "[domain-name:value = 'c2.evil.example']", "url": "[url:value = 'https://evil.example/a?b=c']",
	} {
		o, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--1","pattern_type":"stix","pattern":` + strconv.Quote(pattern) + `}`))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if builder.Reason(o) != "" {
					b.Fatal("broad")
				}
			}
		})
	}
}
