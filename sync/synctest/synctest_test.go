package synctest_test

import (
	"testing"

	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestMemory(t *testing.T) {
	synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
		m := synctest.NewMemory("memory")
		return synctest.SinkHarness{Sink: m, Held: m.Held}
	})
}

func TestStream(t *testing.T) {
	var list []sync.Change
	for i := range 30 {
		at := sync.Position{Millis: uint64(1000 + i)}
		list = append(list, synctest.Upsert(i%7, at), sync.Change{Op: sync.Progress, Position: at, Commit: sync.Checkpoint{Position: at}})
	}
	for _, live := range []bool{false, true} {
		synctest.TestSource(t, func(*testing.T) synctest.SourceHarness {
			return synctest.SourceHarness{Source: synctest.Stream{List: list, Live: live}, Changes: 30}
		})
	}
}
