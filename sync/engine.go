package sync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"time"
)

// ErrStopped is wrapped by what [Engine.Run] returns when its context has ended before
// everything that was read could be written. Nothing is lost by it: the next
// Run begins where the checkpoints stand.
var ErrStopped = errors.New("stopped before everything was written")

// Engine brings the changes of one source to its sinks. The package comment says what it promises.
type Engine struct {
	opts  Options
	hook  *hooks
	lanes []*lane

	letters stdsync.Mutex // one Put at a time
	running atomic.Bool

	mu    stdsync.Mutex
	stats Stats // the fields that no lane knows
}

// NewEngine makes an engine, or says everything that is wrong with the options.
func NewEngine(opts Options) (*Engine, error) {
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("sync engine: %w", err)
	}
	hook, err := newHooks(opts.Observers)
	if err != nil {
		return nil, err // Validate has seen it
	}
	e := &Engine{opts: opts.withDefaults(), hook: hook}
	for _, s := range opts.Sinks {
		e.lanes = append(e.lanes, newLane(s, &e.opts, e.hook, e.bury))
	}
	return e, nil
}

// Run brings changes over until the source has no more and all of them are
// written (nil), the context ends, or there is no use in going on. When the
// context ends it reads no more, tries once for at most DrainTimeout to write
// what was read, and saves the checkpoints; if something is left the error
// wraps [ErrStopped] and says how much. All goroutines have ended when it
// returns, provided that the source and the sinks heed their contexts. An engine can run again afterwards.
func (e *Engine) Run(ctx context.Context) error {
	if !e.running.CompareAndSwap(false, true) {
		return errors.New("sync engine: it is running already")
	}
	defer e.running.Store(false)
	for {
		s, err := e.open(ctx)
		if err != nil || s == nil {
			return err
		}
		reset, err := s.run(ctx)
		if !reset {
			return err
		}
		e.opts.Logger.Warn("the state was reset from outside: starting from what it is now")
		e.note(func(s *Stats) { s.Resets++ })
	}
}

// open loads the checkpoints and makes a session from them; nil if the context has ended.
func (e *Engine) open(ctx context.Context) (*session, error) {
	var saved map[string]Checkpoint
	var fatal error
	ended := e.opts.Backoff.Retry(ctx, func(ctx context.Context) (err error) {
		saved, err = e.opts.Checkpoints.Load(ctx)
		if err != nil && Classify(err) == Permanent {
			fatal = fmt.Errorf("load checkpoints: %w", err)
			return nil
		}
		return err
	}, func(f Failure) {
		e.opts.Logger.Warn("checkpoints cannot be loaded, trying again", "error", f.Err, "failures", f.Failures, "wait", f.Wait)
	})
	if ended != nil || ctx.Err() != nil || fatal != nil {
		return nil, fatal
	}
	return e.newSession(saved), nil
}

// bury hands a letter to the dead letters until they have it; an error only when ctx has ended.
func (e *Engine) bury(ctx context.Context, letter DeadLetter) error {
	log := e.opts.Logger.With("sink", letter.Sink, "key", letter.Change.Key, "position", letter.Change.Position.String(), "reason", letter.Reason)
	fate := "change given up: no dead letters are kept"
	if e.opts.DeadLetters != nil {
		fate = "change given up: it is among the dead letters now"
		err := e.opts.Backoff.Retry(ctx, func(ctx context.Context) error {
			e.letters.Lock()
			defer e.letters.Unlock()
			return e.opts.DeadLetters.Put(ctx, letter)
		}, func(f Failure) {
			log.Error("dead letter cannot be kept, trying again", "error", f.Err, "failures", f.Failures, "wait", f.Wait)
		})
		if err != nil {
			return err
		}
	}
	log.Warn(fate)
	for _, o := range e.hook.letter {
		o.OnDeadLetter(letter)
	}
	return nil
}

// note changes what no lane knows of the statistics.
func (e *Engine) note(change func(*Stats)) {
	e.mu.Lock()
	change(&e.stats)
	e.mu.Unlock()
}

// leftOver says what the lanes have not written; nil if nothing.
func (e *Engine) leftOver(saveErr error) error {
	var parts []string
	for _, l := range e.lanes {
		s := l.stats(time.Now())
		if s.Unacknowledged == 0 {
			continue
		}
		part := fmt.Sprintf("%d changes for sink %s after %s", s.Unacknowledged, s.Name, s.Checkpoint.Position)
		if s.Err != nil {
			part += fmt.Sprintf(" (last fault: %v)", s.Err)
		}
		parts = append(parts, part)
	}
	if saveErr != nil {
		parts = append(parts, fmt.Sprintf("the checkpoints could not be saved (%v)", saveErr))
	}
	if parts == nil {
		return nil
	}
	return fmt.Errorf("%w: %s; the next start reads them again", ErrStopped, strings.Join(parts, ", "))
}
