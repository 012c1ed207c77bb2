package sync

import (
	"context"
	"errors"
	"fmt"
	stdsync "sync"
	"time"
)

// session is one run from loaded checkpoints: it ends with the context, the
// source, or a reset of the state.
type session struct {
	e     *Engine
	from  *Checkpoint // where the source begins
	saver *saver
}

// newSession lets the source begin where the sink that is furthest behind
// stands; the others skip what they have.
func (e *Engine) newSession(saved map[string]Checkpoint) *session {
	s := &session{e: e}
	for i, l := range e.lanes {
		c, ok := saved[l.sink.Name()]
		switch {
		case !ok:
			s.from = nil
		case i == 0 || s.from != nil && c.before(*s.from):
			s.from = &c
		}
	}
	for _, l := range e.lanes {
		c, ok := saved[l.sink.Name()]
		switch {
		case !ok:
			l.reset(nil, nil)
		case s.from == nil || s.from.before(c):
			l.reset(&c, &c)
		default:
			l.reset(&c, nil)
		}
	}
	s.saver = newSaver(e, saved)
	return s
}

// before tells whether c is the safer one to resume from: one that still recovers, whose position is by
// another clock; the earlier; or at one position the one that recovers more.
func (c Checkpoint) before(d Checkpoint) bool {
	if cr, dr := !c.RecoverUntil.IsZero(), !d.RecoverUntil.IsZero(); cr != dr {
		return cr
	}
	if n := c.Position.Compare(d.Position); n != 0 {
		return n < 0
	}
	return c.RecoverUntil.After(d.RecoverUntil)
}

// run reads and writes until one of the ends; reset tells that a new session is to begin.
func (s *session) run(ctx context.Context) (reset bool, err error) {
	e := s.e
	detached := context.WithoutCancel(ctx)
	reading, stopReading := context.WithCancel(ctx)
	writing, stopWriting := context.WithCancel(detached)
	saving, stopSaving := context.WithCancel(detached)
	defer stopReading()
	defer stopWriting()
	defer stopSaving()

	read := make(chan error, 1)
	written, saved := make(chan struct{}), make(chan struct{})
	go func() { read <- s.feed(reading) }()
	go func() { s.write(writing); close(written) }()
	go func() { s.saver.run(saving); close(saved) }()

	var resets <-chan struct{}
	if r, ok := e.opts.Checkpoints.(Resetter); ok {
		resets = r.Resets()
	}
	var sourceErr error
	var limit <-chan time.Time
	for ended, done := false, ctx.Done(); !ended || written != nil; {
		select {
		case sourceErr = <-read:
			ended = true
			s.setMode(draining)
		case <-done:
			done = nil
			s.setMode(stopping)
			if limit == nil {
				limit = time.After(e.opts.DrainTimeout)
			}
		case <-resets:
			resets, reset = nil, true
			stopSaving()
			stopReading()
			s.setMode(abandoned)
			if limit == nil {
				limit = time.After(e.opts.DrainTimeout)
			}
		case <-limit:
			stopWriting()
		case <-written:
			written = nil
		}
	}
	stopSaving()
	<-saved
	if reset {
		return true, nil
	}
	return false, s.conclude(ctx, sourceErr)
}

// conclude saves the last checkpoints and says how the session went.
func (s *session) conclude(ctx context.Context, sourceErr error) error {
	saveErr := s.saver.last(context.WithoutCancel(ctx))
	left := s.e.leftOver(saveErr)
	if sourceErr != nil && (ctx.Err() == nil || !errors.Is(sourceErr, ctx.Err())) {
		return errors.Join(fmt.Errorf("read changes: %w", sourceErr), left)
	}
	return left
}

func (s *session) setMode(m mode) {
	for _, l := range s.e.lanes {
		l.setMode(m)
	}
}

// write runs the lanes to their end.
func (s *session) write(ctx context.Context) {
	var lanes stdsync.WaitGroup
	for _, l := range s.e.lanes {
		lanes.Go(func() { l.run(ctx) })
	}
	lanes.Wait()
}

// feed reads the source and hands each change to every lane. It waits while one of them is full.
func (s *session) feed(ctx context.Context) error {
	for c, err := range s.e.opts.Source.Changes(ctx, s.from) {
		if err != nil {
			return err
		}
		if !s.take(ctx, c) {
			return nil
		}
	}
	return nil
}

// take handles one change; false when ctx has ended before it could.
func (s *session) take(ctx context.Context, c Change) bool {
	e, now := s.e, time.Now()
	if c.Op != Progress {
		e.note(func(s *Stats) { s.Read, s.Position, s.ReadAt = s.Read+1, c.Position, now })
	}
	for _, o := range e.hook.read {
		o.OnRead(c)
	}
	if err := fault(c); err != nil {
		e.note(func(s *Stats) { s.Invalid++ })
		if e.bury(ctx, DeadLetter{Time: now, Change: c, Reason: err.Error()}) != nil {
			return false
		}
		c.Op = Progress
	}
	for _, l := range e.lanes {
		if c.Op == Progress {
			l.progress(c.Commit)
			continue
		}
		for !l.add(&c, now) {
			select {
			case <-l.room:
			case <-ctx.Done():
				return false
			}
		}
	}
	return true
}

// fault says why a change cannot be given to a sink.
func fault(c Change) error {
	switch {
	case c.Op == Invalid && c.Err != nil:
		return c.Err
	case c.Op == Invalid:
		return errors.New("the event could not be read")
	case c.Op == Progress:
		return nil
	case c.Op != Upsert && c.Op != Delete:
		return fmt.Errorf("operation %d is unknown", c.Op)
	case c.Key == "":
		return errors.New("the change has no key")
	case c.Op == Upsert && c.Object == nil:
		return errors.New("the change has no object")
	}
	return nil
}
