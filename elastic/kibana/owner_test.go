package kibana_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const (
	connectorA = "7b0b35c3-9e43-4b7c-8d3e-52b4d2b7a3f0"
	connectorB = "0c6c1d4e-2f7a-4f0e-9c59-0a3f1d9e8b21"
)

// of returns the stand-in as another connector with another policy sees it.
func (kt *kibanaTest) of(connector string, policy rules.Policy) *kibanaTest {
	other := *kt
	other.options.Connector, other.options.Policy = connector, policy
	return &other
}

// rulesOf returns all fields of the rules with that tag, by rule_id.
func (kt *kibanaTest) rulesOf(tag string) map[string]any {
	out := make(map[string]any)
	for _, r := range kt.kibana.Rules("") {
		if slices.Contains(r["tags"].([]any), any(tag)) {
			out[r["rule_id"].(string)] = maps.Clone(r)
		}
	}
	return out
}

// TestConnectorsTouchOnlyTheirOwn runs two connectors that are fed the same objects in one space, in every pair of
// policies: whatever the second does, at its first start and at any other, the first's rules stay as they are.
func TestConnectorsTouchOnlyTheirOwn(t *testing.T) {
	policies := []rules.Policy{rules.PerIndicator, rules.Match, rules.Lookup, rules.Off}
	changes := []sync.Change{ruleUpsert(t, 1, nil), ruleUpsert(t, 2, values{"pattern": "[domain-name:value LIKE '%.evil.example']"})}
	for _, first := range policies {
		for _, second := range policies {
			t.Run(fmt.Sprintf("%s beside %s", second, first), func(t *testing.T) {
				kt := newKibanaTest(t, elastictest.KibanaOptions{})
				a, b := kt.of(connectorA, first), kt.of(connectorB, second)
				alone := newKibanaTest(t, elastictest.KibanaOptions{}).of(connectorB, second)
				feed := func(kt *kibanaTest) *kibana.Sink {
					sink := kt.sink()
					if _, err := sink.Reconcile(t.Context()); err != nil {
						t.Fatal(err)
					}
					kt.write(sink, changes...)
					return sink
				}
				feed(a)
				before := kt.rulesOf(rules.OwnerTag(connectorA))
				feed(alone)
				for range 2 { // the first start and a restart
					sink := feed(b)
					kt.write(sink, ruleUpsert(t, 1, values{"description": "changed"}), ruleDelete(2))
					kt.write(sink, changes...)
					if err := sink.Expire(t.Context(), []string{ruleKey(2)}); err != nil {
						t.Fatal(err)
					}
					kt.write(sink, changes...)
					want := len(alone.rulesOf(rules.OwnerTag(connectorB)))
					if n := len(kt.rulesOf(rules.OwnerTag(connectorB))); n != want || sink.Stats().Rules != want {
						t.Errorf("the second has %d rules and counts %d, want %d as if it were alone", n, sink.Stats().Rules, want)
					}
				}
				if diff := cmp.Diff(before, kt.rulesOf(rules.OwnerTag(connectorA))); diff != "" {
					t.Errorf("rules of the first (-before +after):\n%s", diff)
				}
				// And the first goes on as before.
				sink := feed(a)
				kt.write(sink, ruleDelete(1), ruleDelete(2))
				if n, want := len(kt.kibana.Rules("")), len(a.managed())+len(kt.rulesOf(rules.OwnerTag(connectorB))); n != want {
					t.Errorf("%d rules after the first's deletions, want %d", n, want)
				}
			})
		}
	}
}

// managed returns the managed rules of the policy.
func (kt *kibanaTest) managed() []rules.Rule {
	b, err := rules.NewBuilder(kt.options)
	if err != nil {
		kt.t.Fatal(err)
	}
	return b.Managed()
}

// TestUnownedRulesAreAdoptedOnly: rules that were made before connectors had names are nobody's until a
// person says whose they are.
func TestUnownedRulesAreAdoptedOnly(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	unowned := kt.of("", rules.PerIndicator)
	unowned.write(unowned.sink(), ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil))
	kt.kibana.Edit("", rules.RuleID("", ruleKey(1)), func(r map[string]any) { r["interval"], r["enabled"] = "1h", false })
	kt.kibana.SaveInUI("", rules.RuleID("", ruleKey(2)), func(r map[string]any) { r["note"] = "call Ann" })
	before := kt.kibana.Rules("")
	a := kt.of(connectorA, rules.Off)
	if _, err := a.sink().Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, kt.kibana.Rules("")); diff != "" {
		t.Fatalf("rules that belong to no connector were touched:\n%s", diff)
	}
	want := kibana.AdoptReport{Found: 2, Unowned: 2, Adopted: 2}
	got, err := kibana.Adopt(t.Context(), kt.client(), kibana.AdoptOptions{Connector: connectorA})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	if got := kt.rulesOf(rules.OwnerTag(connectorA)); len(got) != 2 || len(kt.kibana.Rules("")) != 2 {
		t.Errorf("%d of %d rules are the connector's, want 2 of 2", len(got), len(kt.kibana.Rules("")))
	}
	a = kt.of(connectorA, rules.PerIndicator)
	a.write(a.sink(), ruleUpsert(t, 1, values{"description": "changed"}), ruleUpsert(t, 2, nil))
	one, two := a.rule(ruleKey(1)), a.rule(ruleKey(2))
	if one["interval"] != "1h" || one["enabled"] != false || one["description"] != "changed" || !strings.HasSuffix(two["note"].(string), "call Ann") {
		t.Errorf("what a person had set is not there, or what OpenCTI says: %v\n%v", one, two)
	}
	if n := len(kt.kibana.Rules("")); n != 2 {
		t.Errorf("%d rules, want 2", n)
	}
}
