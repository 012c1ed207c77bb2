package sync_test

import (
	"context"
	"errors"
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

// runFor runs an engine over a live stream in virtual time, ends its context
// after the given time, and gives what Run returned.
func runFor(t *testing.T, e *sync.Engine, d time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return e.Run(ctx)
}

// writes notes the virtual time of each request since the beginning.
type writes struct {
	mu    stdsync.Mutex
	start time.Time
	at    []time.Duration
}

func (w *writes) note() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.start = time.Now()
	}
	w.at = append(w.at, time.Since(w.start))
	return len(w.at)
}

func TestTransientFaultIsRiddenOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(2000, 300)
		sink, w := fake.NewMemory("index"), &writes{}
		outage := 60 * time.Second
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			if w.note(); time.Since(w.start) < outage {
				return nil, &fake.Fault{Class: sync.Transient}
			}
			return apply(), nil
		})
		letters := &sync.MemoryDeadLetters{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, Concurrency: 1, DeadLetters: letters})
		start := time.Now()
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, sink, list)
		if took := time.Since(start); took > outage+13*time.Second {
			t.Errorf("done after %v: the end of an outage of %v must be noticed within the longest back-off", took, outage)
		}
		var pauses []time.Duration
		for i, at := range w.at[1:] {
			if pause := at - w.at[i]; at < outage {
				pauses = append(pauses, pause)
			}
		}
		want := 200 * time.Millisecond
		for i, p := range pauses {
			if p < want*4/5 || p > want*6/5 {
				t.Errorf("pause %d: got %v, want %v and a fifth up or down", i+1, p, want)
			}
			want = min(2*want, 10*time.Second)
		}
		if letters.Total() != 0 {
			t.Errorf("got %d dead letters, want none", letters.Total())
		}
	})
}

func TestRetryAfterIsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, w := fake.NewMemory("index"), &writes{}
		sink.Intercept(func(_ context.Context, c []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			switch w.note() {
			case 1:
				return nil, &fake.Fault{Class: sync.Transient, After: 17 * time.Second}
			case 2: // per item
				return []sync.Result{{Outcome: sync.Again, After: 23 * time.Second}}, nil
			case 3: // absurd
				return nil, &fake.Fault{Class: sync.Transient, After: 1000 * time.Hour}
			}
			return apply(), nil
		})
		e := engine(t, sync.Options{Source: fake.Stream{List: history(1, 1)}, Sinks: []sync.Sink{sink}})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 17 * time.Second, 40 * time.Second, 40*time.Second + 5*time.Minute}
		if diff := cmp.Diff(want, w.at); diff != "" {
			t.Errorf("times of the requests (-want +got):\n%s", diff)
		}
	})
}

func TestBlockedSinkIsRetriedSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(100, 10)
		sink, w := fake.NewMemory("index"), &writes{}
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			if w.note() <= 3 {
				return nil, &fake.Fault{Class: sync.Blocked}
			}
			return apply(), nil
		})
		letters, states := &sync.MemoryDeadLetters{}, &states{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, Concurrency: 1, DeadLetters: letters, Observers: []any{states}})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, sink, list)
		for i, at := range w.at[:4] {
			if want := time.Duration(i) * 30 * time.Second; at < want*9/10-want/9 || at > want*12/10 {
				t.Errorf("request %d after %v, want about %v", i, at, want)
			}
		}
		if diff := cmp.Diff([]string{"index stuck", "index healthy"}, states.seen); diff != "" || letters.Total() != 0 {
			t.Errorf("%d dead letters, want none; states (-want +got):\n%s", letters.Total(), diff)
		}
	})
}

type states struct{ seen []string }

func (s *states) OnState(sink string, state sync.State, _ error) {
	s.seen = append(s.seen, sink+" "+state.String())
}

func TestPermanentFaultIsIsolated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []sync.Change
		for i := range 400 {
			list = append(list, fake.Upsert(i, at(i+1)))
		}
		poison := map[string]bool{fake.Key(7): true, fake.Key(333): true}
		sink := fake.NewMemory("index")
		sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			if slices.ContainsFunc(changes, func(c sync.Change) bool { return poison[c.Key] }) {
				return nil, &fake.Fault{Class: sync.Permanent}
			}
			return apply(), nil
		})
		letters := &sync.MemoryDeadLetters{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, DeadLetters: letters})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := make(map[string]bool)
		for _, l := range letters.Letters() {
			got[l.Change.Key] = true
			if l.Sink != "index" || l.Reason != "fault on command, class 2" || l.Change.Object == nil {
				t.Errorf("letter: got %+v", l)
			}
		}
		if diff := cmp.Diff(poison, got); diff != "" {
			t.Errorf("dead letters (-want +got):\n%s", diff)
		}
		holds(t, sink, slices.DeleteFunc(list, func(c sync.Change) bool { return poison[c.Key] }))
		if n := len(sink.Requests()); n > 45 {
			t.Errorf("%d requests to find 2 of 400, want a bisection", n)
		}
		if s := e.Stats().Sinks[0]; s.Refused != 2 || s.Done != 398 || s.Unacknowledged != 0 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestItemResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []sync.Change
		for i := range 200 {
			list = append(list, fake.Upsert(i, at(i+1)))
		}
		sink := fake.NewMemory("index")
		tries := make(map[string]int)
		var mu stdsync.Mutex
		sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			mu.Lock()
			defer mu.Unlock()
			results := apply()
			for i, c := range changes {
				tries[c.Key]++
				switch n := int(c.Position.Seq) - 1; {
				case n%50 == 0 && tries[c.Key] <= 3:
					results[i] = sync.Result{Outcome: sync.Again, Err: errors.New("429")}
				case n%50 == 1:
					results[i] = sync.Result{Outcome: sync.Refused, Err: errors.New("mapping")}
				case n%50 == 2:
					results[i] = sync.Result{Outcome: sync.Ignored}
				}
			}
			return results, nil
		})
		letters := &sync.MemoryDeadLetters{}
		checkpoints := &sync.MemoryCheckpoints{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, DeadLetters: letters, Checkpoints: checkpoints})
		start := time.Now()
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v: items that wait must not escalate the back-off of the others", took)
		}
		holds(t, sink, list)
		s := e.Stats().Sinks[0]
		if s.Done != 192 || s.Ignored != 4 || s.Refused != 4 || s.Retried != 12 || s.Failed != 0 {
			// Single items that stand alone in their request may count as a fault of the target.
			if s.Done != 192 || s.Ignored != 4 || s.Refused != 4 || s.Retried != 12 {
				t.Errorf("stats: got %+v", s)
			}
		}
		if letters.Total() != 4 {
			t.Errorf("got %d dead letters, want 4", letters.Total())
		}
		if saved, _ := checkpoints.Load(t.Context()); saved["index"].Position != at(200) {
			t.Errorf("checkpoint: got %v, want %v", saved["index"], at(200))
		}
	})
}

// TestHeldItem: while one item is refused for a time, the checkpoint stays before it.
func TestHeldItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []sync.Change
		for i := range 100 {
			list = append(list, fake.Upsert(i, at(i+1)))
		}
		sink := fake.NewMemory("index")
		sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			results := apply()
			for i, c := range changes {
				if c.Key == fake.Key(40) {
					results[i] = sync.Result{Outcome: sync.Again}
				}
			}
			return results, nil
		})
		checkpoints := &sync.MemoryCheckpoints{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list, Live: true}, Sinks: []sync.Sink{sink}, Checkpoints: checkpoints})
		err := runFor(t, e, time.Minute)
		if !errors.Is(err, sync.ErrStopped) || !strings.Contains(err.Error(), "60 changes for sink index") {
			t.Errorf("got %v, want ErrStopped that says what is left", err)
		}
		if saved, _ := checkpoints.Load(t.Context()); saved["index"].Position != at(40) {
			t.Errorf("checkpoint: got %v, want %v", saved["index"], at(40))
		}
	})
}

func TestWrongNumberOfResultsLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := history(500, 100)
		sink, w := fake.NewMemory("index"), &writes{}
		sink.Intercept(func(_ context.Context, _ []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			if results := apply(); w.note() > 3 {
				return results, nil
			}
			return nil, nil
		})
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, sink, list)
		if s := e.Stats().Sinks[0]; s.Failed != 3 {
			t.Errorf("stats: got %d failed requests, want 3", s.Failed)
		}
	})
}

// TestDeadLettersThatFail: a change is not acknowledged before its letter is kept.
func TestDeadLettersThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := []sync.Change{
			fake.Upsert(1, at(1)),
			{Op: sync.Invalid, Position: at(2), Commit: sync.Checkpoint{Position: at(2)}, Err: errors.New("broken"), Raw: []byte("{")},
			fake.Upsert(2, at(3)),
		}
		sink := fake.NewMemory("index")
		sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
			results := apply()
			for i, c := range changes {
				if c.Key == fake.Key(2) {
					results[i] = sync.Result{Outcome: sync.Refused}
				}
			}
			return results, nil
		})
		letters := &failingLetters{fail: 4}
		checkpoints := &sync.MemoryCheckpoints{}
		e := engine(t, sync.Options{Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, DeadLetters: letters, Checkpoints: checkpoints})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range letters.Letters() {
			got = append(got, l.Sink+" "+l.Change.Position.String()+" "+l.Reason)
		}
		want := []string{" " + at(2).String() + " broken", "index " + at(3).String() + " refused by the target without a reason"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("letters (-want +got):\n%s", diff)
		}
		if saved, _ := checkpoints.Load(t.Context()); saved["index"].Position != at(3) {
			t.Errorf("checkpoint: got %v, want %v", saved["index"], at(3))
		}
		if s := e.Stats(); s.Invalid != 1 || s.Read != 3 {
			t.Errorf("stats: got %+v", s)
		}
	})
}

// failingLetters fails every Put that is not a multiple of fail.
type failingLetters struct {
	sync.MemoryDeadLetters
	fail, n int
}

func (f *failingLetters) Put(ctx context.Context, l sync.DeadLetter) error {
	if f.n++; f.n%f.fail != 0 {
		return errors.New("disk full")
	}
	return f.MemoryDeadLetters.Put(ctx, l)
}
