package sync_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// TestSlowSinkHoldsTheSource: where there is one reading, two sinks come no further apart than MaxPending, and
// the fast one is not made to repeat when the process starts again.
func TestSlowSinkHoldsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(5000, 5000)
		index, rules := fake.NewMemory("index"), fake.NewMemory("rules")
		rules.Intercept(func(ctx context.Context, _ []sync.Change, _ func() []sync.Result) ([]sync.Result, error) {
			return nil, &fake.Fault{Class: sync.Transient}
		})
		checkpoints := &sync.MemoryCheckpoints{}
		opts := sync.Options{
			Source: fake.Stream{List: list, Live: true}, Sinks: []sync.Sink{index, rules}, Checkpoints: checkpoints,
			MaxPending: 1000, MaxItems: 100, SingleReading: true,
		}
		e := engine(t, opts)
		if err := runFor(t, e, time.Minute); err == nil {
			t.Error("got no error, want ErrStopped")
		}
		saved, _ := checkpoints.Load(t.Context())
		if diff := cmp.Diff(map[string]sync.Checkpoint{"index": {Position: at(1001)}}, saved); diff != "" && saved["index"].Position != at(1000) {
			t.Errorf("checkpoints (-want +got):\n%s", diff)
		}
		if s := e.Stats().Sinks[1]; s.Unacknowledged != 1000 || s.State != sync.Retrying || s.Err == nil || s.Lag < 30*time.Second {
			t.Errorf("stats of the slow sink: got %+v", s)
		}

		rules.Intercept(nil)
		before := e.Stats().Sinks[0]
		if err := runFor(t, e, time.Minute); err != nil {
			t.Error(err)
		}
		holds(t, index, list)
		holds(t, rules, list)
		after := e.Stats().Sinks[0]
		if written := after.Done + after.Superseded - before.Done - before.Superseded; written > 4001 {
			t.Errorf("index was given %d changes after the restart, want about 4000", written)
		}
		saved, _ = checkpoints.Load(t.Context())
		want := sync.Checkpoint{Position: at(5000)}
		if diff := cmp.Diff(map[string]sync.Checkpoint{"index": want, "rules": want}, saved); diff != "" {
			t.Errorf("checkpoints (-want +got):\n%s", diff)
		}
	})
}

// TestSourceStartsAtTheHindmost: where a single reading begins, for every mix of checkpoints.
func TestSourceStartsAtTheHindmost(t *testing.T) {
	recover1 := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	cp := func(n int, until time.Time) *sync.Checkpoint {
		return &sync.Checkpoint{Position: at(n), RecoverUntil: until}
	}
	tests := []struct {
		name       string
		a, b, want *sync.Checkpoint
	}{
		{"both new", nil, nil, nil},
		{"one new", cp(5, time.Time{}), nil, nil},
		{"the other new", nil, cp(5, time.Time{}), nil},
		{"the first behind", cp(3, time.Time{}), cp(5, time.Time{}), cp(3, time.Time{})},
		{"the second behind", cp(5, time.Time{}), cp(3, time.Time{}), cp(3, time.Time{})},
		{"one in a recovery", cp(5, time.Time{}), cp(5, recover1), cp(5, recover1)},
		{"one behind in a recovery", cp(3, recover1), cp(5, time.Time{}), cp(3, recover1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			saved := make(map[string]sync.Checkpoint)
			for name, c := range map[string]*sync.Checkpoint{"a": tt.a, "b": tt.b} {
				if c != nil {
					saved[name] = *c
				}
			}
			checkpoints := &sync.MemoryCheckpoints{}
			if err := checkpoints.Save(t.Context(), saved); err != nil {
				t.Fatal(err)
			}
			source := &startSource{}
			e := engine(t, sync.Options{Source: source, Sinks: []sync.Sink{fake.NewMemory("a"), fake.NewMemory("b")}, Checkpoints: checkpoints, SingleReading: true})
			if err := e.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, source.from); diff != "" {
				t.Errorf("start of the source (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHotKeyIsCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []sync.Change
		for i := range 5000 {
			list = append(list, fake.Upsert(1, at(i+1)))
		}
		sink := fake.NewMemory("index")
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			time.Sleep(20 * time.Millisecond)
			return apply(), nil
		})
		e := engine(t, sync.Options{Source: paced{list, 10000}, Sinks: []sync.Sink{sink}})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, sink, list)
		if n := len(sink.Requests()); n > 10 {
			t.Errorf("%d requests for one object that changes 5000 times in 0.5 s", n)
		}
	})
}

// TestFullLaneGoesAtOnce: a source that waits for room fills no batch, so there is nothing to wait for.
func TestFullLaneGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []sync.Change
		for i := range 5000 {
			list = append(list, fake.Upsert(1, at(i+1)))
		}
		sink := fake.NewMemory("index")
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, MaxItems: 50, MaxPending: 100})
		start := time.Now()
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, sink, list)
		if took := time.Since(start); took > 0 {
			t.Errorf("took %v, want no wait", took)
		}
	})
}

// TestOldEventsReadAgain: a platform that reads a batch again brings old states
// after new ones; a sink that keeps no versions must not go back either.
func TestOldEventsReadAgain(t *testing.T) {
	older, newer := fake.Upsert(1, at(1)), fake.Upsert(1, at(2))
	for _, tt := range []struct {
		name string
		rate int // a change a second comes while the one before it is being written
	}{{"while the newer one waits", 1_000_000}, {"while the newer one is written", 1}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []int64
				sink := fake.NewMemory("rules")
				sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
					time.Sleep(1500 * time.Millisecond)
					got = append(got, changes[0].Version)
					return apply(), nil
				})
				e := engine(t, sync.Options{Source: paced{[]sync.Change{newer, older}, tt.rate}, Sinks: []sync.Sink{sink}})
				if err := e.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]int64{newer.Version}, got); diff != "" {
					t.Errorf("versions given to the sink (-want +got):\n%s", diff)
				}
				if e.Stats().Sinks[0].Unacknowledged != 0 {
					t.Error("something is left")
				}
			})
		})
	}
}

// TestOutageIsProbedAlone: while a target fails, one request at a time is enough.
func TestOutageIsProbedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(3000, 3000)
		sink := fake.NewMemory("index")
		start := time.Now()
		var flying, together atomic.Int64
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			outage := time.Since(start) < 30*time.Second
			if flying.Add(1) > 1 && outage && time.Since(start) > 2*time.Second {
				together.Add(1)
			}
			time.Sleep(time.Second)
			flying.Add(-1)
			if outage {
				return nil, &fake.Fault{Class: sync.Transient}
			}
			return apply(), nil
		})
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, MaxItems: 100, Concurrency: 4})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, sink, list)
		if n := together.Load(); n > 0 {
			t.Errorf("%d requests were made beside another while the target failed", n)
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(3000, 3000)
		sink := fake.NewMemory("index")
		var tooMany, tooLarge, most atomic.Int64
		sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			time.Sleep(50 * time.Millisecond)
			size := 0
			for _, c := range changes {
				size += c.Size
			}
			if len(changes) > 100 {
				tooMany.Add(1)
			}
			if size > 50_000 {
				tooLarge.Add(1)
			}
			return apply(), nil
		})
		e := engine(t, sync.Options{
			Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink},
			MaxItems: 100, MaxBytes: 50_000, Concurrency: 3, MaxPendingBytes: 200_000,
		})
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			for range 200 {
				time.Sleep(7 * time.Millisecond)
				most.Store(max(most.Load(), int64(e.Stats().Sinks[0].PendingBytes)))
			}
		}()
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, sink, list)
		if tooMany.Load()+tooLarge.Load() > 0 || sink.MaxConcurrent() != 3 {
			t.Errorf("%d requests over MaxItems, %d over MaxBytes, %d at a time", tooMany.Load(), tooLarge.Load(), sink.MaxConcurrent())
		}
		<-watched
		if n := most.Load(); n == 0 || n > 202_000 {
			t.Errorf("at most %d bytes were pending, want 200,000 and one change", n)
		}
	})
}
