package opencti_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	stdsync "sync"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// shaky is a sink with versioned writes that fails now and then, or for good.
type shaky struct {
	name string
	t    *target

	mu   stdsync.Mutex
	rng  *rand.Rand
	down bool
}

func (s *shaky) Name() string { return s.name }

func (s *shaky) Write(_ context.Context, changes []sync.Change) ([]sync.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down || s.rng.IntN(10) == 0 {
		return nil, errors.New("refused")
	}
	for _, c := range changes {
		s.t.apply(c)
	}
	return make([]sync.Result, len(changes)), nil // all Done
}

func (s *shaky) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// saves is told of each checkpoint that was saved.
type saves chan struct{}

func (s saves) OnCheckpoint(string, sync.Checkpoint) {
	select {
	case s <- struct{}{}:
	default:
	}
}

// TestEngineWithTwoSinks lets two sinks fall behind each other over several runs, in every phase of a stream: each
// must end with what the stream says.
func TestEngineWithTwoSinks(t *testing.T) {
	seeds := 12
	if testing.Short() {
		seeds = 2
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel() // they wait more than they work
			twoSinks(t, seed)
		})
	}
}

func twoSinks(t *testing.T, seed uint64) {
	const rounds = 5
	rng := rand.New(rand.NewPCG(seed, 9))
	s := server(t, openctitest.Options{ClockAhead: 20 * time.Second})
	events := openctitest.HistoryConfig{
		Seed: seed, Events: 1500, Start: time.Now().Add(-4 * time.Minute), Step: 80 * time.Millisecond, ClockAhead: 20 * time.Second,
	}.Make()
	store, saved := &sync.MemoryCheckpoints{}, make(saves, 1)
	sinks := [...]*shaky{{name: "index", t: newTarget(), rng: rng}, {name: "rules", t: newTarget(), rng: rand.New(rand.NewPCG(seed, 10))}}
	for round := range rounds {
		last := round == rounds-1
		n := rng.IntN(len(events) + 1)
		if last {
			n = len(events)
		}
		s.Append(events[:n]...)
		events = events[n:]
		sinks[round%2].setDown(!last)
		sinks[1-round%2].setDown(false)
		for range 5 {
			s.Fail(openctitest.Fault{Kind: openctitest.Cut, After: rng.IntN(300)})
		}
		engine, err := sync.NewEngine(sync.Options{
			Source: newStream(t, s, nil), Sinks: []sync.Sink{sinks[0], sinks[1]}, Checkpoints: store, Observers: []any{saved},
			Logger: slog.New(slog.DiscardHandler), SaveInterval: 10 * time.Millisecond, DrainTimeout: 20 * time.Millisecond,
			Backoff: sync.Backoff{Initial: time.Millisecond, Max: 5 * time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		limit := time.Duration(20+rng.IntN(180)) * time.Millisecond
		if last {
			limit = 20 * time.Second
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		done := make(chan error, 1)
		go func() { done <- engine.Run(ctx) }()
		for ctx.Err() == nil && !(last && caughtUp(t, store, s.Last())) {
			select {
			case <-saved:
			case <-ctx.Done():
			}
		}
		cancel()
		<-done // what a sink that is down has left is no concern here
	}
	for _, k := range sinks {
		k.t.check(t, s)
	}
}

func caughtUp(t *testing.T, store sync.Checkpoints, p sync.Position) bool {
	t.Helper()
	saved, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index", "rules"} {
		if c, ok := saved[name]; !ok || !c.RecoverUntil.IsZero() || c.Position.Compare(p) < 0 {
			return false
		}
	}
	return true
}
