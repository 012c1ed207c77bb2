package kibana_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

var foldSeeds = flag.Uint64("fold-seeds", 40, "how many random histories are written")

// TestRulesEqualTheFold writes random histories through faults, lost answers, restarts and look-ups that are up to
// half a minute late, in virtual time: in the end there is exactly one rule for each indicator that
// should have one, as its last state says, and none for any other.
func TestRulesEqualTheFold(t *testing.T) {
	for seed := range *foldSeeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 7))
			late := time.Duration(rng.Int64N(int64(30 * time.Second)))
			kt := newKibanaTest(t, elastictest.KibanaOptions{RefreshInterval: late, MaxURL: 3000})
			kt.transport, kt.config.Settle = kt.kibana.Transport(), late+time.Second
			synctest.Test(t, func(t *testing.T) {
				inside := *kt
				inside.t = t
				foldTest{rng: rng}.run(t, &inside)
			})
		})
	}
}

type foldTest struct{ rng *rand.Rand }

const foldKeys = 40

func (f foldTest) run(t *testing.T, kt *kibanaTest) {
	kt.config.MaxImportRules = 7
	foreign := kt.kibana.Seed("", map[string]any{"type": "query", "name": "theirs", "description": "d", "risk_score": 1.0, "severity": "low"})
	want := make(map[string]string) // rule_id to name and type
	sink := kt.sink()
	for range 25 {
		var batch []sync.Change
		for _, n := range f.rng.Perm(foldKeys)[:1+f.rng.IntN(15)] {
			batch = append(batch, f.change(t, n, want))
		}
		sink = f.write(kt, sink, batch, want)
	}
	kt.kibana.Heal()
	f.check(kt, want, foreign)
}

// change makes a random change of an indicator, and notes what is to come of it.
func (f foldTest) change(t testing.TB, n int, want map[string]string) sync.Change {
	id := rules.RuleID("", ruleKey(n))
	delete(want, id)
	name := fmt.Sprintf("state %d", f.rng.IntN(4))
	more := map[string]any{"name": name}
	kind := "query"
	switch f.rng.IntN(10) {
	case 0, 1:
		return ruleDelete(n)
	case 2:
		more["revoked"], kind = true, ""
	case 3:
		more["valid_until"], kind = "1999-01-01T00:00:00Z", ""
	case 4:
		more["pattern_type"], more["pattern"], kind = "eql", `process where process.name == "evil.exe"`, "eql"
	case 5:
		more["pattern_type"], more["pattern"], kind = "esql", `FROM logs-* METADATA _id | WHERE a.b == "c"`, "esql"
	case 6:
		more["pattern_type"], more["pattern"], kind = "yara", "rule x { condition: true }", ""
	case 7:
		more["pattern"], kind = "[mutex:name = 'x']", ""
	}
	if kind != "" {
		want[id] = kind + " OpenCTI: " + name
	}
	return ruleUpsert(t, n, more)
}

// write writes a batch through faults until it is done; now and then the process is
// replaced and the batch comes again, or a newer change takes the place of one that waits.
func (f foldTest) write(kt *kibanaTest, sink *kibana.Sink, batch []sync.Change, want map[string]string) *kibana.Sink {
	kt.t.Helper()
	todo := slices.Clone(batch)
	for try := 0; len(todo) > 0; try++ {
		if try < 10 {
			f.fault(kt.kibana)
		} else {
			kt.kibana.Heal()
		}
		if try == 100 {
			kt.t.Fatal("never done")
		}
		if f.rng.IntN(10) == 0 {
			sink, todo = kt.sink(), slices.Clone(batch) // a crash: all of the batch comes again
		}
		if i := f.rng.IntN(len(todo)); try > 0 && f.rng.IntN(4) == 0 {
			if n := slices.IndexFunc(batch, func(c sync.Change) bool { return c.Key == todo[i].Key }); n >= 0 {
				newer := f.change(kt.t, keyNumber(todo[i].Key), want)
				batch[n], todo[i] = newer, newer
			}
		}
		results, err := sink.Write(kt.t.Context(), todo)
		if err != nil {
			if sync.Classify(err) == sync.Permanent {
				kt.t.Fatalf("a fault of Kibana is called permanent: %v", err)
			}
			continue
		}
		var again []sync.Change
		for i, r := range results {
			switch r.Outcome {
			case sync.Again:
				again = append(again, todo[i])
			case sync.Refused:
				kt.t.Fatalf("refused: %v", r.Err)
			}
		}
		todo = again
	}
	return sink
}

func keyNumber(key string) int {
	n, _ := strconv.Atoi(strings.TrimLeft(key[len(key)-12:], "0"))
	return n
}

func (f foldTest) fault(k *elastictest.Kibana) {
	for range f.rng.IntN(3) {
		fault := elastictest.KibanaFault{Skip: f.rng.IntN(3), AfterEffect: f.rng.IntN(2) == 0}
		switch f.rng.IntN(5) {
		case 0:
			fault.Cut = true
		case 1:
			fault.Status, fault.Body = 502, "<html>Bad Gateway</html>"
		case 2:
			fault.Status = 503
		case 3:
			fault.Status, fault.Header, fault.AfterEffect = 429, http.Header{"Retry-After": {"1"}}, false
		case 4:
			fault.Status = 500
		}
		k.Fail(fault)
	}
}

func (f foldTest) check(kt *kibanaTest, want map[string]string, foreign string) {
	t := kt.t
	got := make(map[string]string)
	others := 0
	for _, r := range kt.kibana.Rules("") {
		if r["id"] == foreign {
			others++
			continue
		}
		id := r["rule_id"].(string)
		if got[id] != "" {
			t.Errorf("two rules of %s", id)
		}
		got[id] = fmt.Sprint(r["type"], " ", r["name"])
		if r["enabled"] != true {
			t.Errorf("%s is disabled", id)
		}
	}
	if others != 1 {
		t.Errorf("%d rules of others", others)
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("%s: %q, want %q", id, got[id], w)
		}
	}
	for id, g := range got {
		if want[id] == "" {
			t.Errorf("%s: %q, want none", id, g)
		}
	}
	if t.Failed() {
		for _, r := range kt.kibana.Requests() {
			if !strings.HasSuffix(r.Path, "_find") {
				t.Logf("%s %s %d", r.Method, r.Path, r.Status)
			}
		}
	}
}

// TestRulesConcurrentWrites: the engine writes several batches of different keys at a time.
func TestRulesConcurrentWrites(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{RefreshInterval: time.Millisecond})
	kt.config.Settle = 4 * time.Millisecond
	kt.config.RunsPerMinute = 20
	sink := kt.sink()
	kt.kibana.Fail(elastictest.KibanaFault{Match: elastictest.OnPath("POST", "_import"), Skip: 2, Times: 3, Cut: true, AfterEffect: true})
	var wg stdsync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for round := range 3 {
				var batch []sync.Change
				for n := range 25 {
					batch = append(batch, ruleUpsert(t, worker*100+n, map[string]any{"name": fmt.Sprint("round ", round)}))
				}
				for len(batch) > 0 {
					results, err := sink.Write(t.Context(), batch)
					if err != nil {
						continue
					}
					var again []sync.Change
					for i, r := range results {
						if r.Outcome == sync.Again {
							again = append(again, batch[i])
						}
					}
					batch = again
				}
			}
			sink.Stats()
		})
	}
	wg.Wait()
	if n := len(kt.kibana.Rules("")); n != 100 {
		t.Errorf("%d rules, want 100", n)
	}
	enabled := 0
	for _, r := range kt.kibana.Rules("") {
		if r["enabled"] == true {
			enabled++
		}
		if r["name"] != "OpenCTI: round 2" {
			t.Errorf("name %v", r["name"])
		}
	}
	if enabled != 100 {
		t.Errorf("%d rules enabled", enabled)
	}
}
