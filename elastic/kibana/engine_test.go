package kibana_test

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// changeSource yields changes as a stream does that is read faster than Kibana writes.
type changeSource []sync.Change

func (s changeSource) Changes(context.Context, *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		for i, c := range s {
			c.Position = sync.Position{Millis: uint64(i + 1)}
			c.Commit, c.Version, c.Size = sync.Checkpoint{Position: c.Position}, c.Position.Version(), 2000
			if !yield(c, nil) {
				return
			}
		}
	}
}

// TestEngineWritesTenThousandRulesInFewRequests is the whole way: the engine makes the batches,
// and some requests fail. The waits are those of production, in time that costs none.
func TestEngineWritesTenThousandRulesInFewRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("ten thousand rules take some seconds")
	}
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.transport = kt.kibana.Transport()
	synctest.Test(t, func(t *testing.T) { writeTenThousandRules(t, kt) })
}

func writeTenThousandRules(t *testing.T, kt *kibanaTest) {
	kt.config.RunsPerMinute = -1
	kt.config.Pace, kt.config.Settle = 0, 0 // the defaults
	sink := kt.sink()
	const count = 10_000
	for _, phase := range []struct {
		name   string
		change func(n int) sync.Change
		want   int
	}{
		{"create", func(n int) sync.Change { return ruleUpsert(t, n, nil) }, count},
		{"update", func(n int) sync.Change { return ruleUpsert(t, n, values{"description": "changed"}) }, count},
		{"delete", ruleDelete, 0},
	} {
		source := make(changeSource, count)
		for n := range source {
			source[n] = phase.change(n)
		}
		kt.kibana.Fail(elastictest.KibanaFault{Match: elastictest.OnPath("POST", "_import"), Skip: 5, Status: 503})
		engine, err := sync.NewEngine(sync.Options{
			Source: source, Sinks: []sync.Sink{sink}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Backoff: sync.Backoff{Initial: time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := kt.kibana.Count(""); n != phase.want {
			t.Errorf("%s: %d rules, want %d", phase.name, n, phase.want)
		}
		t.Logf("%s: %d requests so far", phase.name, len(kt.kibana.Requests()))
	}
	kinds := make(map[string]int)
	for _, r := range kt.kibana.Requests() {
		kinds[r.Method+" "+r.Path]++
	}
	t.Log(kinds)
	if n := len(kt.kibana.Requests()); n > 300 {
		t.Errorf("%d requests, want at most 300", n)
	}
}
