package kibana_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// kibanaTest is a stand-in and the options of a sink that writes to it.
type kibanaTest struct {
	t       testing.TB
	kibana  *elastictest.Kibana
	options rules.Options
	config  kibana.SinkOptions
	// transport carries the sink's requests; nil: over the network.
	transport http.RoundTripper
}

func newKibanaTest(t testing.TB, o elastictest.KibanaOptions) *kibanaTest {
	t.Helper()
	k := elastictest.NewKibana(o)
	t.Cleanup(k.Close)
	return &kibanaTest{t: t, kibana: k, config: kibana.SinkOptions{
		Settle: time.Millisecond, Pace: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}}
}

// sink makes a new sink, as a new process does.
func (kt *kibanaTest) sink() *kibana.Sink {
	kt.t.Helper()
	transport := kt.transport
	if transport == nil {
		network := &http.Transport{}
		kt.t.Cleanup(network.CloseIdleConnections)
		transport = network
	}
	client, err := kibana.NewClient(kibana.Config{URL: kt.kibana.URL, APIKey: "abc", Transport: transport, RequestsPerSecond: -1})
	if err != nil {
		kt.t.Fatal(err)
	}
	builder, err := rules.NewBuilder(kt.options)
	if err != nil {
		kt.t.Fatal(err)
	}
	c := kt.config
	c.Kibana, c.Builder = client, builder
	sink, err := kibana.NewSink(c)
	if err != nil {
		kt.t.Fatal(err)
	}
	return sink
}

// write writes until every change has a final result, and gives those.
func (kt *kibanaTest) write(sink sync.Sink, changes ...sync.Change) []sync.Result {
	kt.t.Helper()
	final := make([]sync.Result, len(changes))
	todo := make([]int, len(changes))
	for i := range todo {
		todo[i] = i
	}
	for try := 0; len(todo) > 0; try++ {
		if try == 200 {
			kt.t.Fatalf("%d changes never came to an end: %v", len(todo), final[todo[0]].Err)
		}
		batch := make([]sync.Change, len(todo))
		for i, j := range todo {
			batch[i] = changes[j]
		}
		results, err := sink.Write(kt.t.Context(), batch)
		if err != nil {
			if sync.Classify(err) == sync.Permanent {
				kt.t.Fatalf("a fault of all is called permanent: %v", err)
			}
			final[todo[0]].Err = err
			continue
		}
		var again []int
		for i, r := range results {
			if final[todo[i]] = r; r.Outcome == sync.Again {
				again = append(again, todo[i])
			}
		}
		todo = again
	}
	return final
}

func (kt *kibanaTest) one(sink sync.Sink, c sync.Change) sync.Result {
	kt.t.Helper()
	return kt.write(sink, c)[0]
}

// rule gives the only rule of that indicator; nil if there is none.
func (kt *kibanaTest) rule(key string) map[string]any {
	kt.t.Helper()
	var found []map[string]any
	for _, r := range kt.kibana.Rules("") {
		if r["rule_id"] == rules.RuleID(kt.options.Connector, key) {
			found = append(found, r)
		}
	}
	if len(found) > 1 {
		kt.t.Fatalf("%d rules of %s", len(found), key)
	}
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// ruleIndicator makes an indicator; more is JSON members that override.
func ruleIndicator(t testing.TB, n int, more map[string]any) *stix.Object {
	t.Helper()
	octi := map[string]any{"extension_type": "property-extension", "id": ruleKey(n), "type": "Indicator", "score": 80, "detection": true}
	o := map[string]any{
		"type": "indicator", "spec_version": "2.1", "id": fmt.Sprintf("indicator--00000000-0000-5000-8000-%012d", n),
		"created": "2026-11-20T00:00:00.000Z", "modified": "2026-11-20T00:00:00.000Z", "name": fmt.Sprintf("indicator %d", n),
		"description": "Beacon server", "labels": []string{"c2"}, "confidence": 80,
		"pattern": fmt.Sprintf("[ipv4-addr:value = '198.18.%d.%d']", n/250%250, n%250+1), "pattern_type": "stix", "pattern_version": "2.1",
		"valid_from": "2026-11-20T00:00:00.000Z", "valid_until": "2099-02-18T00:00:00.000Z",
		"kill_chain_phases": []any{map[string]any{"kill_chain_name": "mitre-attack", "phase_name": "command-and-control"}},
	}
	for name, v := range more {
		if name == "score" || name == "detection" {
			octi[name] = v
			continue
		}
		o[name] = v
	}
	o["extensions"] = map[string]any{stix.ExtensionOCTI: octi}
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

func ruleKey(n int) string { return fmt.Sprintf("7ad0f4ab-93b3-4a8e-9d3b-%012d", n) }

func ruleUpsert(t testing.TB, n int, more map[string]any) sync.Change {
	o := ruleIndicator(t, n, more)
	return sync.Change{Op: sync.Upsert, Key: o.Key(), Object: o}
}

func ruleDelete(n int) sync.Change { return sync.Change{Op: sync.Delete, Key: ruleKey(n)} }

func TestRulesFollowTheIndicator(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	sink := kt.sink()
	steps := []struct {
		name   string
		change sync.Change
		want   sync.Outcome
		typ    any // of the rule; nil: no rule
	}{
		{"delete of what never was", ruleDelete(1), sync.Done, nil},
		{"create", ruleUpsert(t, 1, nil), sync.Done, "query"},
		{"the same again", ruleUpsert(t, 1, nil), sync.Done, "query"},
		{"another name", ruleUpsert(t, 1, map[string]any{"name": "b"}), sync.Done, "query"},
		{"an eql pattern", ruleUpsert(t, 1, map[string]any{"pattern_type": "eql", "pattern": `process where process.name == "evil.exe"`}), sync.Done, "eql"},
		{"an esql pattern", ruleUpsert(t, 1, map[string]any{"pattern_type": "esql", "pattern": `FROM logs-* METADATA _id, _index, _version | WHERE process.name == "evil.exe"`}), sync.Done, "esql"},
		{"a repetition", ruleUpsert(t, 1, map[string]any{"pattern": "[ipv4-addr:value = '198.18.0.1'] REPEATS 5 TIMES"}), sync.Done, "threshold"},
		{"a sequence", ruleUpsert(t, 1, map[string]any{"pattern": "([ipv4-addr:value = '198.18.0.1'] FOLLOWEDBY [file:name = 'a']) WITHIN 60 SECONDS"}), sync.Done, "eql"},
		{"sigma", ruleUpsert(t, 1, map[string]any{"pattern_type": "sigma", "pattern": "title: x"}), sync.Ignored, nil},
		{"back", ruleUpsert(t, 1, nil), sync.Done, "query"},
		{"revoked", ruleUpsert(t, 1, map[string]any{"revoked": true}), sync.Ignored, nil},
		{"valid again", ruleUpsert(t, 1, nil), sync.Done, "query"},
		{"expired", ruleUpsert(t, 1, map[string]any{"valid_until": "2020-01-01T00:00:00Z"}), sync.Ignored, nil},
		{"valid once more", ruleUpsert(t, 1, nil), sync.Done, "query"},
		{"untranslatable", ruleUpsert(t, 1, map[string]any{"pattern": "[mutex:name = 'x']"}), sync.Ignored, nil},
		{"create before the delete", ruleUpsert(t, 1, nil), sync.Done, "query"},
		{"delete", ruleDelete(1), sync.Done, nil},
	}
	for _, tt := range steps {
		t.Run(tt.name, func(t *testing.T) {
			got := kt.one(sink, tt.change)
			if got.Outcome != tt.want {
				t.Errorf("outcome %v, want %v: %v", got.Outcome, tt.want, got.Err)
			}
			if r := kt.rule(ruleKey(1)); r["type"] != tt.typ {
				t.Errorf("type %v, want %v", r["type"], tt.typ)
			}
		})
	}
}

func TestRulesAreFoundFromAnyInstance(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{RefreshAfter: 3})
	kt.one(kt.sink(), ruleUpsert(t, 1, nil))
	kt.one(kt.sink(), ruleUpsert(t, 1, map[string]any{"name": "renamed"}))
	if r := kt.rule(ruleKey(1)); r["name"] != "OpenCTI: renamed" {
		t.Errorf("name %v", r["name"])
	}
	kt.one(kt.sink(), ruleDelete(1))
	if r := kt.rule(ruleKey(1)); r != nil {
		t.Error("the rule is still there")
	}
}

func TestRulesUnchangedAreNotSentAgain(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	var changes []sync.Change
	for n := range 100 {
		changes = append(changes, ruleUpsert(t, n, nil))
	}
	kt.write(kt.sink(), changes...)
	kt.kibana.ForgetRequests()
	kt.write(kt.sink(), changes...)
	for _, r := range kt.kibana.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s was sent for unchanged rules", r.Method, r.Path)
		}
	}
}

func TestRulesOfOthersAreLeftAlone(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	foreign := func(n int, more map[string]any) map[string]any {
		r := map[string]any{"rule_id": rules.RuleID("", ruleKey(n)), "type": "query", "name": "theirs", "description": "d", "risk_score": 1.0, "severity": "low", "enabled": true}
		maps.Copy(r, more)
		return r
	}
	kt.kibana.Seed("", foreign(1, nil))
	kt.kibana.Seed("", foreign(2, map[string]any{"immutable": true, "tags": []any{rules.ManagedTag}}))
	kt.kibana.Seed("", map[string]any{"rule_id": "x", "type": "query", "name": "other", "description": "d", "risk_score": 1.0, "severity": "low"})
	before := kt.kibana.Rules("")
	sink := kt.sink()
	for n := 1; n <= 2; n++ {
		if got := kt.one(sink, ruleUpsert(t, n, nil)); got.Outcome != sync.Ignored || got.Err == nil {
			t.Errorf("upsert: %v %v", got.Outcome, got.Err)
		}
		kt.one(sink, ruleDelete(n))
	}
	if diff := cmp.Diff(before, kt.kibana.Rules("")); diff != "" {
		t.Errorf("rules of others changed (-before +after):\n%s", diff)
	}
}

func TestRulesDeletedByAPerson(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.config.Trust = time.Nanosecond
	sink := kt.sink()
	kt.one(sink, ruleUpsert(t, 1, nil))
	kt.kibana.Remove("", rules.RuleID("", ruleKey(1)))
	if got := kt.one(sink, ruleUpsert(t, 1, nil)); got.Outcome != sync.Ignored || kt.rule(ruleKey(1)) != nil {
		t.Errorf("made again though nothing changed: %v %v", got.Outcome, got.Err)
	}
	if kt.one(sink, ruleUpsert(t, 1, map[string]any{"score": 20})); kt.rule(ruleKey(1)) == nil {
		t.Error("not made again though the indicator changed")
	}
}

func TestRulesRefusedGoToTheDeadLettersAlone(t *testing.T) {
	for _, tt := range []struct {
		name    string
		refusal func(map[string]any) (int, string)
	}{
		{"named in the import's errors", func(r map[string]any) (int, string) {
			if strings.HasSuffix(r["name"].(string), " 7") {
				return 400, "no good"
			}
			return 0, ""
		}},
		{"not named", func(r map[string]any) (int, string) {
			if strings.HasSuffix(r["name"].(string), " 7") {
				return 400, "[request body]: no good"
			}
			return 0, ""
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kt := newKibanaTest(t, elastictest.KibanaOptions{})
			kt.kibana.Refuse(tt.refusal)
			var changes []sync.Change
			for n := range 50 {
				changes = append(changes, ruleUpsert(t, n, nil))
			}
			sink := kt.sink()
			for i, r := range kt.write(sink, changes...) {
				want := sync.Done
				if i == 7 {
					want = sync.Refused
				}
				if r.Outcome != want {
					t.Errorf("indicator %d: outcome %v, want %v: %v", i, r.Outcome, want, r.Err)
				}
				if i == 7 && !strings.Contains(fmt.Sprint(r.Err), "no good") {
					t.Errorf("Kibana's words are missing: %v", r.Err)
				}
			}
			if n := kt.kibana.Count(""); n != 49 {
				t.Errorf("%d rules, want 49", n)
			}
			if got, want := sink.Stats().RunsPerMinute, 49*0.2; math.Abs(got-want) > 1e-6 {
				t.Errorf("%v runs a minute are counted, want %v", got, want)
			}
		})
	}
}

// vagueImport answers imports, of which nothing comes, as a Kibana does that counts one rule in
// and names the others together.
type vagueImport struct {
	http.RoundTripper
	times int
}

func (v *vagueImport) RoundTrip(r *http.Request) (*http.Response, error) {
	if v.times == 0 || !strings.HasSuffix(r.URL.Path, "/_import") {
		return v.RoundTripper.RoundTrip(r)
	}
	v.times--
	const answer = `{"success":false,"success_count":1,"rules_count":2,"errors":[{"rule_id":"a,b","error":{"status_code":404,"message":"missing connectors"}}]}`
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

func TestRulesThatNobodyNamedAreLookedUp(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.transport = &vagueImport{kt.kibana.Transport(), 1}
	kt.write(kt.sink(), ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil))
	if n := kt.kibana.Count(""); n != 2 {
		t.Errorf("%d rules, want 2", n)
	}
}

// lateImport answers large imports before they are done, as newer Kibanas do, and does them at the next request.
type lateImport struct {
	http.RoundTripper
	limit int
	late  []*http.Request
	early int
}

func (l *lateImport) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, late := range l.late {
		if _, err := l.RoundTripper.RoundTrip(late); err != nil {
			return nil, err
		}
	}
	l.late = nil
	if !strings.HasSuffix(r.URL.Path, "/_import") {
		return l.RoundTripper.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if strings.Count(string(body), `"rule_id":`) <= l.limit {
		return l.RoundTripper.RoundTrip(r)
	}
	l.late, l.early = append(l.late, r.Clone(context.Background())), l.early+1
	return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"task_id":"x"}`)), Request: r}, nil
}

// TestImportsThatAreDoneLaterAreLookedUp: no rule is lost or doubled, and only the first import is too large.
func TestImportsThatAreDoneLaterAreLookedUp(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	late := &lateImport{RoundTripper: kt.kibana.Transport(), limit: 60}
	kt.transport = late
	sink := kt.sink()
	var changes []sync.Change
	for n := range 100 {
		changes = append(changes, ruleUpsert(t, n, nil))
	}
	for i, r := range kt.write(sink, changes...) {
		if r.Outcome != sync.Done {
			t.Errorf("indicator %d: %v %v", i, r.Outcome, r.Err)
		}
	}
	for n := range 100 {
		changes[n] = ruleUpsert(t, n, values{"name": "b"})
	}
	kt.write(sink, changes...)
	if n := kt.kibana.Count(""); n != 100 || late.early != 1 || kt.rule(ruleKey(99))["name"] != "OpenCTI: b" {
		t.Errorf("%d rules, want 100; %d imports were done late, want the first alone", n, late.early)
	}
}

func TestRulesBulkRefusedFallsBackToSingleCalls(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	for _, path := range []string{"_import", "_bulk_action"} {
		kt.kibana.Fail(elastictest.KibanaFault{Match: elastictest.OnPath("POST", path), Times: -1, Status: 403})
	}
	sink := kt.sink()
	kt.write(sink, ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil))
	kt.write(sink, ruleUpsert(t, 1, map[string]any{"name": "x"}), ruleDelete(2))
	if kt.rule(ruleKey(1))["name"] != "OpenCTI: x" || kt.rule(ruleKey(2)) != nil {
		t.Errorf("rules: %v", kt.kibana.Rules(""))
	}
}

func TestRulesWithoutRightsBlock(t *testing.T) {
	for _, status := range []int{401, 403, 404} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			kt := newKibanaTest(t, elastictest.KibanaOptions{})
			sink := kt.sink()
			if _, err := sink.Write(t.Context(), []sync.Change{ruleUpsert(t, 1, nil)}); err != nil {
				t.Fatal(err)
			}
			kt.kibana.Fail(elastictest.KibanaFault{Times: -1, Status: status})
			_, err := sink.Write(t.Context(), []sync.Change{ruleUpsert(t, 2, nil)})
			if err == nil || sync.Classify(err) != sync.Blocked {
				t.Errorf("class %v of %v", sync.Classify(err), err)
			}
		})
	}
}

func TestRulesWithoutSuppressionOnBasic(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{BasicLicence: true})
	kt.options.SuppressBy = []string{"host.name"}
	sink := kt.sink()
	var changes []sync.Change
	for n := range 20 {
		changes = append(changes, ruleUpsert(t, n, nil))
	}
	for _, r := range kt.write(sink, changes...) {
		if r.Outcome != sync.Done {
			t.Fatalf("%v %v", r.Outcome, r.Err)
		}
	}
	if n := kt.kibana.Count(""); n != 20 {
		t.Errorf("%d rules", n)
	}
}

func TestRulesBudget(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.config.RunsPerMinute = 2 // ten rules at five minutes
	var changes []sync.Change
	for n := range 12 {
		changes = append(changes, ruleUpsert(t, n, nil))
	}
	sink := kt.sink()
	notes := 0
	for _, r := range kt.write(sink, changes...) {
		if r.Err != nil {
			notes++
		}
	}
	enabled := 0
	for _, r := range kt.kibana.Rules("") {
		if r["enabled"] == true {
			enabled++
		}
	}
	if enabled != 10 || notes == 0 || kt.kibana.Count("") != 12 {
		t.Errorf("%d of %d rules enabled, %d notes", enabled, kt.kibana.Count(""), notes)
	}
	kt.write(sink, ruleDelete(0), ruleDelete(1))
	kt.write(sink, changes[2:]...)
	for _, r := range kt.kibana.Rules("") {
		if r["enabled"] != true {
			t.Errorf("%v is disabled though there is room now", r["name"])
		}
	}
}

func TestRulesStats(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.kibana.Seed("", map[string]any{"name": "theirs", "description": "d", "risk_score": 1.0, "severity": "low", "type": "query", "enabled": true})
	sink := kt.sink()
	kt.write(sink, ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil), ruleUpsert(t, 3, map[string]any{"pattern_type": "sigma"}), ruleUpsert(t, 4, map[string]any{"pattern": "[mutex:name = 'x']"}))
	kt.write(sink, ruleDelete(2))
	want := kibana.Stats{
		Rules: 1, Enabled: 1, RunsPerMinute: 0.4, Limit: 10_000, Written: 3,
		NoRule: map[rules.Why]uint64{rules.NoElasticQuery: 1, rules.Untranslatable: 1},
	}
	if diff := cmp.Diff(want, sink.Stats()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// mustWrite writes changes of which none may fail.
func mustWrite(t testing.TB, sink sync.Sink, changes ...sync.Change) {
	t.Helper()
	results, err := sink.Write(t.Context(), changes)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Outcome == sync.Again || r.Outcome == sync.Refused {
			t.Fatalf("change %d: %v: %v", i, r.Outcome, r.Err)
		}
	}
}
