package opencti_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// TestInterruptedRecovery: the database alone has the history, in pages whose objects come in any order. Whatever cuts the
// first recovery, and wherever, the next connection or the next run brings the rest.
func TestInterruptedRecovery(t *testing.T) {
	for _, tt := range []struct {
		name string
		cuts []int
		kill bool
	}{
		{"cut after 300", []int{300}, false},
		{"killed after 300", []int{300}, true},
		{"cut at the end of a page", []int{500}, false},
		{"killed in the last page", []int{1300}, true},
		{"cut again and again", []int{300, 300, 300, 700, 20, 1200, 450, 450, 450}, false},
		{"killed again and again", []int{300, 900, 1200, 1, 1332, 1100}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := server(t, openctitest.Options{})
			interrupted(t, s, newStream(t, s, nil), tt.cuts, tt.kill)
		})
	}
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 9))
			var cuts []int
			for range 1 + rng.IntN(8) {
				cuts = append(cuts, 1+rng.IntN(1400))
			}
			s := server(t, openctitest.Options{PageSize: 1 + rng.IntN(800)})
			interrupted(t, s, newStream(t, s, nil), cuts, seed%2 == 0)
		})
	}
}

// interrupted follows a first recovery that is cut, or killed, after so many events on each connection or in each run.
func interrupted(t *testing.T, s *openctitest.Server, stream *opencti.Stream, cuts []int, kill bool) {
	t.Helper()
	start := time.Now().Add(-time.Hour)
	for i := range 1333 {
		key := fmt.Sprint("object-", i)
		s.Append(openctitest.Event{Name: "create", Data: indicator("create", key, key, start.Add(time.Duration(i)*time.Second))})
	}
	s.Trim(1)
	got := newTarget()
	var saved *sync.Checkpoint
	for _, n := range cuts {
		if !kill {
			s.Fail(openctitest.Fault{Kind: openctitest.Cut, After: n})
			continue
		}
		for c := range stream.Changes(t.Context(), saved) {
			got.apply(c)
			if !c.Commit.IsZero() {
				saved = &c.Commit
			}
			if n--; n == 0 || committed(s.Last())(c) {
				break
			}
		}
	}
	follow(t, stream, saved, got, committed(s.Last()))
	got.check(t, s)
}

// TestRecoveryLinesThatHoldForLessThanAPage: each connection is cut after 200 events, pages hold 500.
func TestRecoveryLinesThatHoldForLessThanAPage(t *testing.T) {
	s := server(t, openctitest.Options{})
	start := time.Now().Add(-time.Hour)
	for i := range 1333 {
		key := fmt.Sprint("object-", i)
		s.Append(openctitest.Event{Name: "create", Data: indicator("create", key, key, start.Add(time.Duration(i)*time.Second))})
	}
	s.Trim(1)
	s.FailAlways(&openctitest.Fault{Kind: openctitest.Cut, After: 200})
	got := newTarget()
	follow(t, newStream(t, s, nil), nil, got, committed(s.Last()))
	got.check(t, s)
}

// TestRecoveryWhileObjectsChange: an object that changes after its page was found comes with a date beyond the recovery's end.
func TestRecoveryWhileObjectsChange(t *testing.T) {
	s := server(t, openctitest.Options{PageSize: 1000, ChunkPerEvent: true})
	start := time.Now().Add(-time.Hour)
	for i := range 900 {
		key := fmt.Sprint("object-", i)
		s.Append(openctitest.Event{Name: "create", Data: indicator("create", key, key, start.Add(time.Duration(i)*time.Second))})
	}
	s.Trim(1)
	got, n := newTarget(), 0
	follow(t, newStream(t, s, nil), nil, got, func(c sync.Change) bool {
		if n++; n == 10 {
			for i := range 900 {
				if i%3 == 0 {
					key := fmt.Sprint("object-", i)
					s.Append(openctitest.Event{Name: "update", Data: indicator("update", key, key+" changed", time.Now().Add(time.Hour))})
				}
			}
		}
		return n > 900 && committed(s.Last())(c)
	})
	got.check(t, s)
}

// TestRecoveryRefusedByAnError: a collection with origin filters, read by a user without the right of organisation restriction.
func TestRecoveryRefusedByAnError(t *testing.T) {
	s := server(t, openctitest.Options{Version: "7.260817.0", OriginFilters: true, NoOrganizationRights: true})
	s.Append(event("create", "create", "a", "1"), event("create", "create", "b", "2"))
	var log strings.Builder
	got := newTarget()
	follow(t, newStream(t, s, func(c *opencti.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }), nil, got, committed(s.Last()))
	got.check(t, s)
	if !strings.Contains(log.String(), "no history") || !strings.Contains(log.String(), "Cannot read properties") {
		t.Errorf("log %q: want it to say that there is no history, and the platform's words", log.String())
	}
}

// TestRecoveryAfterErrors: the platform's database is away for a moment.
func TestRecoveryAfterErrors(t *testing.T) {
	s := server(t, openctitest.Options{Version: "7.260817.0"})
	s.Append(event("create", "create", "a", "1"), event("create", "create", "b", "2"))
	s.Trim(1)
	s.Fail(openctitest.Fault{Kind: openctitest.ErrorEvent}, openctitest.Fault{Kind: openctitest.ErrorEvent})
	got := newTarget()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for c := range newStream(t, s, nil).Changes(ctx, nil) {
		if got.apply(c); committed(s.Last())(c) {
			break
		}
	}
	got.check(t, s)
}
