package sync_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is the n-th position of a test stream.
func at(n int) sync.Position { return sync.Position{Millis: 1795446740000 + uint64(n), Seq: uint64(n)} }

// history is n changes over the given number of keys; every tenth is a delete.
func history(n, keys int) []sync.Change {
	list := make([]sync.Change, n)
	for i := range list {
		if i%10 == 9 {
			list[i] = fake.Delete(i*7%keys, at(i+1))
		} else {
			list[i] = fake.Upsert(i*7%keys, at(i+1))
		}
	}
	return list
}

// engine makes one with a quiet log.
func engine(t testing.TB, opts sync.Options) *sync.Engine {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := sync.NewEngine(opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// holds checks that the sink holds the fold of the changes and that the engine kept its promises.
func holds(t testing.TB, sink *fake.Memory, changes []sync.Change) {
	t.Helper()
	got, _ := sink.Held(t.Context())
	if diff := cmp.Diff(fake.Fold(changes), got); diff != "" {
		t.Errorf("sink %s against the fold of the stream (-want +got):\n%s", sink.Name(), diff)
	}
	if err := errors.Join(sink.Breaches()...); err != nil {
		t.Errorf("sink %s saw broken promises:\n%v", sink.Name(), err)
	}
}

func TestRunWritesARecording(t *testing.T) {
	list := history(5000, 700)
	sink, checkpoints := fake.NewMemory("index"), &sync.MemoryCheckpoints{}
	e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, Checkpoints: checkpoints})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(t, sink, list)
	saved, _ := checkpoints.Load(t.Context())
	if want := map[string]sync.Checkpoint{"index": {Position: at(5000)}}; !cmp.Equal(want, saved) {
		t.Errorf("saved checkpoints: got %v, want %v", saved, want)
	}
	if s := e.Stats().Sinks[0]; s.Unacknowledged != 0 || s.PendingBytes != 0 || s.Done+s.Coalesced != 5000 {
		t.Errorf("stats: got %+v, want nothing left and 5000 done or coalesced", s)
	}
}

func TestLoneChangeGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		sink := fake.NewMemory("index")
		e := engine(t, sync.Options{Source: fake.Stream{List: history(1, 1), Live: true}, Sinks: []sync.Sink{sink}})
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		synctest.Wait() // no time passes
		if got := sink.Requests(); len(got) != 1 {
			t.Errorf("requests without any wait: got %v, want one", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestBurstMakesFewRequests: at any rate of the source and any latency of the sink.
func TestBurstMakesFewRequests(t *testing.T) {
	for _, rate := range []int{2000, 5000, 20000, 200000} {
		for _, latency := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				list := history(10000, 10000)
				sink := fake.NewMemory("index")
				sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
					time.Sleep(latency)
					return apply(), nil
				})
				e := engine(t, sync.Options{Source: paced{list, rate}, Sinks: []sync.Sink{sink}})
				start := time.Now()
				if err := e.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				holds(t, sink, list)
				ratio := float64(len(sink.Requests())) / float64(len(list))
				t.Logf("%d/s, latency %v: %.4f requests an event, %v", rate, latency, ratio, time.Since(start))
				if ratio > 0.01 {
					t.Errorf("%d/s, latency %v: %.4f requests an event, want at most 0.01", rate, latency, ratio)
				}
				if limit := time.Duration(len(list)) * time.Second / time.Duration(min(rate, 10000)); time.Since(start) > limit+time.Second {
					t.Errorf("%d/s, latency %v: took %v, want about %v", rate, latency, time.Since(start), limit)
				}
			})
		}
	}
}

// TestSteadyTrickleWaitsForNothing: at the rates of everyday each change is written when it comes.
func TestSteadyTrickleWaitsForNothing(t *testing.T) {
	for _, perSecond := range []int{1, 10, 100, 200} {
		synctest.Test(t, func(t *testing.T) {
			list := history(10*perSecond, 10*perSecond)
			var late time.Duration
			start, n := time.Now(), 0
			sink := fake.NewMemory("index")
			sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
				late = max(late, time.Since(start)-time.Duration(n)*time.Second/time.Duration(perSecond)) // of the first of them
				n += len(changes)
				return apply(), nil
			})
			e := engine(t, sync.Options{Source: paced{list, perSecond}, Sinks: []sync.Sink{sink}})
			if err := e.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			holds(t, sink, list)
			if late > time.Millisecond {
				t.Errorf("%d a second: a change waited %v", perSecond, late)
			}
		})
	}
}
