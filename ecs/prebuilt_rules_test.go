package ecs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/ecs"
)

// A prebuiltRule is what one of Elastic's prebuilt indicator-match rules asks of a
// document: its threat_query, and the fields that it joins on.
type prebuiltRule struct {
	name, query string
	joins       []string
}

// The rules of elastic/detection-rules, rules/threat_intel, of 2026-08-21. The list after
// event.module is written as Elasticsearch's own kql query takes it.
var prebuiltRules = []prebuiltRule{
	{"Threat Intel IP Address Indicator Match", "threat.indicator.ip:*", []string{"threat.indicator.ip"}},
	{"Threat Intel Hash Indicator Match", "(threat.indicator.file.hash.*:* or threat.indicator.file.pe.imphash:*)",
		[]string{"threat.indicator.file.hash.md5", "threat.indicator.file.hash.sha1", "threat.indicator.file.hash.sha256"}},
	{"Threat Intel URL Indicator Match", "threat.indicator.url.full:*", []string{"threat.indicator.url.full", "threat.indicator.url.original"}},
	{"Threat Intel Windows Registry Indicator Match", "threat.indicator.registry.path:*", []string{"threat.indicator.registry.path"}},
	{"Threat Intel Email Indicator Match", "threat.indicator.email.address:*", []string{"threat.indicator.email.address"}},
}

func (r prebuiltRule) threatQuery() string {
	return `@timestamp >= "now-30d/d" and (event.module:threatintel or event.module:ti_*) and ` + r.query +
		` and not labels.is_ioc_transform_source:"true"`
}

// threatFilters is what all of the rules ask for besides.
const threatFilters = `{"match_phrase":{"event.category":"threat"}},{"match_phrase":{"event.kind":"enrichment"}},{"match_phrase":{"event.type":"indicator"}}`

// query is the whole of what a rule asks for, with one value of a field that it joins on.
func (r prebuiltRule) find(field, value string) string {
	return `{"bool":{"filter":[{"kql":{"query":` + quote(r.threatQuery()) + `}},{"term":{` + quote(field) + `:` + quote(value) + `}},` + threatFilters + `]}}`
}

func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s) // the error says that invalid UTF-8 was replaced
	return string(b)
}

// texts gives the values of a field of a document.
func texts(doc []byte, field string) []string { return at(doc, field).Texts() }

// TestPrebuiltRules runs the rules' own queries in a real Elasticsearch: each finds
// every document that has a field it joins on, by every value of it, and no other.
func TestPrebuiltRules(t *testing.T) {
	b := &bulk{index: newIndex(t)}
	m := newMapper(t, func(o *ecs.Options) { o.Now = time.Now }) // within 30 days
	docs := map[string][]byte{}
	for _, g := range goldens(t) {
		docs[g.name] = mapJSON(t, m, g.object)
		b.add(docs[g.name])
	}
	b.flush()
	for _, r := range prebuiltRules {
		t.Run(r.name, func(t *testing.T) {
			found := 0
			for name, doc := range docs {
				id, _ := at(doc, "event.id").Text()
				for _, field := range r.joins {
					for _, value := range texts(doc, field) {
						found++
						hits := b.hits(r.find(field, value))
						if !slices.ContainsFunc(hits, func(h jsontext.Value) bool { got, _ := at(h, "event.id").Text(); return got == id }) {
							t.Errorf("%s: %s does not find it by %s: %q", name, r.name, field, value)
						}
					}
				}
			}
			if found == 0 {
				t.Error("no golden document has a field that the rule joins on")
			}
		})
	}
}

// TestMainValues finds every golden document by its main value: in a field of
// opencti.* always, and in those that the rules join on if it has one.
func TestMainValues(t *testing.T) {
	b := &bulk{index: newIndex(t)}
	for _, g := range goldens(t) {
		b.add(g.document)
	}
	b.flush()
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			id, _ := at(g.document, "event.id").Text()
			n := 0
			for _, field := range ecs.Fields() {
				if !strings.HasSuffix(field.Name, ".value") || !strings.HasPrefix(field.Name, "opencti.") {
					continue
				}
				for _, value := range texts(g.document, field.Name) {
					n++
					hits := b.hits(`{"bool":{"filter":[{"term":{` + quote(field.Name) + `:` + quote(value) + `}},{"term":{"event.id":` + quote(id) + `}}]}}`)
					if len(hits) != 1 {
						t.Errorf("%d documents by %s: %q", len(hits), field.Name, value)
					}
				}
			}
			if n == 0 && !slices.Contains(valueless, g.name) {
				t.Error("no main value")
			}
		})
	}
}

// valueless is the golden documents that have no single value to be found by.
var valueless = []string{"credential", "network-traffic", "indicator-like", "indicator-no-pattern", "indicator-yara"}

// TestBlocks finds the blocks of addresses by an address in them.
func TestBlocks(t *testing.T) {
	b := &bulk{index: newIndex(t)}
	for _, g := range goldens(t) {
		b.add(g.document)
	}
	b.flush()
	for _, row := range []struct{ field, address string }{
		{"opencti.observable.ipv4_addr.range", "198.51.100.77"},
		{"opencti.observable.ipv6_addr.range", "2001:db8:1::7"},
		{"opencti.indicator.range", "203.0.113.5"},
	} {
		if hits := b.hits(`{"term":{` + quote(row.field) + `:` + quote(row.address) + `}}`); len(hits) != 1 {
			t.Errorf("%d documents by %s in %s, want 1", len(hits), row.address, row.field)
		}
	}
}

// TestPrebuiltRulesOffline holds what the rules ask for against every golden document, without a server.
func TestPrebuiltRulesOffline(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			doc := g.document
			for field, want := range map[string]string{"event.kind": "enrichment", "event.category": "threat", "event.type": "indicator"} {
				if got := texts(doc, field); !slices.Equal(got, []string{want}) {
					t.Errorf("%s is %q", field, got)
				}
			}
			if module, _ := at(doc, "event.module").Text(); !strings.HasPrefix(module, "ti_") {
				t.Errorf("event.module is %q", module)
			}
			if !at(doc, "labels").Empty() {
				t.Error("labels is set")
			}
			if age := handled.Sub(at2time(doc, "@timestamp")); age < -24*time.Hour || age > 25*24*time.Hour {
				t.Errorf("@timestamp is %v old", age)
			}
			if at(doc, "threat.indicator").Kind() != '{' {
				t.Error("threat.indicator is no object")
			}
		})
	}
}

func at2time(doc []byte, field string) time.Time {
	t, _ := at(doc, field).Time()
	return t
}
