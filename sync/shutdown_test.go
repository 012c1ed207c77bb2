package sync_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(1000, 1000)
		sink := fake.NewMemory("index")
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			time.Sleep(3 * time.Second)
			return apply(), nil
		})
		checkpoints := &sync.MemoryCheckpoints{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list, Live: true}, Sinks: []sync.Sink{sink}, Checkpoints: checkpoints})
		start := time.Now()
		if err := runFor(t, e, time.Second); err != nil {
			t.Error(err)
		}
		holds(t, sink, list)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if saved, _ := checkpoints.Load(t.Context()); saved["index"].Position != at(1000) {
			t.Errorf("checkpoint: got %v, want %v", saved["index"], at(1000))
		}
	})
}

func TestShutdownIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault fake.Interceptor
		limit time.Duration
	}{
		{"a sink that hangs until its context ends", func(ctx context.Context, _ []sync.Change, _ func() []sync.Result) ([]sync.Result, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("write: %w", ctx.Err())
		}, 10 * time.Second},
		{"an outage", func(context.Context, []sync.Change, func() []sync.Result) ([]sync.Result, error) {
			return nil, &fake.Fault{Class: sync.Transient}
		}, time.Second},
		{"a blocked sink", func(context.Context, []sync.Change, func() []sync.Result) ([]sync.Result, error) {
			return nil, &fake.Fault{Class: sync.Blocked}
		}, time.Second},
		{"items that have to wait", func(_ context.Context, c []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			results := apply()
			results[len(results)-1].Outcome = sync.Again
			return results, nil
		}, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := fake.NewMemory("index")
				sink.Intercept(tt.fault)
				e := engine(t, sync.Options{Source: fake.Stream{List: history(2000, 2000), Live: true}, Sinks: []sync.Sink{sink}})
				start := time.Now()
				err := runFor(t, e, 5*time.Minute)
				if !errors.Is(err, sync.ErrStopped) || !strings.Contains(err.Error(), "the next start reads them again") {
					t.Errorf("got %v, want ErrStopped", err)
				}
				if took := time.Since(start) - 5*time.Minute; took > tt.limit {
					t.Errorf("Run returned %v after the end of its context, want at most %v", took, tt.limit)
				}
			})
		})
	}
}

// TestShutdownTriesOnceMore: the target is back, but the back-off has not noticed yet.
func TestShutdownTriesOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(3000, 3000)
		sink := fake.NewMemory("index")
		start := time.Now()
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			if time.Since(start) < time.Minute {
				return nil, &fake.Fault{Class: sync.Blocked}
			}
			return apply(), nil
		})
		e := engine(t, sync.Options{Source: fake.Stream{List: list, Live: true}, Sinks: []sync.Sink{sink}, BlockedRetry: 50 * time.Second})
		if err := runFor(t, e, 61*time.Second); err != nil {
			t.Error(err)
		}
		holds(t, sink, list)
	})
}

func TestSourceError(t *testing.T) {
	list := history(300, 50)
	fault := errors.New("the file is cut")
	sink, checkpoints := fake.NewMemory("index"), &sync.MemoryCheckpoints{}
	e := engine(t, sync.Options{Source: failing{list, fault}, Sinks: []sync.Sink{sink}, Checkpoints: checkpoints})
	if err := e.Run(t.Context()); !errors.Is(err, fault) {
		t.Errorf("got %v, want %v", err, fault)
	}
	holds(t, sink, list)
	if saved, _ := checkpoints.Load(t.Context()); saved["index"].Position != at(300) {
		t.Errorf("checkpoint: got %v, want %v", saved["index"], at(300))
	}
}

type failing struct {
	list []sync.Change
	err  error
}

func (f failing) Changes(ctx context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		for c := range (fake.Stream{List: f.list}).Changes(ctx, from) {
			if !yield(c, nil) {
				return
			}
		}
		yield(sync.Change{}, f.err)
	}
}

// store is checkpoints that can be reset and can fail.
type store struct {
	sync.MemoryCheckpoints
	resets  chan struct{}
	failing func(save int) error

	mu    stdsync.Mutex
	loads int
	saves []map[string]sync.Checkpoint
	runs  []int // how many loads there had been at each save
}

func (s *store) Resets() <-chan struct{} { return s.resets }

func (s *store) Load(ctx context.Context) (map[string]sync.Checkpoint, error) {
	s.mu.Lock()
	s.loads++
	first := s.loads == 1
	s.mu.Unlock()
	if first {
		return nil, errors.New("not yet")
	}
	return s.MemoryCheckpoints.Load(ctx)
}

func (s *store) Save(ctx context.Context, c map[string]sync.Checkpoint) error {
	s.mu.Lock()
	s.saves = append(s.saves, c)
	s.runs = append(s.runs, s.loads)
	n := len(s.saves)
	s.mu.Unlock()
	if s.failing != nil {
		if err := s.failing(n); err != nil {
			return err
		}
	}
	return s.MemoryCheckpoints.Save(ctx, c)
}

// seen returns the saves so far.
func (s *store) seen() []map[string]sync.Checkpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.saves)
}

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(1000, 1000)
		sink := fake.NewMemory("index")
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			time.Sleep(5 * time.Second)
			return apply(), nil
		})
		checkpoints := &store{resets: make(chan struct{})}
		e := engine(t, sync.Options{Source: fake.Stream{List: list, Live: true}, Sinks: []sync.Sink{sink}, Checkpoints: checkpoints})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		time.Sleep(7 * time.Second)
		saves, loads := len(checkpoints.seen()), checkpoints.loads
		if saves == 0 {
			t.Error("nothing was saved before the reset")
		}
		if err := checkpoints.MemoryCheckpoints.Save(ctx, nil); err != nil {
			t.Fatal(err)
		}
		checkpoints.resets <- struct{}{} // while a request is under way
		sink.Intercept(nil)
		synctest.Wait()
		time.Sleep(6 * time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		holds(t, sink, list)
		var before sync.Position
		for i, s := range checkpoints.seen()[saves:] {
			at := s["index"].Position
			if checkpoints.runs[saves+i] == loads || at.Compare(before) < 0 {
				t.Errorf("saved %v after the reset: of the old run", s)
			}
			before = at
		}
		if last := checkpoints.seen(); last[len(last)-1]["index"].Position != at(1000) {
			t.Errorf("saved %v last, want all", last[len(last)-1])
		}
		if s := e.Stats(); s.Resets != 1 || s.Read != 2000 {
			t.Errorf("stats: got %d resets, %d read; want 1 and all read twice", s.Resets, s.Read)
		}
	})
}

func TestSavesArePacedAndRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkpoints := &store{failing: func(n int) error {
			if n%2 == 1 {
				return errors.New("the platform is away")
			}
			return nil
		}}
		list := history(10000, 500)
		e := engine(t, sync.Options{Source: paced{list, 1000}, Sinks: []sync.Sink{fake.NewMemory("index")}, Checkpoints: checkpoints})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(checkpoints.seen()); n < 8 || n > 13 {
			t.Errorf("%d saves in 10 s, want about one a second", n)
		}
		if saved, _ := checkpoints.MemoryCheckpoints.Load(t.Context()); saved["index"].Position != at(10000) {
			t.Errorf("checkpoint: got %v, want %v", saved["index"], at(10000))
		}
	})
}

func TestStopWithoutASave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkpoints := &store{failing: func(int) error { return errors.New("the disk is full") }}
		e := engine(t, sync.Options{Source: fake.Stream{List: history(10, 10)}, Sinks: []sync.Sink{fake.NewMemory("index")}, Checkpoints: checkpoints})
		if err := e.Run(t.Context()); !errors.Is(err, sync.ErrStopped) || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("got %v, want ErrStopped with the reason", err)
		}
	})
}

func TestProgressMovesTheCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		progress := func(n int) sync.Change {
			return sync.Change{Op: sync.Progress, Commit: sync.Checkpoint{Position: at(n)}}
		}
		list := []sync.Change{progress(1), fake.Upsert(1, at(2)), progress(3), progress(4)}
		for i, want := range []int{1, 2, 3, 4} {
			checkpoints := &sync.MemoryCheckpoints{}
			e := engine(t, sync.Options{Source: failing{list: list[:i+1], err: errors.New("end")}, Sinks: []sync.Sink{fake.NewMemory("index")}, Checkpoints: checkpoints})
			if err := e.Run(t.Context()); err == nil {
				t.Error("got no error")
			}
			got, _ := checkpoints.Load(t.Context())
			if diff := cmp.Diff(map[string]sync.Checkpoint{"index": {Position: at(want)}}, got); diff != "" {
				t.Errorf("after %d changes (-want +got):\n%s", i+1, diff)
			}
		}
	})
}
