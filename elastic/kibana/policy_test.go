package kibana_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// atomicPattern returns a distinct pattern of a kind that is covered.
func atomicPattern(n int) string {
	switch n % 5 {
	case 0:
		return fmt.Sprintf("[ipv4-addr:value = '45.%d.%d.%d']", n>>16&255, n>>8&255, n&255)
	case 1:
		return fmt.Sprintf("[domain-name:value = 'd%d.evil.example']", n)
	case 2:
		return fmt.Sprintf("[url:value = 'https://evil.example/%d']", n)
	case 3:
		return fmt.Sprintf("[file:hashes.'SHA-256' = '%064x']", n)
	}
	return fmt.Sprintf("[email-addr:value = 'a%d@evil.example' OR file:hashes.MD5 = '%032x']", n, n)
}

func TestMatchPolicyMakesAHandfulOfRules(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.options.Policy = rules.Match
	sink := kt.sink()
	const count = 20_000
	for from := 0; from < count; from += 500 {
		var batch []sync.Change
		for n := from; n < from+500; n++ {
			batch = append(batch, ruleUpsert(t, n, values{"pattern": atomicPattern(n)}))
		}
		for _, r := range kt.write(sink, batch...) {
			none, _ := errors.AsType[*rules.NoRuleError](r.Err)
			if r.Outcome != sync.Ignored || none == nil || none.Why != rules.Covered {
				t.Fatalf("%v %v", r.Outcome, r.Err)
			}
		}
	}
	if n := kt.kibana.Count(""); n == 0 || n > 10 {
		t.Errorf("%d rules, want 1 to 10", n)
	}
	t.Logf("%d indicators, %d rules, %d requests", count, kt.kibana.Count(""), len(kt.kibana.Requests()))
	kt.one(sink, ruleUpsert(t, count, values{"pattern": "[ipv4-addr:value = '45.0.0.0/24']"}))
	if kt.rule(ruleKey(count)) == nil {
		t.Error("an indicator that is not covered has no rule")
	}
}

func TestPolicyChangeConverges(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	atomic, complex := ruleUpsert(t, 1, nil), ruleUpsert(t, 2, values{"pattern": "[domain-name:value LIKE '%.evil.example']"})
	key := ruleUpsert(t, 3, values{"pattern": `[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Evil']`}) // a match rule covers it, a lookup can't
	kt.write(kt.sink(), atomic, complex, key)
	steps := []struct {
		policy               rules.Policy
		atomic, complex, key bool
		managed              bool
		replay               bool
	}{
		{rules.Lookup, false, true, true, true, false},
		{rules.Match, false, true, false, true, false},
		{rules.Lookup, false, true, false, true, true}, // for the key
		{rules.PerIndicator, false, true, false, false, true},
		{rules.Off, false, false, false, false, false},
	}
	for _, s := range steps {
		t.Run(string(s.policy), func(t *testing.T) {
			kt.options.Policy = s.policy
			got, err := kt.sink().Reconcile(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			managed := 0
			for _, r := range kt.kibana.Rules("") {
				if strings.HasPrefix(r["rule_id"].(string), "opencti-elastic-"+string(s.policy)+".") {
					managed++
				}
			}
			if (kt.rule(ruleKey(1)) != nil) != s.atomic || (kt.rule(ruleKey(2)) != nil) != s.complex || (kt.rule(ruleKey(3)) != nil) != s.key || (managed > 0) != s.managed || got.Replay != s.replay {
				t.Errorf("%+v, %d managed rules, rules %d", got, managed, kt.kibana.Count(""))
			}
			if got.Rules != kt.kibana.Count("") {
				t.Errorf("%d rules are said to be there, there are %d", got.Rules, kt.kibana.Count(""))
			}
		})
	}
}

func TestNoisyRulesStayDisabled(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	counts := map[string]int64{"OpenCTI: indicator 1": 5000, "OpenCTI: indicator 2": 3}
	kt.config.Preview = func(_ context.Context, r rules.Rule) (int64, error) { return counts[r.Base().Name], nil }
	results := kt.write(kt.sink(), ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil))
	if kt.rule(ruleKey(1))["enabled"] != false || results[0].Err == nil || kt.rule(ruleKey(2))["enabled"] != true || results[1].Err != nil {
		t.Errorf("%v, %v; %v", kt.rule(ruleKey(1))["enabled"], kt.rule(ruleKey(2))["enabled"], results)
	}
}

// TestRunKeepsHouse: whoever imports the sink needs nothing but Run for what it does by itself.
func TestRunKeepsHouse(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.transport = kt.kibana.Transport()
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(30 * time.Minute)
		kt.options.Now = time.Now
		sink := kt.sink()
		mustWrite(t, sink, ruleUpsert(t, 1, values{"valid_until": end.UTC().Format(time.RFC3339)}), ruleUpsert(t, 2, nil))
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		if err := sink.Run(ctx); err != nil {
			t.Error(err)
		}
		if kt.rule(ruleKey(1)) != nil || kt.rule(ruleKey(2)) == nil {
			t.Errorf("after an hour: %v", kt.kibana.Rules(""))
		}
		off := kt.of("", rules.Off).sink()
		kt.kibana.Fail(elastictest.KibanaFault{Status: 503, Times: 3})
		ctx, stop = context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := off.Run(ctx); err != nil {
			t.Error(err)
		}
		if n := len(kt.kibana.Rules("")); n != 0 {
			t.Errorf("%d rules are left of a policy that is off", n)
		}
	})
}
