package sync

import (
	"context"
	"maps"
	"slices"
	"time"
)

// saveTimeout bounds one save, so that a hanging store holds nothing up for long.
const saveTimeout = 10 * time.Second

// firstSave is the longest time until the first checkpoint is saved.
const firstSave = 20 * time.Millisecond

// saver keeps the checkpoints of the lanes.
type saver struct {
	e     *Engine
	saved map[string]Checkpoint
}

func newSaver(e *Engine, saved map[string]Checkpoint) *saver {
	s := &saver{e: e, saved: make(map[string]Checkpoint)}
	for _, l := range e.lanes {
		if c, ok := saved[l.sink.Name()]; ok {
			s.saved[l.sink.Name()] = c
		}
	}
	return s
}

// run saves what has moved, at most once an interval, until ctx ends. A save
// that fails is tried again, with back-off; the stream goes on meanwhile.
//
// The first checkpoint is saved soon: it can say until when history is read, and what was written of it must
// be followed from there even if the process is killed a moment later.
func (s *saver) run(ctx context.Context) {
	failures := 0
	for wait := min(firstSave, s.e.opts.SaveInterval); Sleep(ctx, wait); {
		if wait = s.e.opts.SaveInterval; len(s.saved) == 0 && s.unknown() {
			wait = min(firstSave, wait)
		}
		if err := s.save(ctx); err != nil && ctx.Err() == nil {
			failures++
			wait = max(wait, s.e.opts.Backoff.Wait(failures, RetryAfter(err)))
			s.e.opts.Logger.Warn("checkpoints cannot be saved, trying again", "error", err, "failures", failures, "wait", wait)
		} else {
			failures = 0
		}
	}
}

// unknown reports whether no lane has a checkpoint yet.
func (s *saver) unknown() bool {
	return !slices.ContainsFunc(s.e.lanes, func(l *lane) bool { _, ok := l.checkpoint(); return ok })
}

// last saves what has moved, with a few tries.
func (s *saver) last(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	for failures := 1; ; failures++ {
		err := s.save(ctx)
		if err == nil || failures == 3 || !Sleep(ctx, s.e.opts.Backoff.Wait(failures, 0)) {
			return err
		}
	}
}

func (s *saver) save(ctx context.Context) error {
	now := make(map[string]Checkpoint, len(s.e.lanes))
	for _, l := range s.e.lanes {
		if c, ok := l.checkpoint(); ok {
			c.Policy = s.e.opts.Policies[l.sink.Name()]
			now[l.sink.Name()] = c
		}
	}
	if maps.EqualFunc(now, s.saved, Checkpoint.equal) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	err := s.e.opts.Checkpoints.Save(ctx, maps.Clone(now))
	s.e.note(func(s *Stats) { s.SaveErr = err })
	if err != nil {
		return err
	}
	for _, l := range s.e.lanes {
		name := l.sink.Name()
		c, ok := now[name]
		if before, known := s.saved[name]; !ok || known && before.equal(c) {
			continue
		}
		for _, o := range s.e.hook.checkpoint {
			o.OnCheckpoint(name, c)
		}
	}
	s.saved = now
	return nil
}

func (c Checkpoint) equal(d Checkpoint) bool {
	return c.Position == d.Position && c.RecoverUntil.Equal(d.RecoverUntil) && c.Owed == d.Owed && c.Policy == d.Policy
}

func (l *lane) checkpoint() (Checkpoint, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tracker.at, l.tracker.known
}
