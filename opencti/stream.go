package opencti

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Stream is an OpenCTI live stream as a [sync.Source]. It is safe for concurrent use;
// each call of Changes makes connections of its own.
type Stream struct {
	cfg       Config
	url       *url.URL
	client    *http.Client
	observers observers
}

var _ sync.Source = (*Stream)(nil)

// NewStream makes a stream. It connects only when Changes is ranged over.
func NewStream(cfg Config) (*Stream, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	observers, err := newObservers(cfg.Observers)
	if err != nil {
		return nil, err
	}
	base, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	return &Stream{
		cfg:       cfg.withDefaults(),
		url:       base.JoinPath("stream", url.PathEscape(cfg.StreamID)),
		client:    guard(cfg.HTTPClient, base),
		observers: observers,
	}, nil
}

// Changes implements [sync.Source]: all changes after the checkpoint, in order, until ctx ends or the
// consumer breaks off. nil, or a zero checkpoint, starts as configured. It yields no error: whatever
// happens to the connection, it tries again.
func (s *Stream) Changes(ctx context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		r := &run{
			Stream: s,
			cursor: newCursor(s.cfg, from, time.Now()),
			yield:  yield,
		}
		r.loop(ctx)
	}
}

// run is one call of Changes.
type run struct {
	*Stream
	cursor *cursor
	yield  func(sync.Change, error) bool
	// failures counts the attempts in a row that came to nothing, blocked those of them after which someone has to act.
	failures, blocked int

	// best is the greatest position handed on; told the checkpoint that was last handed on.
	best sync.Position
	told sync.Checkpoint
	// good is true when the connection has brought something new.
	good bool

	logged   string
	loggedAt time.Time
	// buffering is whether a buffering proxy has been seen, and how often.
	buffering buffering
}

var (
	// errAgain ends a connection that has done its part.
	errAgain = errors.New("the stream goes on from another position")
	// errStop ends a run whose consumer has broken off.
	errStop = errors.New("the consumer has stopped")
)

const (
	// lived is how long a connection must have lasted to count as good though it brought nothing.
	lived = 30 * time.Second
	// turns is how many times in a row a connection may ask for the next at once without bringing anything.
	turns = 3
)

func (r *run) loop(ctx context.Context) {
	for again := 0; ctx.Err() == nil; {
		began := time.Now()
		r.good = false
		r.cursor.begin()
		err := r.connection(ctx)
		if errors.Is(err, errStop) || ctx.Err() != nil {
			return
		}
		if r.good || time.Since(began) > lived {
			r.failures, r.blocked = 0, 0
			again = 0
		}
		if errors.Is(err, errAgain) {
			if again++; again <= turns {
				continue
			}
		}
		if !r.pause(ctx, err) {
			return
		}
	}
}

// pause waits before the next attempt; false if ctx ended.
func (r *run) pause(ctx context.Context, err error) bool {
	d := Disconnected{Err: err, Blocked: sync.Classify(err) == sync.Blocked}
	if asked := sync.RetryAfter(err); d.Blocked {
		r.blocked++
		d.Wait = sync.Backoff{Initial: r.cfg.BlockedInterval / 8, Max: r.cfg.BlockedInterval}.Wait(r.blocked, asked)
	} else {
		r.failures++
		d.Wait = r.cfg.Backoff.Wait(r.failures, asked)
	}
	for _, h := range r.observers.disconnect {
		h.OnDisconnect(d)
	}
	r.logDisconnect(d)
	return sync.Sleep(ctx, d.Wait)
}

// logDisconnect says a fault once, and again every few minutes while it lasts.
func (r *run) logDisconnect(d Disconnected) {
	level, text := r.cfg.Logger.Warn, d.Err.Error()
	if d.Blocked {
		level = r.cfg.Logger.Error
	}
	if text == r.logged && time.Since(r.loggedAt) < 5*time.Minute {
		level = r.cfg.Logger.Debug
	} else {
		r.logged, r.loggedAt = text, time.Now()
	}
	level("stream interrupted", "error", text, "next_attempt_in", d.Wait.Round(time.Millisecond).String())
}

// progress hands on where the stream is, if that has changed.
func (r *run) progress() error {
	commit := r.cursor.checkpoint()
	if commit == r.told || commit.IsZero() {
		return nil
	}
	return r.emit(sync.Change{Op: sync.Progress, Position: commit.Position})
}

// emit hands on one change.
func (r *run) emit(c sync.Change) error {
	c.Commit = r.cursor.checkpoint()
	r.told = c.Commit
	if !r.yield(c, nil) {
		return errStop
	}
	return nil
}
