package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/rules"
)

// TestShapes says for patterns as people write them what the document joins, what the rule asks, and
// whether the managed rules of the policy match cover the pattern. An empty query is no rule.
func TestShapes(t *testing.T) {
	const (
		md5    = "5eb63bbbe01eeed093cb22bb8f5acdc3"
		sha1   = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"
		sha256 = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
	)
	for _, row := range []struct {
		name, pattern string
		query         []string // parts of the rule's query, none for no rule
		not           []string // what it must not hold
		joined        string   // the values that the document joins
		word          string   // threat.indicator.type
		covered       bool
	}{
		{
			"address behind its guard", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.201']",
			[]string{`destination.ip: "203.0.113.201"`},
			[]string{"source.ip", "ipv4-addr"}, "203.0.113.201", "ipv4-addr", true,
		},
		{
			"with a port as text", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.202' AND network-traffic:dst_port = '8080']",
			[]string{`destination.ip: "203.0.113.202"`, `destination.port: 8080`}, nil, "", "ipv4-addr", false,
		},
		{
			"source", "[network-traffic:src_ref.type = 'ipv6-addr' AND network-traffic:src_ref.value = '2001:db8::77']",
			[]string{`source.ip: "2001:db8::77"`},
			[]string{"destination"}, "2001:db8::77", "ipv6-addr", true,
		},
		{
			"name behind its guard", "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'guard.example.net']",
			[]string{`destination.domain: "guard.example.net"`}, nil, "guard.example.net", "domain-name", true,
		},
		{"guard that contradicts", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.204']", nil, nil, "", "ipv4-addr", false},
		{
			"three hashes of one file", "[file:hashes.MD5 = '" + md5 + "' AND file:hashes.'SHA-1' = '" + sha1 + "' AND file:hashes.'SHA-256' = '" + sha256 + "']",
			[]string{`process.hash.sha256: "` + sha256, " or ", `file.hash.md5: "` + md5},
			[]string{" and "}, md5 + " " + sha1 + " " + sha256, "file", true,
		},
		{
			"name and hash", "[file:name = 'x.exe' AND file:hashes.'SHA-256' = '" + sha256 + "']",
			[]string{`file.hash.sha256: "` + sha256},
			[]string{"x.exe", " and "}, sha256, "file", true,
		},
		{"two of one algorithm", "[file:hashes.'SHA-256' = '" + sha256 + "' AND file:hashes.'SHA-256' = '" + strings.Repeat("0", 63) + "1']", nil, nil, "", "file", false},
		{
			"hash of a file and an address", "[file:hashes.'SHA-256' = '" + sha256 + "' AND ipv4-addr:value = '203.0.113.8']",
			[]string{`file.hash.sha256: "` + sha256, "203.0.113.8", " and "}, nil, "", "file", false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := indicator(t, values{"pattern": row.pattern, "octi": values{"main_observable_type": "Unknown"}})
			mapper, err := ecs.NewMapper(ecs.Options{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			doc, err := mapper.Map(o)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(joinedValues(&doc.Threat.Indicator.Values), " "); got != row.joined || doc.Threat.Indicator.Type != row.word {
				t.Errorf("the document joins %q as %q, want %q as %q", got, doc.Threat.Indicator.Type, row.joined, row.word)
			}
			for _, v := range doc.OpenCTI.Indicator.Value {
				if strings.HasSuffix(v, "-addr") || v == "domain-name" {
					t.Errorf("opencti.indicator.value holds %q", v)
				}
			}
			query := ""
			rule, err := newBuilder(t, rules.Options{}).Build(o)
			switch none, isNone := errors.AsType[*rules.NoRuleError](err); {
			case isNone && row.query != nil || err != nil && !isNone:
				t.Fatal(err)
			case isNone && (none.Detail == "" || len(doc.Dropped) == 0):
				t.Errorf("no rule, and the reason is %q; the document's notes are %v", none.Detail, doc.Dropped)
			case err == nil:
				query = rule.(*rules.QueryRule).Query
			}
			if row.query == nil && query != "" {
				t.Errorf("there is a rule: %s", query)
			}
			for _, part := range row.query {
				if !strings.Contains(query, part) {
					t.Errorf("the query\n%s\nlacks %s", query, part)
				}
			}
			for _, part := range row.not {
				if strings.Contains(query, part) {
					t.Errorf("the query\n%s\nholds %s", query, part)
				}
			}
			_, err = newBuilder(t, rules.Options{Policy: rules.Match}).Build(o)
			none, _ := errors.AsType[*rules.NoRuleError](err)
			if covered := none != nil && none.Why == rules.Covered; covered != row.covered {
				t.Errorf("covered by managed rules: %v, want %v", covered, row.covered)
			}
		})
	}
}

// joinedValues is what indicator-match rules join.
func joinedValues(v *ecs.Values) []string {
	h := &v.File.Hash
	var out []string
	for _, list := range [][]string{v.IP, v.URL.Full, v.URL.Domain, v.Email, h.MD5, h.SHA1, h.SHA256, h.SHA512, h.TLSH, v.File.Imphash, v.File.Name} {
		out = append(out, list...)
	}
	if v.Registry != nil {
		out = append(out, v.Registry.Path...)
	}
	if v.X509 != nil {
		out = append(out, v.X509.SerialNumber...)
	}
	return out
}
