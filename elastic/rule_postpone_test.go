package elastic_test

import (
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// TestRulesWrittenAMomentAgoHoldUpNobody: Kibana does not yet see a rule of a moment ago, so that
// its update has to wait; other rules of the batch need not.
func TestRulesWrittenAMomentAgoHoldUpNobody(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.config.Settle = 500 * time.Millisecond
	sink := kt.sink()
	if got := kt.one(sink, ruleUpsert(t, 1, nil)); got.Outcome != sync.Done {
		t.Fatalf("create: %+v", got)
	}
	results, err := sink.Write(t.Context(), []sync.Change{ruleUpsert(t, 1, map[string]any{"name": "another"}), ruleUpsert(t, 2, nil)})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Outcome != sync.Again || r.After <= 0 || r.After > kt.config.Settle {
		t.Errorf("the update: %+v, want Again after at most %v", r, kt.config.Settle)
	}
	if results[1].Outcome != sync.Done || kt.rule(ruleKey(2)) == nil {
		t.Errorf("the other rule: %+v, want it done", results[1])
	}
	// Alone it is waited for.
	if got := kt.one(sink, ruleUpsert(t, 1, map[string]any{"name": "another"})); got.Outcome != sync.Done {
		t.Errorf("the update alone: %+v", got)
	}
	if n := len(kt.kibana.Rules("")); n != 2 {
		t.Errorf("%d rules, want 2", n)
	}
}
