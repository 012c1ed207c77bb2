package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	stdsync "sync"
	"time"
)

// session is one run from loaded checkpoints: it ends with the context, the
// source, or a reset of the state.
type session struct {
	e     *Engine
	from  *Checkpoint // where the shared reading begins
	saver *saver

	readers stdsync.WaitGroup

	mu     stdsync.Mutex
	shared []*lane // the lanes that the shared reading feeds
	alone  []*lane // those that read by themselves
	tail   tail
	failed error              // of the first reading that could not go on
	stop   context.CancelFunc // ends all readings
}

// newSession lets the shared reading begin where the sink that is furthest ahead stands; the others
// read by themselves until they are there too. Where only one reading is possible, it begins where
// the sink that is furthest behind stands, and the others skip what they have.
func (e *Engine) newSession(saved map[string]Checkpoint) *session {
	s := &session{e: e, saver: newSaver(e, saved)}
	at := make([]*Checkpoint, len(e.lanes))
	for i, l := range e.lanes {
		c, ok := saved[l.sink.Name()]
		policy := e.opts.Policies[l.sink.Name()]
		switch {
		case !ok:
		case c.Policy != "" && policy != "" && c.Policy != policy:
			l.log.Warn("the settings that say what this sink makes of the stream have changed since the last run: everything is read again for it")
		default:
			at[i] = &c
		}
	}
	if e.opts.SingleReading {
		s.from = slices.MinFunc(at, compareStarts)
	} else {
		s.from = slices.MaxFunc(at, compareStarts)
	}
	for i, l := range e.lanes {
		switch same := compareStarts(at[i], s.from) == 0; {
		case same, e.opts.SingleReading:
			var skip *Checkpoint
			if !same {
				skip = at[i]
			}
			l.reset(at[i], skip)
			s.shared = append(s.shared, l)
		default:
			l.reset(at[i], nil)
			l.setAlone(true)
			s.alone = append(s.alone, l)
		}
	}
	return s
}

// compareStarts orders starts by how much is read from them; nil is the beginning.
func compareStarts(a, b *Checkpoint) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(boolInt(a != nil), boolInt(b != nil))
	case a.before(*b):
		return -1
	case b.before(*a):
		return 1
	}
	return 0
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// before reports whether c is the safer one to resume from: one that still recovers, whose position is by
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

// run reads and writes until one of the ends; reset reports whether a new session is to begin.
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
	s.stop = stopReading
	s.start(reading)
	go func() {
		s.readers.Wait()
		read <- s.failed
	}()
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
