package opencti_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// TestStreamFaults reads histories through random faults and crashes, with the platform's clock ahead
// of redis'. After each crash the run resumes from a checkpoint that a slow sink would have saved,
// and the target has forgotten what it deleted, as Elasticsearch does.
func TestStreamFaults(t *testing.T) {
	seeds := 12
	if testing.Short() {
		seeds = 3
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel() // they wait more than they work
			streamFaults(t, seed)
		})
	}
}

func streamFaults(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	start := time.Now().Add(-4 * time.Minute)
	opts := openctitest.Options{}
	history := openctitest.HistoryConfig{Seed: seed, Events: 2000, Start: start, Step: 50 * time.Millisecond, Hostile: seed%2 == 0}
	if seed%3 > 0 {
		opts.ClockAhead = 20 * time.Second
	}
	if seed%3 == 2 {
		history.Start, history.Step = time.Now().Add(-24*time.Hour), 40*time.Second
	}
	history.ClockAhead = opts.ClockAhead
	s := server(t, opts)
	events := history.Make()
	first := rng.IntN(len(events))
	s.Append(events[:first]...)
	later := events[first:]
	for range 30 {
		s.Fail(openctitest.Fault{
			Kind:  [...]openctitest.FaultKind{openctitest.Cut, openctitest.CutInLine, openctitest.CutInGroup, openctitest.End, openctitest.ErrorEvent, openctitest.Resend, openctitest.Refuse, openctitest.Status}[rng.IntN(8)],
			After: rng.IntN(400), Code: 503,
		})
	}
	stream := newStream(t, s, func(c *opencti.Config) { c.Recover.Disable = seed%4 == 3 })
	got := newTarget()
	var saved *sync.Checkpoint
	for range 6 {
		crash, n := rng.IntN(600), 0
		unsaved := []sync.Checkpoint{}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		for c := range stream.Changes(ctx, saved) {
			got.apply(c)
			unsaved = append(unsaved, c.Commit)
			if n++; n >= crash {
				break
			}
			if len(later) > 0 && n%10 == 0 {
				k := min(len(later), rng.IntN(30))
				s.Append(later[:k]...)
				later = later[k:]
			}
		}
		cancel()
		if lag := rng.IntN(40); len(unsaved) > lag {
			if c := unsaved[len(unsaved)-1-lag]; !c.IsZero() {
				saved = &c
			}
		}
		for key := range got.versions {
			if _, lives := got.objects[key]; !lives {
				delete(got.versions, key)
			}
		}
	}
	s.Append(later...)
	follow(t, stream, saved, got, committed(s.Last()))
	got.check(t, s)
	if t.Failed() {
		t.Fatalf("crashed at %v", saved)
	}
}
