package ecs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// TestSufficientValues says for each form of pattern what joins, what is only related, and the type.
func TestSufficientValues(t *testing.T) {
	const md5 = "d41d8cd98f00b204e9800998ecf8427e"
	for _, row := range []struct {
		name, pattern, joined, related, word string
	}{
		{"one", `[ipv4-addr:value = '203.0.113.7']`, "203.0.113.7", "203.0.113.7", "ipv4-addr"},
		{"or", `[ipv4-addr:value = '203.0.113.7' OR ipv6-addr:value = '2001:db8::1']`, "203.0.113.7 2001:db8::1", "203.0.113.7 2001:db8::1", "ipv4-addr"},
		{"or of observations", `[ipv4-addr:value = '203.0.113.7'] OR [ipv4-addr:value = '203.0.113.8']`, "203.0.113.7 203.0.113.8", "203.0.113.7 203.0.113.8", "ipv4-addr"},
		{"and", `[ipv4-addr:value = '203.0.113.7' AND domain-name:value = 'a.example']`, "", "203.0.113.7 a.example", "ipv4-addr"},
		{"and of observations", `[ipv4-addr:value = '203.0.113.7'] AND [domain-name:value = 'a.example']`, "", "203.0.113.7 a.example", "ipv4-addr"},
		{"or in and", `[(ipv4-addr:value = '203.0.113.7' OR ipv4-addr:value = '203.0.113.8') AND network-traffic:dst_port = 80]`, "", "203.0.113.7 203.0.113.8", "ipv4-addr"},
		{"and in or", `[ipv4-addr:value = '203.0.113.7' OR (ipv4-addr:value = '203.0.113.8' AND network-traffic:dst_port = 80)]`, "203.0.113.7", "203.0.113.7 203.0.113.8", "ipv4-addr"},
		{"in", `[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')]`, "203.0.113.7 203.0.113.8", "203.0.113.7 203.0.113.8", "ipv4-addr"},
		{"not in", `[ipv4-addr:value NOT IN ('203.0.113.7')]`, "", "203.0.113.7", "ipv4-addr"},
		{"not equal", `[ipv4-addr:value != '203.0.113.7']`, "", "203.0.113.7", "ipv4-addr"},
		{"not", `[ipv4-addr:value NOT = '203.0.113.7']`, "", "203.0.113.7", "ipv4-addr"},
		{"like", `[domain-name:value LIKE '%.example']`, "", "", "domain-name"},
		{"matches", `[domain-name:value MATCHES '^a']`, "", "", "domain-name"},
		{"subset", `[ipv4-addr:value ISSUBSET '203.0.113.7/32']`, "", "203.0.113.7", "ipv4-addr"},
		{"exists", `[EXISTS file:name]`, "", "", "file"},
		{"followed by", `[ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [ipv4-addr:value = '203.0.113.8']`, "", "203.0.113.7 203.0.113.8", "ipv4-addr"},
		{"within", `[ipv4-addr:value = '203.0.113.7'] WITHIN 60 SECONDS`, "203.0.113.7", "203.0.113.7", "ipv4-addr"},
		{"repeats", `[ipv4-addr:value = '203.0.113.7'] REPEATS 2 TIMES`, "", "203.0.113.7", "ipv4-addr"},
		{"start stop", `[ipv4-addr:value = '203.0.113.7'] START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'`, "", "203.0.113.7", "ipv4-addr"},
		{"hash by any spelling", `[file:hashes.'sha-1' = '` + strings.Repeat("A", 40) + `' OR file:hashes.MD5 = '` + md5 + `']`, strings.Repeat("a", 40) + " " + md5, strings.Repeat("a", 40) + " " + md5, "file"},
		{"hash of the wrong length", `[file:hashes.MD5 = 'abcd']`, "", "abcd", "file"},
		{"recipient", `[email-message:to_refs[*].value = 'a@b.example']`, "", "a@b.example", ""},
		{"sender", `[email-message:from_ref.value = 'a@b.example']`, "a@b.example", "a@b.example", "email-addr"},
		{"destination", `[network-traffic:dst_ref.value = '203.0.113.7']`, "", "203.0.113.7", ""},
		{"image of a process", `[process:image_ref.hashes.MD5 = '` + md5 + `']`, "", md5, "process"},
		{"account", `[user-account:account_login = 'svc']`, "", "svc", "user-account"},
		{"registry", `[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Foo']`, `HKLM\Foo`, "", "windows-registry-key"},
		{"path that is not known", `[x-thing:value = 'a']`, "", "", ""},
		{"path with a tail", `[ipv4-addr:value.more = '203.0.113.7']`, "", "", "ipv4-addr"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := mapped(t, newMapper(t), patternIndicator(t, row.pattern))
			v, r := d.Threat.Indicator.Values, d.Related
			h := v.File.Hash
			joined := slices.Concat(v.IP, v.Email, v.URL.Domain, h.SHA1, h.MD5, v.Registry.Path)
			related := slices.Concat(r.IP, r.Hosts, r.Hash, r.User)
			got := []string{strings.Join(joined, " "), strings.Join(related, " "), d.Threat.Indicator.Type}
			if diff := cmp.Diff([]string{row.joined, row.related, row.word}, got); diff != "" {
				t.Errorf("joined, related, type (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSufficientAsPatternSays compares with what package pattern says: of 2,000 generated patterns,
// an address joins only if it is one of the pattern's sufficient values.
func TestSufficientAsPatternSays(t *testing.T) {
	g, m := newGenerator(t, 3), newMapper(t)
	for range 2_000 {
		text := g.pattern()
		p, err := pattern.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, v := range pattern.SufficientValues(p) {
			if path := v.Path.String(); path == "ipv4-addr:value" || path == "ipv6-addr:value" {
				if ip := mapped(t, m, observable(t, "ipv4-addr", `{"value":`+quote(v.Literal.Text)+`}`)).Threat.Indicator.IP; len(ip) == 1 && !slices.Contains(want, ip[0]) {
					want = append(want, ip[0])
				}
			}
		}
		got := mapped(t, m, patternIndicator(t, text)).Threat.Indicator.IP
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestLongPattern maps a pattern of very many values in bounded time.
func TestLongPattern(t *testing.T) {
	const n = 20_000
	var b strings.Builder
	b.WriteString("[ipv4-addr:value IN ('203.0.113.1'")
	g := newGenerator(t, 4)
	for range n {
		b.WriteString(",'" + strings.ToLower(g.ip()) + "'")
	}
	b.WriteString(")]")
	d, err := newMapper(t).Map(patternIndicator(t, b.String()))
	if err != nil || len(d.Threat.Indicator.IP) < n-100 {
		t.Errorf("%d addresses, %v", len(d.Threat.Indicator.IP), err)
	}
	if len(d.OpenCTI.Indicator.Value) > 1024 {
		t.Errorf("%d values", len(d.OpenCTI.Indicator.Value))
	}
}

// TestOtherPatterns: what OpenCTI understood of a pattern that is not STIX is related, never joined.
func TestOtherPatterns(t *testing.T) {
	const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, kind := range []string{"sigma", "yara", "kql", "stix"} {
		d := mapped(t, newMapper(t), decode(t, `{"type":"indicator","id":"indicator--1","pattern_type":`+quote(kind)+`,"pattern":"not a STIX pattern","extensions":{`+octi+
			`:{"id":"1","main_observable_type":"Unknown","observable_values":[{"type":"IPv4-Addr","value":"203.0.113.7"},{"type":"StixFile","hashes":{"SHA-256":"`+hash+`"}},`+
			`{"type":"StixFile","hashes":[{"algorithm":"SHA-256","hash":"`+hash+`"}]},{"type":"Credential","value":"hunter2"},{"type":"Odd","value":1},null]}}}`))
		if diff := cmp.Diff(ecs.Values{}, d.Threat.Indicator.Values); diff != "" {
			t.Errorf("%s joins:\n%s", kind, diff)
		}
		if diff := cmp.Diff(ecs.Related{IP: []string{"203.0.113.7"}, Hash: []string{hash}}, d.Related); diff != "" {
			t.Errorf("%s: related (-want +got):\n%s", kind, diff)
		}
		if d.Threat.Indicator.Type != "" || d.Threat.Indicator.Name != "203.0.113.7" {
			t.Errorf("%s: type %q, name %q", kind, d.Threat.Indicator.Type, d.Threat.Indicator.Name)
		}
	}
}

func patternIndicator(t testing.TB, text string) *stix.Object {
	t.Helper()
	return decode(t, `{"type":"indicator","id":"indicator--1","pattern_type":"stix","pattern":`+quote(text)+`}`)
}

func decode(t testing.TB, object string) *stix.Object {
	t.Helper()
	o, err := stix.DecodeObject([]byte(object))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
