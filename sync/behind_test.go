package sync_test

import (
	"context"
	"iter"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// clocked is a live stream that makes events at a steady rate from its beginning on and keeps them all. It can be read
// again from any place, several times at once, faster than it was made.
type clocked struct {
	start time.Time
	rate  int // events a second
	last  int // no more than these
	keys  []sync.Change
	// reading and opened count the readings that are under way, and all.
	reading, opened *atomic.Int64
}

func newClocked(rate, last int) *clocked {
	keys := make([]sync.Change, 1000)
	for i := range keys {
		keys[i] = fake.Upsert(i, at(1))
	}
	return &clocked{time.Now(), rate, last, keys, new(atomic.Int64), new(atomic.Int64)}
}

// event is the n-th event, from 1.
func (s *clocked) event(n int) sync.Change {
	c := s.keys[n*7%len(s.keys)]
	if n%10 == 0 {
		c.Op = sync.Delete
	}
	c.Position = sync.Position{Millis: uint64(s.made(n).UnixMilli()), Seq: uint64(n)}
	c.Version = c.Position.Version()
	if n > 1 {
		c.Commit = sync.Checkpoint{Position: sync.Position{Millis: uint64(s.made(n - 1).UnixMilli()), Seq: uint64(n - 1)}}
	} else {
		c.Commit = sync.Checkpoint{}
	}
	return c
}

// made is when the n-th event happened: in bunches, a tenth of a second apart.
func (s *clocked) made(n int) time.Time {
	bunch := max(1, s.rate/10)
	return s.start.Add(time.Duration(n/bunch) * time.Duration(bunch) * time.Second / time.Duration(s.rate))
}

func (s *clocked) Changes(ctx context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		s.reading.Add(1)
		s.opened.Add(1)
		defer s.reading.Add(-1)
		n := 1
		if from != nil {
			n = int(from.Position.Seq) + 1
		}
		for ; n <= s.last; n++ {
			if wait := time.Until(s.made(n)); wait > 0 {
				select {
				case <-time.After(wait):
				case <-ctx.Done():
				}
			}
			if ctx.Err() != nil || !yield(s.event(n), nil) {
				return
			}
		}
		end := s.event(s.last)
		if yield(sync.Change{Op: sync.Progress, Position: end.Position, Commit: sync.Checkpoint{Position: end.Position}}, nil) {
			<-ctx.Done()
		}
	}
}

// fold is what a target must hold after the first n events.
func (s *clocked) fold(n int) map[string]int64 {
	out := make(map[string]int64)
	for i := 1; i <= n; i++ {
		if c := s.event(i); c.Op == sync.Upsert {
			out[c.Key] = c.Version
		} else {
			delete(out, c.Key)
		}
	}
	return out
}

// TestDocumentsNeverWait: the rules' target is away for an hour, at 300 events a second. The documents do
// not notice; nothing is kept for the rules beyond their bound; afterwards they are right, and read with the documents again.
func TestDocumentsNeverWait(t *testing.T) {
	const rate, outage, after = 300, time.Hour, 10 * time.Minute
	synctest.Test(t, func(t *testing.T) {
		stream := newClocked(rate, rate*int((outage+after)/time.Second))
		index, rules := fake.NewMemory("index"), fake.NewMemory("rules")
		index.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			time.Sleep(20 * time.Millisecond)
			return apply(), nil
		})
		away := func() bool { return time.Since(stream.start) < outage }
		rules.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			if away() {
				return nil, &fake.Fault{Class: sync.Transient}
			}
			time.Sleep(150 * time.Millisecond)
			return apply(), nil
		})
		checkpoints := &sync.MemoryCheckpoints{}
		e := engine(t, sync.Options{Source: stream, Sinks: []sync.Sink{index, rules}, Checkpoints: checkpoints})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()

		var lag time.Duration // the documents' worst
		var pending int       // the rules' most
		var heap, first uint64
		var joined time.Duration
		for time.Since(stream.start) < outage+after+time.Second {
			time.Sleep(500 * time.Millisecond)
			s := e.Stats()
			lag, pending = max(lag, s.Sinks[0].Lag), max(pending, s.Sinks[1].Pending)
			if away() && s.Sinks[1].Alone && stream.reading.Load() > 1 {
				t.Errorf("%v: %d readings for a sink that takes nothing", time.Since(stream.start), stream.reading.Load())
				break
			}
			if joined == 0 && !away() && !s.Sinks[1].Alone {
				joined = time.Since(stream.start) - outage
			}
			if int(time.Since(stream.start)/(500*time.Millisecond))%1200 == 600 {
				heap = heapInUse()
				if first == 0 {
					first = heap
				}
			}
		}
		s := e.Stats()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		want := stream.fold(stream.last)
		for _, sink := range []*fake.Memory{index, rules} {
			got, _ := sink.Held(t.Context())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("sink %s against the fold of the stream (-want +got):\n%s", sink.Name(), diff)
			}
		}
		if lag >= time.Second {
			t.Errorf("the documents were %v behind, want less than a second", lag)
		}
		if joined == 0 || stream.reading.Load() != 0 || s.Sinks[1].Alone {
			t.Errorf("joined after %v, alone: %v; want one reading for both at the end", joined, s.Sinks[1].Alone)
		}
		if n := s.Sinks[1].Readings; n == 0 || n > 5 {
			t.Errorf("%d readings for the rules alone, want a few", n)
		}
		t.Logf("%d events; documents at most %v behind; rules: at most %d pending, %d readings of their own, with the documents again %v after the outage; heap %d KiB after 5 minutes, %d KiB at the end",
			stream.last, lag, pending, s.Sinks[1].Readings, joined, first>>10, heap>>10)
	})
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestBriefTroubleCostsNoReading: a sink that is only now and then slower than the stream stays with the others.
func TestBriefTroubleCostsNoReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := newClocked(1000, 60_000)
		index, rules := fake.NewMemory("index"), fake.NewMemory("rules")
		rules.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			time.Sleep(300 * time.Millisecond)
			return apply(), nil
		})
		e := engine(t, sync.Options{Source: stream, Sinks: []sync.Sink{index, rules}, MaxPending: 600, MaxItems: 500, Concurrency: 1})
		if err := runFor(t, e, time.Minute+time.Second); err != nil {
			t.Error(err)
		}
		if n := stream.opened.Load(); n != 1 {
			t.Errorf("%d readings, want one", n)
		}
	})
}

// TestStartsWhereEachSinkStands: after a restart the sink that is ahead does not wait for the other.
func TestStartsWhereEachSinkStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := newClocked(300, 200_000)
		stream.start = stream.start.Add(-10 * time.Minute)
		index, rules := fake.NewMemory("index"), fake.NewMemory("rules")
		rules.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			time.Sleep(time.Second)
			return apply(), nil
		})
		checkpoints := &sync.MemoryCheckpoints{}
		now := int(time.Since(stream.start)/time.Second) * 300
		if err := checkpoints.Save(t.Context(), map[string]sync.Checkpoint{"index": {Position: stream.event(now).Position}}); err != nil {
			t.Fatal(err)
		}
		e := engine(t, sync.Options{Source: stream, Sinks: []sync.Sink{index, rules}, Checkpoints: checkpoints})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		time.Sleep(2 * time.Second)
		if s := e.Stats(); s.Sinks[0].Alone || !s.Sinks[1].Alone || s.Sinks[0].Lag > time.Second || s.Sinks[1].Lag < time.Minute {
			t.Errorf("after 2 s: %+v", s.Sinks)
		}
		time.Sleep(5 * time.Minute)
		s := e.Stats()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if s.Sinks[1].Alone || s.Sinks[0].Done+s.Sinks[0].Coalesced > 300*310 {
			t.Errorf("in the end: %+v", s.Sinks)
		}
		got, _ := rules.Held(t.Context())
		if diff := cmp.Diff(stream.fold(int(s.Position.Seq)), got); diff != "" {
			t.Errorf("the rules against the fold of the stream (-want +got):\n%s", diff)
		}
	})
}

// TestPolicyStartsAnew: a sink whose policy is another than the saved one reads everything again, through restarts; no other does.
func TestPolicyStartsAnew(t *testing.T) {
	list := history(500, 200)
	checkpoints := &sync.FileCheckpoints{Path: filepath.Join(t.TempDir(), "state.json")}
	run := func(index, rules string) (n [2]uint64) {
		t.Helper()
		e := engine(t, sync.Options{
			Source: fake.Stream{List: list}, Sinks: []sync.Sink{fake.NewMemory("index"), fake.NewMemory("rules")}, Checkpoints: checkpoints,
			Policies: map[string]string{"index": index, "rules": rules},
		})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, s := range e.Stats().Sinks {
			n[i] = s.Done + s.Coalesced
		}
		return n
	}
	for i, tt := range []struct {
		index, rules string
		want         [2]uint64
	}{
		{"", "", [2]uint64{500, 500}},
		{"a", "r", [2]uint64{0, 0}}, // of what was written before there were policies nothing is known
		{"a", "r", [2]uint64{0, 0}},
		{"b", "r", [2]uint64{500, 0}},
		{"b", "s", [2]uint64{0, 500}},
		{"a", "r", [2]uint64{500, 500}},
		{"", "r", [2]uint64{0, 0}},
	} {
		if got := run(tt.index, tt.rules); got != tt.want {
			t.Errorf("run %d with %q, %q: %v changes, want %v", i, tt.index, tt.rules, got, tt.want)
		}
	}
}
