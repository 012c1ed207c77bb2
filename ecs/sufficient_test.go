package ecs_test

import (
	"fmt"
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
		{"destination", `[network-traffic:dst_ref.value = '203.0.113.7']`, "203.0.113.7", "203.0.113.7", "ipv4-addr"},
		{"destination by name", `[network-traffic:dst_ref.value = 'a.example']`, "a.example", "a.example", "domain-name"},
		{"guard", `[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113[.]7']`, "203.0.113.7", "203.0.113.7", "ipv4-addr"},
		{"guard that contradicts", `[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.7']`, "", "203.0.113.7", "ipv4-addr"},
		{"guard and port", `[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = '80']`, "", "203.0.113.7", "ipv4-addr"},
		{"hashes of one file", `[file:name = 'a.exe' AND file:hashes.MD5 = '` + md5 + `' AND file:hashes.'SHA-1' = '` + strings.Repeat("a", 40) + `']`, strings.Repeat("a", 40) + " " + md5, md5 + " " + strings.Repeat("a", 40), "file"},
		{"hashes of two files", `[file:hashes.MD5 = '` + md5 + `' AND file:hashes.MD5 = '` + strings.Repeat("b", 32) + `']`, "", md5 + " " + strings.Repeat("b", 32), "file"},
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
			joined := slices.Concat(v.IP, v.Email, v.URL.Domain, h.SHA1, h.MD5)
			if v.Registry != nil {
				joined = append(joined, v.Registry.Path...)
			}
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
		if meant := (ecs.Reading{}).Read(p).Pattern; meant != nil {
			for _, v := range pattern.SufficientValues(meant) {
				switch path := v.Path.String(); path {
				case "ipv4-addr:value", "ipv6-addr:value", "network-traffic:dst_ref.value", "network-traffic:src_ref.value":
					if ip := mapped(t, m, observable(t, "ipv4-addr", `{"value":`+quote(v.Literal.Text)+`}`)).Threat.Indicator.IP; len(ip) == 1 && !slices.Contains(want, ip[0]) {
						want = append(want, ip[0])
					}
				}
			}
		}
		got := mapped(t, m, patternIndicator(t, text)).Threat.Indicator.IP
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestLong maps objects with very many values: what is kept is bounded or a set, and nothing takes quadratic time.
func TestLong(t *testing.T) {
	const n = 30_000
	list := func(format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	texts := "[" + list(`"text %d",`) + "]"
	m := newMapper(t)
	d := mapped(t, m, patternIndicator(t, "[domain-name:value IN ("+list("'h%d.example',")+")]"))
	if got := d.Threat.Indicator.URL; len(got.Domain) != n || len(got.TopLevelDomain) != 1 {
		t.Errorf("%d names, %d suffixes", len(got.Domain), len(got.TopLevelDomain))
	}
	if len(d.OpenCTI.Indicator.Value) != 1024 {
		t.Errorf("%d values", len(d.OpenCTI.Indicator.Value))
	}
	mapped(t, m, patternIndicator(t, "[url:value IN ("+list("'http://example.com/?%d',")+")]"))
	mapped(t, m, patternIndicator(t, "[file:size IN ("+list("%d,")+")]"))
	mapped(t, m, patternIndicator(t, "["+strings.TrimSuffix(list("file:hashes.'X-%d' = 'a' OR "), " OR ")+"]"))
	mapped(t, m, observable(t, "x509-certificate", `{"issuer":"`+list("CN=n%d,")+`","x509_v3_extensions":{"subject_alternative_name":"`+list("DNS:n%d,")+`"}}`))
	mapped(t, m, observable(t, "file", `{"additional_names":`+texts+`,"labels":`+texts+`,"object_marking_refs":`+texts+`,"hashes":{`+list(`"h%d":"value",`)+`}}`))
	mapped(t, m, observable(t, "windows-registry-key", `{"key":"HKLM\\a","values":[`+list(`{"name":"n%[1]d","data":"d%[1]d","data_type":"t%[1]d"},`)+`]}`))
	d = mapped(t, m, indicator(t, `{"external_references":[`+list(`{"source_name":"s%d"},`)+`],"kill_chain_phases":[`+list(`{"kill_chain_name":"k","phase_name":"p%d"},`)+`]}`, `{"id":"1"}`))
	if len(d.OpenCTI.Indicator.KillChainPhase) != n || len(d.OpenCTI.Indicator.References.SourceName) != n {
		t.Errorf("%d phases, %d references", len(d.OpenCTI.Indicator.KillChainPhase), len(d.OpenCTI.Indicator.References.SourceName))
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
