package elastic_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	stdsync "sync"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// writeAll writes until every change is settled, as the engine would; it gives up after many tries.
func writeAll(t *testing.T, sink sync.Sink, changes []sync.Change) {
	t.Helper()
	for range 200 {
		results, err := sink.Write(t.Context(), changes)
		if err != nil {
			if sync.Classify(err) != sync.Transient {
				t.Errorf("write: %v of class %d", err, sync.Classify(err))
				return
			}
			continue
		}
		var left []sync.Change
		for i, r := range results {
			switch r.Outcome {
			case sync.Again:
				left = append(left, changes[i])
			case sync.Refused:
				t.Errorf("%s: refused: %v", changes[i].Key, r.Err)
			}
		}
		if changes = left; len(changes) == 0 {
			return
		}
	}
	t.Errorf("%d changes are still not written", len(changes))
}

// TestTargetEqualsFold writes random histories from several goroutines, each with keys of its own, while requests
// and items fail in every way, and the stream rolls over. Every third batch is written again later, as after a crash.
func TestTargetEqualsFold(t *testing.T) {
	housekeepingServers(t, func(t *testing.T, s *elastictest.Elasticsearch) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		for _, f := range []elastictest.Fault{
			{Match: elastictest.Bulk, Every: 7, Status: 429},
			{Match: elastictest.Bulk, Every: 11, ResetAfter: true},
			{Match: elastictest.Bulk, Every: 13, Reset: true},
			{Match: elastictest.Operation("mget"), Every: 5, Status: 503},
			{Match: elastictest.Bulk, Every: 2, Item: &elastictest.ItemFault{Every: 5, Status: 429, Type: "es_rejected_execution_exception"}},
			{Match: elastictest.Bulk, Every: 17, Status: 200, Body: []byte("<html>")},
		} {
			s.Inject(f)
		}
		x := newIndex(t, s, elastic.IndexOptions{MaxItems: 20})
		var mu stdsync.Mutex
		want := make(map[string]int64)
		var group stdsync.WaitGroup
		for g := range 4 {
			group.Go(func() {
				random := rand.New(rand.NewPCG(seed, uint64(g)))
				var earlier [][]sync.Change
				for batch := range 25 {
					var changes []sync.Change
					for n := range 30 {
						if random.IntN(2) == 0 {
							continue
						}
						c := upsert(indicator(g*1000+n, fmt.Sprintf(`,"description":"batch %d"`, batch)), int64(1000+batch))
						if random.IntN(4) == 0 {
							c.Op, c.Object = sync.Delete, nil
						}
						changes = append(changes, c)
					}
					writeAll(t, x, changes)
					if random.IntN(12) == 0 {
						_ = s.Rollover(elastic.DefaultIndex) // an index has none
					}
					earlier = append(earlier, changes)
					if batch%3 == 2 { // again from the last checkpoint
						for _, again := range earlier[len(earlier)-3:] {
							writeAll(t, x, again)
						}
					}
				}
				mu.Lock()
				defer mu.Unlock()
				for _, changes := range earlier {
					for _, c := range changes {
						want[c.Key] = c.Version
						if c.Op == sync.Delete {
							delete(want, c.Key)
						}
					}
				}
			})
		}
		group.Wait()
		docs := s.Documents(elastic.DefaultIndex)
		if n := s.Len(elastic.DefaultIndex); n != len(want) || len(docs) != len(want) {
			t.Errorf("%d documents of %d objects, want %d", n, len(docs), len(want))
		}
		for key, version := range want {
			var doc struct {
				Threat struct {
					Indicator struct {
						Description string `json:"description"`
					} `json:"indicator"`
				} `json:"threat"`
			}
			if err := json.Unmarshal(docs[key].Source, &doc); err != nil {
				t.Errorf("%s: %v", key, err)
			} else if got := doc.Threat.Indicator.Description; got != fmt.Sprintf("batch %d", version-1000) {
				t.Errorf("%s: %s, want batch %d", key, got, version-1000)
			}
		}
	})
}
