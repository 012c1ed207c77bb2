package kibana_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/rules"
)

// pythonRule is a rule as the Python connector makes it.
func pythonRule(n int, more values) values {
	r := values{
		"name": fmt.Sprintf("OpenCTI: indicator %d", n), "description": "d", "risk_score": 80.0, "severity": "critical", "type": "query",
		"query": "a: b", "language": "kuery", "index": []any{"logs-*", "filebeat-*", "packetbeat-*", "winlogbeat-*"}, "interval": "5m", "from": "now-6m",
		"enabled": true, "tags": []any{"opencti", "threat-intel", "c2"}, "references": []any{"https://cti.example.org/dashboard/id/" + ruleKey(n)},
		"meta": values{"opencti_id": ruleKey(n), "pattern_type": "kql", "original_pattern": "a: b"},
	}
	for name, v := range more {
		r[name] = v
	}
	return r
}

func (kt *kibanaTest) client() *kibana.Client {
	kt.t.Helper()
	transport := &http.Transport{}
	kt.t.Cleanup(transport.CloseIdleConnections)
	k, err := kibana.NewClient(kibana.Config{URL: kt.kibana.URL, Transport: transport, RequestsPerSecond: -1})
	if err != nil {
		kt.t.Fatal(err)
	}
	return k
}

func TestAdoptRules(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	postJSON(t, kt.kibana.URL+"/api/exception_lists", values{"list_id": "team", "name": "l", "description": "d", "type": "detection"})
	exception := values{"id": "e1", "list_id": "team", "type": "detection", "namespace_type": "single"}
	action := values{"id": "c1", "action_type_id": ".email", "params": values{}}
	// Indicator 1 is there three times, an analyst worked on the oldest; 2 has been saved in the
	// form, which empties meta; 3 has a rule of ours already; 4 is no more; the last ones aren't the Python connector's.
	kt.kibana.Seed("", pythonRule(1, values{"exceptions_list": []any{exception}, "enabled": false}))
	kt.kibana.Seed("", pythonRule(1, values{"actions": []any{action}}))
	kt.kibana.Seed("", pythonRule(1, values{"query": "newest: *", "interval": "1h", "note": "call Ann"}))
	kt.kibana.Seed("", pythonRule(2, values{"meta": values{"from": "1m"}, "tags": []any{"opencti", "threat-intel", "mine"}}))
	kt.kibana.Seed("", pythonRule(3, values{"actions": []any{action}}))
	kt.kibana.Seed("", pythonRule(4, nil))
	kt.kibana.Seed("", pythonRule(5, values{"references": []any{}, "meta": values{}}))
	kt.kibana.Seed("", values{"name": "OpenCTI: my own", "description": "d", "risk_score": 1.0, "severity": "low", "type": "query", "tags": []any{"opencti"}})
	kt.kibana.Seed("", values{"name": "OpenCTI: prebuilt", "description": "d", "risk_score": 1.0, "severity": "low", "type": "query", "tags": []any{"opencti", "threat-intel"}, "immutable": true})
	kt.one(kt.sink(), ruleUpsert(t, 3, nil))
	before := kt.kibana.Rules("")
	options := kibana.AdoptOptions{Live: func(_ context.Context, ids []string) (map[string]bool, error) {
		live := map[string]bool{}
		for _, id := range ids {
			live[id] = id != ruleKey(4)
		}
		return live, nil
	}}
	want := kibana.AdoptReport{Found: 7, Adopted: 2, Doubles: 3, Gone: 1, Left: []string{"OpenCTI: indicator 5"}}

	options.DryRun = true
	got, err := kibana.Adopt(t.Context(), kt.client(), options)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("dry run: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(before, kt.kibana.Rules("")); diff != "" {
		t.Fatalf("a dry run changed rules:\n%s", diff)
	}
	options.DryRun = false
	got, err = kibana.Adopt(t.Context(), kt.client(), options)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}

	one := kt.rule(ruleKey(1))
	if one["query"] != "newest: *" || one["interval"] != "1h" || len(one["exceptions_list"].([]any)) != 1 || len(one["actions"].([]any)) != 1 {
		t.Errorf("rule 1: %v", one)
	}
	if three := kt.rule(ruleKey(3)); len(three["actions"].([]any)) != 1 || three["name"] != "OpenCTI: indicator 3" {
		t.Errorf("rule 3: %v", three)
	}
	if n := len(kt.kibana.Rules("")); n != 6 { // 1, 2, 3, 5 and the two of others
		t.Errorf("%d rules", n)
	}
	// The next event makes them ours, and what the analyst did stays.
	sink := kt.sink()
	kt.write(sink, ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil))
	one, two := kt.rule(ruleKey(1)), kt.rule(ruleKey(2))
	if !strings.Contains(one["query"].(string), "198.18.0.2") || one["interval"] != "1h" || one["from"] != "now-6m" || len(one["actions"].([]any)) != 1 ||
		!strings.HasSuffix(one["note"].(string), rules.NoteMarker+"\n\ncall Ann") && !strings.HasSuffix(one["note"].(string), "\n\ncall Ann") {
		t.Errorf("rule 1 after an event: %v", one)
	}
	if !strings.Contains(fmt.Sprint(two["tags"]), "mine") {
		t.Errorf("tags of rule 2: %v", two["tags"])
	}
	got, err = kibana.Adopt(t.Context(), kt.client(), options)
	if err != nil || got.Found != 1 {
		t.Errorf("again: %v %+v", err, got)
	}
}
