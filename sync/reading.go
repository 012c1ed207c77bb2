package sync

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// A source is read once for all sinks, as long as they keep up with each other. A sink that has held the others for longer
// than its patience goes on alone: it takes what it has read, and then reads the source by itself from there.
// The platform keeps the stream meanwhile; here is kept no more than the sink's bound. When it has come to
// what the shared reading has just handed out, it joins the others again.
//
//	shared reading ──► tail of the last changes ──► lanes that keep up
//	                     │ joins ▲
//	own reading ─────────┴───────┴───────────────► lane that has fallen behind

// start begins the shared reading, and one for each lane that starts alone. The first that fails ends all.
func (s *session) start(ctx context.Context) {
	alone := s.alone // the shared reading changes it
	s.reader(func() error { return s.read(ctx, s.from, s.handOut) })
	for _, l := range alone {
		s.reader(func() error { return s.readAlone(ctx, l) })
	}
}

func (s *session) reader(read func() error) {
	s.readers.Go(func() {
		if err := read(); err != nil {
			s.mu.Lock()
			s.failed = cmp.Or(s.failed, err)
			s.mu.Unlock()
			s.stop()
		}
	})
}

// read hands each change after the checkpoint to take, until that returns false or the source has no more.
func (s *session) read(ctx context.Context, from *Checkpoint, take func(context.Context, Change) bool) error {
	for c, err := range s.e.opts.Source.Changes(ctx, from) {
		if err != nil {
			return err
		}
		if !take(ctx, c) {
			return nil
		}
	}
	return nil
}

// handOut handles one change of the shared reading; false when ctx has ended before it could.
func (s *session) handOut(ctx context.Context, c Change) bool {
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
	s.mu.Lock()
	s.tail.add(c, now, len(s.alone) > 0)
	lanes := s.shared
	s.mu.Unlock()
	for _, l := range lanes {
		for began := now; !l.give(&c, now); {
			left := l.patience(began)
			if left <= 0 {
				if s.detach(ctx, l) {
					break
				}
				left = patience
			}
			if !l.awaitRoom(ctx, left) {
				return false
			}
		}
	}
	return true
}

// detach lets a lane that holds others go on alone; false if there are no others, or it may not.
func (s *session) detach(ctx context.Context, l *lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.e.opts.SingleReading || len(s.shared) < 2 {
		return false
	}
	// A new list, since the reading goes over the old one.
	s.shared = slices.DeleteFunc(slices.Clone(s.shared), func(o *lane) bool { return o == l })
	s.alone = append(s.alone, l)
	l.setAlone(true)
	l.log.Warn("sink has fallen behind the others; it reads the stream by itself until it has caught up")
	s.reader(func() error { return s.readAlone(ctx, l) })
	return true
}

// holdAlone is how long a reading of its own waits for a sink that takes nothing before it is given up. It
// is opened again when the sink has taken half of what it had.
const holdAlone = 30 * time.Second

// readAlone reads for one lane, from what it has read, until it can join the others.
func (s *session) readAlone(ctx context.Context, l *lane) error {
	for {
		if !l.awaitHalf(ctx) {
			return nil
		}
		l.opened()
		held, joined := false, false
		err := s.read(ctx, l.readUpTo(), func(ctx context.Context, c Change) bool {
			if fault(c) != nil {
				c.Op = Progress // it is among the dead letters, by the shared reading
			}
			now := time.Now()
			for !l.give(&c, now) {
				if held = time.Since(now) >= holdAlone; held || !l.awaitRoom(ctx, holdAlone) {
					return false
				}
			}
			joined = s.join(l, c.Commit)
			return !joined
		})
		if err != nil || joined || ctx.Err() != nil || !held {
			return err
		}
	}
}

// join lets a lane that was given everything up to a checkpoint go on with the others, if they are not further than the tail reaches back.
func (s *session) join(l *lane, upTo Checkpoint) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tail.reaches(upTo) || !l.join(upTo, &s.tail) {
		return false
	}
	s.alone = slices.DeleteFunc(s.alone, func(o *lane) bool { return o == l })
	s.shared = append(slices.Clone(s.shared), l)
	if len(s.alone) == 0 {
		s.tail.clear()
	}
	l.log.Info("sink has caught up with the others")
	return true
}
