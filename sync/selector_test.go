package sync_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// choosy is a sink that has a use for every tenth key only.
type choosy struct{ *fake.Memory }

func (choosy) Wants(c sync.Change) bool { return strings.HasSuffix(c.Key, "0") }

// TestUnwantedChangesTakeNoPlace: what a sink has no use for fills neither its batches nor its memory, and is
// acknowledged all the same.
func TestUnwantedChangesTakeNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(10_000, 1000)
		var want []sync.Change
		for _, c := range list {
			if (choosy{}).Wants(c) {
				want = append(want, c)
			}
		}
		if len(want) == 0 || len(want) > len(list)/5 {
			t.Fatalf("%d of %d changes are wanted: the test says nothing", len(want), len(list))
		}
		sink := choosy{fake.NewMemory("rules")}
		checkpoints := &sync.MemoryCheckpoints{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, Checkpoints: checkpoints})
		if err := runFor(t, e, time.Minute); err != nil {
			t.Fatal(err)
		}
		holds(t, sink.Memory, want)
		written := 0
		for _, n := range sink.Requests() {
			written += n
		}
		if written > len(want) {
			t.Errorf("%d changes were written, at most %d are wanted", written, len(want))
		}
		saved, _ := checkpoints.Load(t.Context())
		if got := saved["rules"].Position; got != at(len(list)) {
			t.Errorf("the checkpoint is at %v, want the end", got)
		}
		if s := e.Stats().Sinks[0]; s.Ignored != uint64(len(list)-len(want)) {
			t.Errorf("%d ignored, want %d", s.Ignored, len(list)-len(want))
		}
	})
}
