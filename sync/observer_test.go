package sync_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// watcher implements every observer interface.
type watcher struct {
	mu     stdsync.Mutex
	read   int
	report sync.WriteReport
	seen   map[string]int
	point  sync.Checkpoint
}

func (w *watcher) note(what string) {
	if w.seen == nil {
		w.seen = make(map[string]int)
	}
	w.seen[what]++
}

func (w *watcher) OnRead(sync.Change) { w.mu.Lock(); w.read++; w.mu.Unlock() }

func (w *watcher) OnWrite(r sync.WriteReport) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Changes += r.Changes
	w.report.Done += r.Done
	w.report.Superseded += r.Superseded
	w.report.Refused += r.Refused
	w.note("write")
}

func (w *watcher) OnRetry(r sync.RetryReport) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("retry of " + r.Sink + ": " + r.Err.Error())
}

func (w *watcher) OnDeadLetter(l sync.DeadLetter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("letter " + l.Reason)
}

func (w *watcher) OnCheckpoint(sink string, c sync.Checkpoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("checkpoint of " + sink)
	w.point = c
}

func (w *watcher) OnState(sink string, s sync.State, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(sink + " " + s.String())
}

func TestObservers(t *testing.T) {
	list := []sync.Change{fake.Upsert(1, at(1)), fake.Upsert(2, at(2)), fake.Upsert(3, at(3))}
	sink, calls := fake.NewMemory("index"), 0
	sink.Intercept(func(_ context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error) {
		if calls++; calls == 1 {
			return nil, errors.New("away")
		}
		results := apply()
		for i, c := range changes {
			switch c.Key {
			case fake.Key(2):
				results[i] = sync.Result{Outcome: sync.Refused, Err: errors.New("mapping")}
			case fake.Key(3):
				results[i] = sync.Result{Outcome: sync.Superseded}
			}
		}
		return results, nil
	})
	w := &watcher{}
	e := engine(t, sync.Options{
		Source: fake.Stream{List: list}, Sinks: []sync.Sink{sink}, Concurrency: 1,
		Observers: []any{w}, Backoff: sync.Backoff{Initial: 1, Max: 1},
	})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.read != 3 || w.point.Position != at(3) || w.report.Done != 1 || w.report.Superseded != 1 || w.report.Refused != 1 {
		t.Errorf("read %d, checkpoint %v, reports %+v", w.read, w.point, w.report)
	}
	delete(w.seen, "write")
	want := map[string]int{
		"retry of index: away": 1, "index retrying": 1, "index healthy": 1, "letter mapping": 1, "checkpoint of index": w.seen["checkpoint of index"],
	}
	if diff := cmp.Diff(want, w.seen); diff != "" {
		t.Errorf("what the observer was told (-want +got):\n%s", diff)
	}
}

// TestRefusedWithoutDeadLetters: the log must not name a place where there is none.
func TestRefusedWithoutDeadLetters(t *testing.T) {
	sink := fake.NewMemory("index")
	sink.Intercept(func(_ context.Context, changes []sync.Change, _ func() []sync.Result) ([]sync.Result, error) {
		return []sync.Result{{Outcome: sync.Refused, Err: errors.New("mapping")}}, nil
	})
	var log bytes.Buffer
	e := engine(t, sync.Options{
		Source: fake.Stream{List: history(1, 1)}, Sinks: []sync.Sink{sink}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := log.String(); !strings.Contains(s, "no dead letters are kept") || !strings.Contains(s, "reason=mapping") || strings.Contains(s, "is among") {
		t.Errorf("logged %q, want that no dead letters are kept", s)
	}
}
