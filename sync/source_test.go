package sync_test

import (
	"context"
	"iter"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// paced yields a list at a rate a second, in bursts of a millisecond.
type paced struct {
	list []sync.Change
	rate int
}

func (p paced) Changes(ctx context.Context, _ *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		start := time.Now()
		for i, c := range p.list {
			due := start.Add(time.Duration(i) * time.Second / time.Duration(p.rate)).Truncate(time.Millisecond)
			if wait := time.Until(due); wait > 0 {
				time.Sleep(wait)
			}
			if ctx.Err() != nil || !yield(c, nil) {
				return
			}
		}
	}
}

// startSource notes from where it was asked to start, and yields nothing.
type startSource struct{ from *sync.Checkpoint }

func (s *startSource) Changes(_ context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	s.from = from
	return func(func(sync.Change, error) bool) {}
}
