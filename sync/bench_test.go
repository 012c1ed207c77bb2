package sync_test

import (
	"context"
	"iter"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// null is a sink that does nothing.
type null struct{ name string }

func (n null) Name() string { return n.name }

func (null) Write(_ context.Context, changes []sync.Change) ([]sync.Result, error) {
	return make([]sync.Result, len(changes)), nil
}

// loop yields n changes out of a few thousand prepared ones.
type loop struct {
	list []sync.Change
	n    int
}

func (l loop) Changes(ctx context.Context, _ *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		for i := range l.n {
			c := l.list[i%len(l.list)]
			c.Position.Millis += uint64(i)
			c.Version, c.Commit.Position = c.Position.Version(), c.Position
			if !yield(c, nil) {
				return
			}
		}
	}
}

func BenchmarkEngine(b *testing.B) {
	list := history(20000, 20000)
	for _, bench := range []struct {
		name  string
		sinks []sync.Sink
	}{
		{"one sink", []sync.Sink{null{"index"}}},
		{"two sinks", []sync.Sink{null{"index"}, null{"rules"}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			e := engine(b, sync.Options{Source: loop{list, b.N}, Sinks: bench.sinks})
			if err := e.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
			b.ReportMetric(float64(e.Stats().Sinks[0].Requests)/float64(b.N), "requests/change")
		})
	}
}

func BenchmarkHotKey(b *testing.B) {
	b.ReportAllocs()
	e := engine(b, sync.Options{Source: loop{[]sync.Change{fake.Upsert(1, at(1))}, b.N}, Sinks: []sync.Sink{null{"index"}}})
	if err := e.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}
