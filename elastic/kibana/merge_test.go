package kibana_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

type values = map[string]any

// TestAnalystsEdits is the table of what becomes of a person's edit when OpenCTI
// updates the indicator (its description, label and score change). ours means that the update
// has overwritten the edit, kept that it stays.
func TestAnalystsEdits(t *testing.T) {
	exceptions := []any{values{"id": "e1", "list_id": "team-list", "type": "detection", "namespace_type": "single"}}
	actions := []any{values{"id": "c1", "action_type_id": ".email", "group": "default", "uuid": "u1", "params": values{"message": "hi"},
		"frequency": values{"summary": true, "notifyWhen": "onActiveAlert", "throttle": nil}}}
	const kept, ours = "kept", "ours"
	tests := []struct {
		field string
		edit  any
		want  string
	}{
		// What analysts own.
		{"exceptions_list", exceptions, kept},
		{"actions", actions, kept},
		{"enabled", false, kept},
		{"timeline_id", "t1", kept},
		{"rule_name_override", "host.name", kept},
		{"setup", "read this", kept},
		{"severity_mapping", []any{values{"field": "a", "operator": "equals", "value": "b", "severity": "low"}}, kept},
		{"risk_score_mapping", []any{values{"field": "a", "operator": "equals", "value": "", "risk_score": 3.0}}, kept},
		{"related_integrations", []any{values{"package": "endpoint", "version": "8.0.0"}}, kept},
		{"required_fields", []any{values{"name": "a", "type": "keyword", "ecs": true}}, kept},
		{"filters", []any{values{"query": values{"match_all": values{}}}}, kept},
		{"version", 7.0, kept},
		{"timestamp_override_fallback_disabled", true, kept},
		// What analysts may tune.
		{"interval", "1h", kept},
		{"from", "now-2h", kept},
		{"to", "now-1m", kept},
		{"max_signals", 10.0, kept},
		{"index", []any{"logs-endpoint*"}, kept},
		{"alert_suppression", values{"group_by": []any{"user.name"}, "missing_fields_strategy": "suppress"}, kept},
		{"building_block_type", "default", kept},
		{"investigation_fields", values{"field_names": []any{"user.name"}}, kept},
		{"timestamp_override", "event.created", kept},
		// What OpenCTI says.
		{"name", "mine", ours},
		{"description", "mine", ours},
		{"query", "mine: *", ours},
		{"risk_score", 1.0, ours},
		{"severity", "low", ours},
		{"references", []any{"https://mine.example"}, ours},
		{"author", []any{"me"}, ours},
		{"license", "mine", ours},
		{"false_positives", []any{"all"}, ours},
		{"threat", []any{}, ours},
		{"language", "lucene", ours},
	}
	for _, ui := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, rule form %v", tt.field, ui), func(t *testing.T) {
				kt := newKibanaTest(t, elastictest.KibanaOptions{})
				postJSON(t, kt.kibana.URL+"/api/exception_lists", values{"list_id": "team-list", "name": "l", "description": "d", "type": "detection"})
				sink := kt.sink()
				kt.one(sink, ruleUpsert(t, 1, nil))
				change := kt.kibana.Edit
				if ui {
					change = kt.kibana.SaveInUI
				}
				change("", rules.RuleID("", ruleKey(1)), func(r map[string]any) {
					r[tt.field] = tt.edit
					if tt.field == "timeline_id" {
						r["timeline_title"] = "T"
					}
				})
				kt.one(sink, ruleUpsert(t, 1, values{"description": "new", "labels": []string{"c3"}, "score": 10}))
				got := kt.rule(ruleKey(1))
				if got["description"] != "new" || got["risk_score"] != 33.0 {
					t.Errorf("the update is missing: %v %v", got["description"], got["risk_score"])
				}
				if diff := cmp.Diff(tt.edit, got[tt.field]); (diff == "") != (tt.want == kept) {
					t.Errorf("%s should be %s (-edit +now):\n%s", tt.field, tt.want, diff)
				}
			})
		}
	}
}

// TestChosenIndicesOutliveADataView: a rule reads indices or a data view; Kibana would go by the latter if it had both.
func TestChosenIndicesOutliveADataView(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.one(kt.sink(), ruleUpsert(t, 1, nil))
	kt.kibana.Edit("", rules.RuleID("", ruleKey(1)), func(r map[string]any) { r["index"] = []any{"logs-endpoint*"} })
	kt.options.DataViewID = "security"
	kt.write(kt.sink(), ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil))
	got := kt.rule(ruleKey(1))
	if diff := cmp.Diff([]any{"logs-endpoint*"}, got["index"]); diff != "" || got["data_view_id"] != nil {
		t.Errorf("data view %v (-edit +now):\n%s", got["data_view_id"], diff)
	}
	if got := kt.rule(ruleKey(2)); got["data_view_id"] != "security" || got["index"] != nil {
		t.Errorf("a new rule reads %v %v", got["index"], got["data_view_id"])
	}
}

func postJSON(t *testing.T, url string, body any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("kbn-xsrf", "true")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %d", url, resp.StatusCode)
	}
}

func TestAnalystsTagsAndNotes(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	sink := kt.sink()
	kt.one(sink, ruleUpsert(t, 1, values{"labels": []string{"c2", "old label"}}))
	kt.kibana.Edit("", rules.RuleID("", ruleKey(1)), func(r map[string]any) {
		r["tags"] = append(r["tags"].([]any), "team blue")
		r["note"] = r["note"].(string) + "\n\nCall Ann first."
	})
	kt.one(sink, ruleUpsert(t, 1, values{"labels": []string{"c2", "new label"}}))
	got := kt.rule(ruleKey(1))
	want := []any{"opencti", "threat-intel", rules.ManagedTag, "c2", "new label", "team blue"}
	if diff := cmp.Diff(want, got["tags"]); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	note := got["note"].(string)
	if !strings.HasSuffix(note, rules.NoteMarker+"\n\nCall Ann first.") || !strings.Contains(note, "new label") || strings.Contains(note, "old label") {
		t.Errorf("note:\n%s", note)
	}
	kt.kibana.SaveInUI("", rules.RuleID("", ruleKey(1)), func(r map[string]any) { r["note"] = "All mine." })
	kt.one(sink, ruleUpsert(t, 1, values{"description": "x"}))
	if note := kt.rule(ruleKey(1))["note"].(string); !strings.HasSuffix(note, "\n\nAll mine.") || !strings.Contains(note, rules.NoteMarker) {
		t.Errorf("a note whose marker was deleted:\n%s", note)
	}
}

func TestAnalystTakesTheRuleOver(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	sink := kt.sink()
	kt.one(sink, ruleUpsert(t, 1, nil))
	kt.kibana.SaveInUI("", rules.RuleID("", ruleKey(1)), func(r map[string]any) { r["tags"], r["name"] = []any{"mine"}, "mine" })
	got := kt.one(sink, ruleUpsert(t, 1, values{"description": "x"}))
	if got.Outcome != sync.Ignored || kt.rule(ruleKey(1))["name"] != "mine" {
		t.Errorf("%v %v", got.Outcome, kt.rule(ruleKey(1))["name"])
	}
	if kt.one(sink, ruleDelete(1)); kt.rule(ruleKey(1)) == nil {
		t.Error("a rule without our mark was deleted")
	}
}

func TestTypeChangeKeepsWhatIsThePersons(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{RefreshInterval: time.Millisecond})
	kt.config.Settle = 20 * time.Millisecond
	sink := kt.sink()
	kt.one(sink, ruleUpsert(t, 1, nil))
	kt.kibana.Edit("", rules.RuleID("", ruleKey(1)), func(r map[string]any) {
		r["enabled"], r["interval"] = false, "30m"
		r["actions"] = []any{values{"id": "c1", "action_type_id": ".email", "params": values{}}}
		r["tags"] = append(r["tags"].([]any), "team blue")
	})
	kt.one(sink, ruleUpsert(t, 1, values{"pattern_type": "eql", "pattern": "any where true"}))
	got := kt.rule(ruleKey(1))
	if got["type"] != "eql" || got["enabled"] != false || got["interval"] != "30m" || len(got["actions"].([]any)) != 1 || !strings.Contains(fmt.Sprint(got["tags"]), "team blue") {
		t.Errorf("%v", got)
	}
}

func TestRevokedRulesCanBeKeptDisabled(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.config.KeepRevoked = true
	sink := kt.sink()
	kt.one(sink, ruleUpsert(t, 1, nil))
	kt.one(sink, ruleUpsert(t, 1, values{"revoked": true}))
	if r := kt.rule(ruleKey(1)); r == nil || r["enabled"] != false {
		t.Fatalf("revoked: %v", r)
	}
	kt.one(sink, ruleUpsert(t, 1, nil))
	if r := kt.rule(ruleKey(1)); r["enabled"] != true {
		t.Error("valid again, and still disabled")
	}
	kt.one(sink, ruleUpsert(t, 1, values{"valid_until": nil}))
	if err := sink.Expire(t.Context(), []string{ruleKey(1), ruleKey(2)}); err != nil {
		t.Fatal(err)
	}
	if r := kt.rule(ruleKey(1)); r == nil || r["enabled"] != false {
		t.Fatalf("expired: %v", r)
	}
}

func TestExpireLeavesRenewedRules(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	sink := kt.sink()
	kt.write(sink, ruleUpsert(t, 1, nil), ruleUpsert(t, 2, values{"valid_until": nil}))
	if err := sink.Expire(t.Context(), []string{ruleKey(1), ruleKey(2)}); err != nil {
		t.Fatal(err)
	}
	if kt.rule(ruleKey(1)) == nil {
		t.Error("a rule that is valid for long was removed")
	}
	if kt.rule(ruleKey(2)) != nil {
		t.Error("a rule without an end of its own was kept")
	}
}

func TestSweepRemovesWhatHasExpired(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	soon := time.Now().Add(time.Hour).UTC()
	kt.write(kt.sink(), ruleUpsert(t, 1, values{"valid_until": soon.Format(time.RFC3339)}), ruleUpsert(t, 2, nil))
	kt.kibana.Edit("", rules.RuleID("", ruleKey(1)), func(r map[string]any) {
		r["meta"].(map[string]any)["expires_at"] = "2026-01-01T00:00:00Z" // the hour has passed
	})
	n, err := kt.sink().Sweep(t.Context(), time.Now())
	if err != nil || n != 1 || kt.rule(ruleKey(1)) != nil || kt.rule(ruleKey(2)) == nil {
		t.Errorf("%d rules swept, %v; %d are left", n, err, len(kt.kibana.Rules("")))
	}
}

func TestOneRefusedManagedRuleDoesNotBlock(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.options.Policy = rules.Match
	kt.kibana.Refuse(func(r map[string]any) (int, string) {
		if r["rule_id"] == "opencti-elastic-match.domain" {
			return 400, "no"
		}
		return 0, ""
	})
	kt.one(kt.sink(), ruleUpsert(t, 1, values{"pattern": "[domain-name:value LIKE '%.evil.example']"}))
	if n := len(kt.kibana.Rules("")); n != 10 { // nine match rules and the indicator's
		t.Errorf("%d rules", n)
	}
}

func TestBasicLicenceCostsFewRequests(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{BasicLicence: true})
	kt.options.SuppressBy = []string{"host.name"}
	var changes []sync.Change
	for n := range 200 {
		changes = append(changes, ruleUpsert(t, n, nil))
	}
	kt.write(kt.sink(), changes...)
	if n := len(kt.kibana.Requests()); n > 10 || len(kt.kibana.Rules("")) != 200 {
		t.Errorf("%d requests for %d rules", n, len(kt.kibana.Rules("")))
	}
}
