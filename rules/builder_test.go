package rules_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

type values = map[string]any

var update = flag.Bool("update", false, "write golden files")

func now() time.Time { return time.Date(2026, 11, 23, 15, 12, 20, 0, time.UTC) }

type names struct{}

func (names) Author(ref string) (name, class string, ok bool) {
	return "ACME [Intel](x)", "organization", ref == "identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced"
}

func (names) Marking(ref string) (name, kind string, ok bool) {
	return "PAP:RED", "PAP", ref == "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9"
}

func newBuilder(t testing.TB, o rules.Options) *rules.Builder {
	t.Helper()
	if o.Now == nil {
		o.Now = now
	}
	b, err := rules.NewBuilder(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// indicator makes one; more overrides its members, and "octi" those of OpenCTI's extension.
func indicator(t testing.TB, more values) *stix.Object {
	t.Helper()
	octi := values{"extension_type": "property-extension", "id": "7ad0f4ab-93b3-4a8e-9d3b-0c4f9f1f2a10", "type": "Indicator", "score": 85, "detection": true, "main_observable_type": "IPv4-Addr"}
	o := values{
		"type": "indicator", "spec_version": "2.1", "id": "indicator--5a6bd6a4-2f0b-5d0c-9a1e-4f2f5d9b7c11",
		"created": "2026-11-23T15:12:20.100Z", "modified": "2026-11-23T15:12:20.100Z", "revoked": false, "confidence": 80, "lang": "en",
		"labels": []string{"c2", "T1071.001"}, "object_marking_refs": []string{"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9"},
		"created_by_ref":      "identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced",
		"external_references": []values{{"source_name": "ACME report", "url": "https://example.org/report/12"}, {"source_name": "mitre-attack", "external_id": "T1059"}},
		"name":                "203.0.113.77", "description": "Beacon server", "indicator_types": []string{"malicious-activity"},
		"pattern": "[ipv4-addr:value = '203.0.113.77']", "pattern_type": "stix", "pattern_version": "2.1",
		"valid_from": "2026-11-20T00:00:00.000Z", "valid_until": "2027-02-18T00:00:00.000Z",
		"kill_chain_phases": []values{{"kill_chain_name": "mitre-attack", "phase_name": "command-and-control"}},
	}
	for name, v := range more {
		switch name {
		case "octi":
			for name, v := range v.(values) {
				octi[name] = v
			}
		default:
			o[name] = v
		}
	}
	o["extensions"] = values{stix.ExtensionOCTI: octi}
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	object, err := stix.DecodeObject(b)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// golden compares with a file below testdata.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append([]byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(got))), '\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func decoded(t testing.TB, r rules.Rule) values {
	t.Helper()
	b, err := rules.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var out values
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGoldenRules(t *testing.T) {
	tests := []struct {
		name, file string
		more       values
		options    rules.Options
	}{
		{name: "STIX, one event, by KQL", file: "stix-kql"},
		{name: "STIX that KQL can't say, by Lucene", file: "stix-lucene", more: values{"pattern": `[url:value MATCHES '^https?://[a-z]{3,9}\\.example/']`}},
		{name: "STIX sequence, by EQL", file: "stix-eql", more: values{"pattern": "([domain-name:value = 'evil.example'] FOLLOWEDBY [file:name = 'a.exe']) WITHIN 600 SECONDS"}},
		{name: "STIX repetition, by threshold", file: "stix-threshold", more: values{"pattern": "[ipv4-addr:value = '203.0.113.77'] REPEATS 5 TIMES"}},
		{name: "STIX with a path that no field carries", file: "stix-lossy", more: values{"pattern": "[ipv4-addr:value = '203.0.113.77' OR mutex:name = 'x']"}},
		{name: "KQL", file: "kql", more: values{"pattern_type": "kql", "pattern": `process.name : "evil.exe" and not user.name : "admin"`}},
		{name: "Lucene", file: "lucene", more: values{"pattern_type": "lucene", "pattern": `process.name:/evil[0-9]+\.exe/`}},
		{name: "EQL", file: "eql", more: values{"pattern_type": "eql", "pattern": "sequence by host.id\n  [process where process.name == \"a\"]\n  [network where true]"}},
		{name: "ES|QL", file: "esql", more: values{"pattern_type": "esql", "pattern": `FROM logs-* | WHERE process.name == "evil.exe"`}},
		{name: "all options", file: "options", options: rules.Options{
			Indices: []string{"logs-endpoint*"}, Interval: time.Hour, Lookback: time.Minute, MaxSignals: 20, EventTime: true,
			SuppressBy: []string{"host.id", "user.name"}, SuppressFor: 30 * time.Minute, BuildingBlock: true,
			InvestigationFields: []string{"user.name"}, Author: "SOC", License: "internal", CreateDisabled: true,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.References, tt.options.OpenCTIURL = names{}, "https://cti.example.org/"
			r, err := newBuilder(t, tt.options).Build(indicator(t, tt.more))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "rules/"+tt.file+".json", decoded(t, r))
		})
	}
}

func TestGoldenManaged(t *testing.T) {
	for _, policy := range []rules.Policy{rules.Match, rules.Lookup} {
		t.Run(string(policy), func(t *testing.T) {
			all := newBuilder(t, rules.Options{Policy: policy}).Managed()
			if policy == rules.Match && len(all) > 10 {
				t.Errorf("%d managed rules, want at most 10", len(all))
			}
			for _, r := range all {
				name := strings.TrimPrefix(r.Base().RuleID, "opencti-elastic-")
				golden(t, "managed/"+name+".json", decoded(t, r))
			}
		})
	}
}

func TestNoRule(t *testing.T) {
	tests := []struct {
		name   string
		more   values
		policy rules.Policy
		want   rules.Why
		fault  bool
	}{
		{"observable", values{"type": "ipv4-addr"}, "", rules.NotIndicator, false},
		{"off", nil, rules.Off, rules.SwitchedOff, false},
		{"covered", nil, rules.Match, rules.Covered, false},
		{"covered by lookup", nil, rules.Lookup, rules.Covered, false},
		{"left out by the filter", values{"labels": []string{"unwanted"}}, "", rules.Filtered, false},
		{"sigma", values{"pattern_type": "sigma"}, "", rules.NoElasticQuery, false},
		{"yara", values{"pattern_type": "YARA"}, "", rules.NoElasticQuery, false},
		{"revoked", values{"revoked": true}, "", rules.Revoked, false},
		{"expired", values{"valid_until": "2026-11-23T15:12:20Z"}, "", rules.Expired, false},
		{"STOP is over", values{"pattern": "[ipv4-addr:value = '1.2.3.4'] START t'2020-01-01T00:00:00Z' STOP t'2020-01-02T00:00:00Z'"}, "", rules.Expired, false},
		{"no pattern", values{"pattern": " "}, "", rules.BrokenPattern, true},
		{"pattern that can't be read", values{"pattern": "[ipv4-addr:value = "}, "", rules.BrokenPattern, true},
		{"path without a field", values{"pattern": "[mutex:name = 'x']"}, "", rules.Untranslatable, true},
		{"kql that can't run", values{"pattern_type": "kql", "pattern": `a : "b`}, "", rules.BrokenPattern, true},
		{"esql that can't run", values{"pattern_type": "esql", "pattern": "SHOW INFO"}, "", rules.BrokenPattern, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newBuilder(t, rules.Options{Policy: tt.policy, Filter: ecs.Filter{NotLabels: []string{"unwanted"}}}).Build(indicator(t, tt.more))
			none, ok := errors.AsType[*rules.NoRuleError](err)
			if !ok || none.Why != tt.want || none.Fault() != tt.fault || none.Detail == "" {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestCovered(t *testing.T) {
	tests := []struct {
		pattern string
		want    bool
	}{
		{"[ipv4-addr:value = '1.2.3.4']", true},
		{"[ipv4-addr:value = '1.2.3.4' OR domain-name:value = 'evil.example'] OR [file:hashes.'SHA-256' = 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855']", true},
		{"[ipv4-addr:value IN ('1.2.3.4', '5.6.7.8')]", true},
		{"[ipv4-addr:value = '1.2.3.0/24']", false},
		{"[ipv4-addr:value = '1.2.3.4/32']", true},
		{"[ipv6-addr:value = '2001:db8::1/128']", true},
		{"[ipv6-addr:value = '2001:db8::/32']", false}, // a block of 2^96 addresses
		{"[ipv4-addr:value != '1.2.3.4']", false},
		{"[ipv4-addr:value = '1.2.3.4' AND domain-name:value = 'evil.example']", false},
		{"[ipv4-addr:value = '1.2.3.4'] AND [domain-name:value = 'evil.example']", false},
		{"[domain-name:value LIKE '%.example']", false},
		{"[domain-name:value = '*.example.org']", false},
		{"[domain-name:value = 'evil.example' OR url:value = 'https://evil.example/a']", false},
		{"[url:value = 'https://evil.example/a']", true},
		{"[url:value = 'hxxps://evil[.]example/a']", true}, // the document holds it as events carry it
		{"[file:hashes.MD5 = 'abc']", false},
		{"[email-addr:value = 'a@evil.example']", true},
		{`[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\Evil']`, true},
		{"[file:name = 'evil.exe']", true},
		// What the documents can't hold as it is has to have a rule of its own.
		{"[file:name = ' ']", false},
		{"[email-addr:value = 'Eve <a@evil.example>']", true}, // the document holds the address
		{"[email-addr:value = '@evil.example']", false},
		{"[domain-name:value = '" + strings.Repeat("a", 64) + ".example']", false},
		{"[x509-certificate:serial_number = ':']", false},
		{"[autonomous-system:number = 64500]", true},
		{"[x509-certificate:serial_number = '4c:0b:1d']", true},
		{"[process:command_line = 'a']", false},
		{"[ipv4-addr:value = '1.2.3.4'] REPEATS 2 TIMES", false},
		{"[ipv4-addr:value = '1.2.3.4'] REPEATS 1 TIMES", true},
		{"[ipv4-addr:value = '1.2.3.4'] WITHIN 60 SECONDS", true},
		{"[ipv4-addr:value NOT != '1.2.3.4']", true},
		{"[ipv4-addr:value = '1.2.3.4'] START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'", false},
		{`[file:name = 'C:\\Users\\Public\\svchost.exe']`, false}, // a path, which no managed rule joins
	}
	b := newBuilder(t, rules.Options{Policy: rules.Match})
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			_, err := b.Build(indicator(t, values{"pattern": tt.pattern}))
			none, _ := errors.AsType[*rules.NoRuleError](err)
			if got := none != nil && none.Why == rules.Covered; got != tt.want {
				t.Errorf("covered %v, want %v: %v", got, tt.want, err)
			}
		})
	}
}

func TestEnabled(t *testing.T) {
	tests := []struct {
		name    string
		options rules.Options
		more    values
		want    bool
	}{
		{"default", rules.Options{}, values{"octi": values{"detection": false, "score": 0}}, true},
		{"all disabled", rules.Options{CreateDisabled: true}, nil, false},
		{"detection asked", rules.Options{Enable: rules.Enable{Detection: true}}, values{"octi": values{"detection": false}}, false},
		{"detection there", rules.Options{Enable: rules.Enable{Detection: true}}, nil, true},
		{"score", rules.Options{Enable: rules.Enable{MinScore: 86}}, nil, false},
		{"label", rules.Options{Enable: rules.Enable{Labels: []string{"C2"}}}, nil, true},
		{"no label", rules.Options{Enable: rules.Enable{Labels: []string{"x"}}}, nil, false},
		{"label not wanted", rules.Options{Enable: rules.Enable{ExceptLabels: []string{"c2"}}}, nil, false},
		{"pattern type", rules.Options{Enable: rules.Enable{PatternTypes: []string{"eql"}}}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := newBuilder(t, tt.options).Build(indicator(t, tt.more))
			if err != nil {
				t.Fatal(err)
			}
			if got := decoded(t, r)["enabled"]; got != tt.want {
				t.Errorf("enabled %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRiskScore(t *testing.T) {
	tests := []struct {
		score, confidence any
		want              int
		severity          rules.Severity
	}{
		{85, 80, 83, rules.Critical},
		{100, 0, 67, rules.High},
		{0, 100, 33, rules.Medium},
		{20, nil, 20, rules.Low},
		{nil, 60, 60, rules.High},
		{nil, nil, 47, rules.Medium},
		{400, nil, 100, rules.Critical},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.score, " ", tt.confidence), func(t *testing.T) {
			r, err := newBuilder(t, rules.Options{}).Build(indicator(t, values{"confidence": tt.confidence, "octi": values{"score": tt.score}}))
			if err != nil {
				t.Fatal(err)
			}
			if c := r.Base(); c.RiskScore != tt.want || c.Severity != tt.severity {
				t.Errorf("%d %s, want %d %s", c.RiskScore, c.Severity, tt.want, tt.severity)
			}
		})
	}
}

func TestRuleID(t *testing.T) {
	tests := []struct{ key, want string }{
		{"7ad0f4ab-93b3-4a8e-9d3b-0c4f9f1f2a10", "opencti-elastic-7ad0f4ab-93b3-4a8e-9d3b-0c4f9f1f2a10"},
		{"indicator--5a6bd6a4-2f0b-5d0c-9a1e-4f2f5d9b7c11", "opencti-elastic-indicator--5a6bd6a4-2f0b-5d0c-9a1e-4f2f5d9b7c11"},
		{`a" or "b`, "opencti-elastic-a5fbe4bd-9b1d-56a7-9a86-3a5d8e6e2ce6"},
	}
	for _, tt := range tests {
		got := rules.RuleID("", tt.key)
		if strings.Trim(got, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") != "" {
			t.Errorf("%s: unsafe characters", got)
		}
		if !strings.Contains(tt.key, `"`) && got != tt.want || got != rules.RuleID("", tt.key) {
			t.Errorf("RuleID(%q) = %q, want %q", tt.key, got, tt.want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	b := newBuilder(t, rules.Options{})
	print := func(more values) string {
		r, err := b.Build(indicator(t, more))
		if err != nil {
			t.Fatal(err)
		}
		return decoded(t, r)["meta"].(values)["fingerprint"].(string)
	}
	if a, b := print(nil), print(values{"modified": "2026-12-01T00:00:00Z"}); a != b {
		t.Error("an update that changes nothing of the rule changes its fingerprint")
	}
	if a, b := print(nil), print(values{"name": "other"}); a == b {
		t.Error("another name has the same fingerprint")
	}
}

// TestEndOfItsTime: a rule that no event can satisfy any more must go as one of an expired indicator does.
func TestEndOfItsTime(t *testing.T) {
	const a, b = "[ipv4-addr:value = '203.0.113.77']", "[file:name = 'a']"
	const december, january = " START t'2026-01-01T00:00:00Z' STOP t'2026-12-01T00:00:00Z'", " START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'"
	for _, tt := range []struct{ name, pattern, want string }{
		{"no STOP", a, "2027-02-18T00:00:00Z"},
		{"STOP, and late events", a + december, "2026-12-01T00:10:00Z"},
		{"STOP behind the indicator's end", a + " START t'2026-01-01T00:00:00Z' STOP t'2028-01-01T00:00:00Z'", "2027-02-18T00:00:00Z"},
		{"the last of alternatives", a + december + " OR " + b + january, "2027-01-01T00:10:00Z"},
		{"an alternative for ever", a + december + " OR " + b, "2027-02-18T00:00:00Z"},
		{"the first of what is all needed, within a day", "(" + a + december + " AND " + b + january + ")", "2026-12-02T00:10:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := newBuilder(t, rules.Options{}).Build(indicator(t, values{"pattern": tt.pattern}))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Base().Meta.ExpiresAt.Format(time.RFC3339); got != tt.want {
				t.Errorf("expires at %s, want %s", got, tt.want)
			}
		})
	}
}

// TestNoIndices: an empty list of indices is none, not a FROM of nothing.
func TestNoIndices(t *testing.T) {
	for _, r := range newBuilder(t, rules.Options{Policy: rules.Lookup, Indices: []string{}}).Managed() {
		if q := r.(*rules.ESQLRule).Query; !strings.HasPrefix(q, "FROM apm-*") {
			t.Fatalf("query %s", q)
		}
	}
	for _, name := range []string{"logs-*\n| LIMIT 1", "a`b", "a\tb"} {
		if _, err := rules.NewBuilder(rules.Options{Policy: rules.Lookup, Indices: []string{name}}); err == nil {
			t.Errorf("%q is taken for the name of an index", name)
		}
	}
}

func TestSchedule(t *testing.T) {
	tests := []struct {
		name, typ, pattern, from string
	}{
		{"one event", "stix", "[ipv4-addr:value = '203.0.113.77']", "now-10m"},
		{"WITHIN", "stix", "([ipv4-addr:value = '203.0.113.77'] FOLLOWEDBY [file:name = 'a']) WITHIN 90 SECONDS", "now-690s"},
		{"no WITHIN", "stix", "[ipv4-addr:value = '203.0.113.77'] FOLLOWEDBY [file:name = 'a']", "now-1450m"},
		{"maxspan", "eql", "sequence by host.id with maxspan=2h\n[any where true]\n[any where true]", "now-130m"},
		{"words apart by tabs and lines", "eql", "sequence\tby host.id with maxspan\n=\t2h\n[any where true]\n[any where true]", "now-130m"},
		{"behind comments", "eql", "// two steps\n/* of one host */ sequence by host.id with maxspan=2h [any where true] [any where true]", "now-130m"},
		{"comment of one event", "eql", "/* sequence */ any where true", "now-10m"},
		{"no maxspan", "eql", "sequence [any where true] [any where true]", "now-1450m"},
		{"EQL of one event", "eql", "any where true", "now-10m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := newBuilder(t, rules.Options{}).Build(indicator(t, values{"pattern_type": tt.typ, "pattern": tt.pattern}))
			if err != nil {
				t.Fatal(err)
			}
			sequence := tt.from != "now-10m"
			if c := r.Base(); c.From != tt.from || (c.TimestampOverride == "") != sequence {
				t.Errorf("from %s, timestamp override %q; want %s", c.From, c.TimestampOverride, tt.from)
			}
		})
	}
}

// TestManyValues: what has more values than KQL and Lucene take goes to a language that takes them.
func TestManyValues(t *testing.T) {
	for _, n := range []int{200, 3000} {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("'d%d.evil.example'", i))
		}
		r, err := newBuilder(t, rules.Options{}).Build(indicator(t, values{"pattern": "[domain-name:value IN (" + strings.Join(list, ", ") + ")]"}))
		if err != nil {
			t.Errorf("%d values: %v", n, err)
			continue
		}
		t.Logf("%d values: %s", n, r.Type())
	}
}

// TestMarkingTags: a rule's tags name the markings by the same table as its document.
func TestMarkingTags(t *testing.T) {
	for ref, want := range map[string]string{
		"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "TLP:RED", // TLP 2.0 of OASIS
		"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "TLP:RED",
		"marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9": "PAP:RED",
	} {
		rule, err := newBuilder(t, rules.Options{References: names{}}).Build(indicator(t, values{"object_marking_refs": []string{ref}}))
		if err != nil {
			t.Fatal(err)
		}
		if got := rule.Base().Tags; !slices.Contains(got, want) {
			t.Errorf("%s: tags %v, want %s among them", ref, got, want)
		}
	}
}
