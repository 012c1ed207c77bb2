package elastic_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// atomicPatterns has every kind of value that match rules cover.
func atomicPatterns() []string {
	return []string{
		"[ipv4-addr:value = '203.0.113.77']",
		"[ipv6-addr:value = '2001:db8::77']",
		"[domain-name:value = 'c2.evil.example']",
		"[hostname:value = 'Host.Evil.example']",
		"[url:value = 'https://evil.example/Path?q=1']",
		"[file:hashes.MD5 = '0123456789abcdef0123456789abcdef']",
		"[file:hashes.'SHA-1' = '0123456789ABCDEF0123456789ABCDEF01234567']",
		"[file:hashes.'SHA-256' = 'aaaabbbbccccdddd0000111122223333aaaabbbbccccdddd0000111122223333']",
		"[email-addr:value = 'phish@evil.example']",
		`[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\Evil']`,
		"[file:name = 'evil.exe']",
		"[x509-certificate:serial_number = '4c:0b:1d']",
		"[autonomous-system:number = 64500]",
		"[ipv4-addr:value = '203.0.113.78' OR domain-name:value = 'both.evil.example']",
		"[domain-name:value IN ('in1.evil.example', 'in2.evil.example')]",
	}
}

// eventMapping is the event fields of the joins as ECS types them.
const eventMapping = `{"mappings":{"properties":{"@timestamp":{"type":"date"},"event":{"properties":{"type":{"type":"keyword"},"action":{"type":"keyword"}}},%s}}}`

type joinTest struct {
	*realServer
	events, indicators string
	n                  int
}

func newJoinTest(t *testing.T, lookup bool, managed []rules.Rule) *joinTest {
	s := newRealServer(t)
	name := s.name()
	j := &joinTest{realServer: s, indicators: name, events: strings.Replace(name, "logs-ti_custom_opencti.", "events-", 1)}
	var fields []string
	seen := map[string]bool{}
	add := func(field string) {
		if seen[field] {
			return
		}
		seen[field] = true
		typ := "keyword"
		switch {
		case strings.HasSuffix(field, ".ip"), strings.HasSuffix(field, "resolved_ip"):
			typ = "ip"
		case strings.HasPrefix(field, "url.") && field != "url.domain":
			typ = "wildcard"
		case strings.HasSuffix(field, ".number"):
			typ = "long"
		}
		fields = append(fields, fmt.Sprintf("%q:{\"type\":%q}", field, typ))
	}
	for _, r := range managed {
		for _, m := range r.(*rules.ThreatMatchRule).ThreatMapping {
			for _, e := range m.Entries {
				add(e.Field)
			}
		}
	}
	t.Cleanup(func() { s.do(http.MethodDelete, "/"+j.events, "", 404) })
	s.do(http.MethodPut, "/"+j.events, fmt.Sprintf(eventMapping, strings.Join(fields, ",")))
	s.do(http.MethodPost, "/"+j.events+"/_doc", `{"@timestamp":"2026-11-23T00:00:00Z","destination.ip":"198.51.100.1","dns.question.name":"harmless.example"}`)
	index := s.index(name, elastic.IndexOptions{Lookup: lookup})
	var changes []sync.Change
	for n, p := range atomicPatterns() {
		changes = append(changes, upsert(patternIndicator(t, n, values{"pattern": p}), 1))
	}
	mustWrite(t, index, changes...)
	return j
}

func (j *joinTest) builder(t *testing.T, policy rules.Policy, managed rules.Managed) *rules.Builder {
	b, err := rules.NewBuilder(rules.Options{Policy: policy, Indices: []string{j.events}, Managed: managed})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// event stores an event with that one value and gives its id.
func (j *joinTest) event(fields map[string]any) string {
	j.t.Helper()
	j.n++
	fields["@timestamp"] = "2026-11-23T00:00:00Z"
	b, err := json.Marshal(fields)
	if err != nil {
		j.t.Fatal(err)
	}
	id := fmt.Sprint("event-", j.n)
	j.do(http.MethodPut, "/"+j.events+"/_doc/"+id, string(b))
	return id
}

// at gives the values of a dotted path in a document.
func at(v any, path string) []any {
	name, rest, more := strings.Cut(path, ".")
	m, _ := v.(map[string]any)
	next := m[name]
	if more {
		return at(next, rest)
	}
	if list, ok := next.([]any); ok {
		return list
	}
	if next == nil {
		return nil
	}
	return []any{next}
}

// TestRealMatchRulesFindEvents joins events with the documents of indicators as
// Kibana does: the indicators that the threat query finds, and a match query a value.
func TestRealMatchRulesFindEvents(t *testing.T) {
	newRealServer(t)
	all, err := rules.NewBuilder(rules.Options{Policy: rules.Match})
	if err != nil {
		t.Fatal(err)
	}
	j := newJoinTest(t, false, all.Managed())
	b := j.builder(t, rules.Match, rules.Managed{Index: j.indicators})
	joined := map[string]bool{}
	for _, r := range b.Managed() {
		rule := r.(*rules.ThreatMatchRule)
		hits := j.search(j.indicators, kql(rule.ThreatQuery))
		if len(hits) == 0 {
			t.Errorf("%s: no indicator is found by %s", rule.RuleID, rule.ThreatQuery)
		}
		for id, hit := range hits {
			for _, m := range rule.ThreatMapping {
				if j.joins(rule, m, hit["_source"]) {
					joined[id] = true
				}
			}
		}
	}
	for n, p := range atomicPatterns() {
		o := patternIndicator(t, n, values{"pattern": p})
		if _, err := b.Build(o); err == nil {
			t.Errorf("%s is not covered", p)
		}
		if !joined[o.Key()] {
			t.Errorf("%s: no rule joins its document", p)
		}
	}
}

func kql(q string) string {
	b, _ := json.Marshal(map[string]any{"kql": map[string]any{"query": q}})
	return string(b)
}

// joins makes an event with the indicator's values and looks whether the rule finds it.
func (j *joinTest) joins(rule *rules.ThreatMatchRule, m rules.ThreatMapping, source any) bool {
	j.t.Helper()
	event := map[string]any{}
	must := []string{kql(rule.Query)}
	for _, e := range m.Entries {
		have := at(source, e.Value)
		if len(have) == 0 {
			return false
		}
		event[e.Field] = have[0]
		match, _ := json.Marshal(map[string]any{"match": map[string]any{e.Field: map[string]any{"query": have[0]}}})
		must = append(must, string(match))
	}
	id := j.event(event)
	found := j.search(j.events, `{"bool":{"must":[`+strings.Join(must, ",")+`]}}`)
	if found[id] == nil {
		j.t.Errorf("%s doesn't find the event %v", rule.RuleID, event)
	}
	return found[id] != nil
}

// TestRealLookupRulesFindEvents runs the ES|QL of the policy lookup.
func TestRealLookupRulesFindEvents(t *testing.T) {
	newRealServer(t)
	all, err := rules.NewBuilder(rules.Options{Policy: rules.Match})
	if err != nil {
		t.Fatal(err)
	}
	j := newJoinTest(t, true, all.Managed())
	wanted := map[string]string{}
	for _, e := range []struct{ field, value, rule string }{
		{"destination.ip", "203.0.113.77", "address-outbound"},
		{"dns.resolved_ip", "2001:db8::77", "address-outbound"},
		{"source.ip", "203.0.113.78", "address-inbound"},
		{"dns.question.name", "c2.evil.example", "domain"},
		{"tls.client.server_name", "both.evil.example", "domain"},
		{"url.full", "https://evil.example/Path?q=1", "url-full"},
		{"process.hash.md5", "0123456789abcdef0123456789abcdef", "hash-md5"},
		{"file.hash.sha1", "0123456789abcdef0123456789abcdef01234567", "hash-sha1"},
		{"dll.hash.sha256", "aaaabbbbccccdddd0000111122223333aaaabbbbccccdddd0000111122223333", "hash-sha256"},
		{"email.from.address", "phish@evil.example", "email"},
		{"process.name", "evil.exe", "file-name"},
		{"tls.server.x509.serial_number", "4C0B1D", "certificate"},
	} {
		wanted[j.event(map[string]any{e.field: e.value})] = e.rule
	}
	j.do(http.MethodPost, "/"+j.events+","+j.indicators+"/_refresh", "")
	b := j.builder(t, rules.Lookup, rules.Managed{Index: j.indicators})
	for _, r := range b.Managed() {
		rule := r.(*rules.ESQLRule)
		name := strings.TrimPrefix(rule.RuleID, "opencti-elastic-lookup.")
		body, _ := json.Marshal(map[string]any{"query": rule.Query})
		out := j.do(http.MethodPost, "/_query", string(body), 400)
		if out["error"] != nil {
			t.Errorf("%s: %v\n%s", name, out["error"], rule.Query)
			continue
		}
		found := map[string]bool{}
		for _, row := range out["values"].([]any) {
			found[fmt.Sprint(row.([]any)[0])] = true
		}
		for id, rule := range wanted {
			if (rule == name) != found[id] {
				t.Errorf("%s: event of %s found: %v", name, rule, found[id])
			}
		}
	}
}

type values = map[string]any

// patternIndicator is indicator with these properties besides, or in place of its own.
func patternIndicator(t *testing.T, n int, more values) *stix.Object {
	t.Helper()
	var all values
	if err := json.Unmarshal([]byte(indicator(n, "").Raw()), &all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, more)
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	o, err := stix.DecodeObject(b)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
