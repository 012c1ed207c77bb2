package opencti

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// connection makes one request and reads it to its end. It never returns nil.
func (r *run) connection(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(r.cfg.SilenceTimeout, func() { cancel(ErrSilence) })
	defer silence.Stop()

	req, connected, err := r.request(ctx)
	if err != nil {
		return err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return r.cause(ctx, requestError("stream", err))
	}
	defer resp.Body.Close()
	silence.Stop()
	if err := r.accept(resp); err != nil {
		return err
	}
	for _, h := range r.observers.connect {
		h.OnConnect(connected)
	}
	r.logConnect(connected)
	body := &watch{r: resp.Body, timer: silence, timeout: r.cfg.SilenceTimeout}
	return r.cause(ctx, r.read(&reader{framer: newFramer(body, r.cfg.MaxEventSize), watch: body, date: serverTime(resp)}))
}

// request makes the request for where the cursor is.
func (r *run) request(ctx context.Context) (*http.Request, Connected, error) {
	u := *r.url
	q := u.Query()
	h := http.Header{
		"Accept":          {"text/event-stream"},
		"Accept-Encoding": {"identity"},
		"Cache-Control":   {"no-cache"},
		"User-Agent":      {"opencti-elastic"},
	}
	if r.cfg.Token != "" {
		h.Set("Authorization", "Bearer "+r.cfg.Token)
	}
	// Options go both ways: a proxy may drop the headers, an old platform not know the parameters.
	for name, value := range map[string]bool{
		"listen-delete": !r.cfg.IgnoreDeletes, "no-dependencies": !r.cfg.Dependencies, "with-inferences": r.cfg.WithInferences,
	} {
		text := strconv.FormatBool(value)
		h.Set(name, text)
		q.Set(name, text)
	}
	c := r.cursor
	connected := Connected{Live: !c.known, RecoverUntil: c.recoverUntil()}
	if c.known {
		connected.From = c.from
		h.Set("Last-Event-ID", c.from.String())
		q.Set("from", c.from.String())
	}
	if !connected.RecoverUntil.IsZero() {
		q.Set("recover", connected.RecoverUntil.UTC().Format("2006-01-02T15:04:05.999Z"))
	}
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, connected, errors.New("stream: the OpenCTI URL and the stream's id make no valid address")
	}
	req.Header = h
	return req, connected, nil
}

// accept reports whether the answer is a stream.
func (r *run) accept(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return statusError("stream", resp, r.cfg.Token)
	}
	if ct := resp.Header.Get("Content-Type"); ct != "" {
		if media, _, _ := mime.ParseMediaType(ct); media != "text/event-stream" {
			return &ContentTypeError{Op: "stream", Got: clean(ct, r.cfg.Token)}
		}
	}
	return nil
}

func (r *run) logConnect(c Connected) {
	args := []any{"stream", r.cfg.StreamID}
	if !c.Live {
		args = append(args, "from", c.From.String())
	}
	if !c.RecoverUntil.IsZero() {
		args = append(args, "recover_until", c.RecoverUntil.Format(time.RFC3339))
	}
	r.cfg.Logger.Info("stream connected", args...)
}

// cause returns the reason for which a connection was given up, instead of the error that this made.
func (r *run) cause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrSilence) && !errors.Is(err, errAgain) && !errors.Is(err, errStop) {
		return fmt.Errorf("%w for %v", ErrSilence, r.cfg.SilenceTimeout)
	}
	return err
}

// serverTime is the platform's clock by the answer's date, or ours if that is earlier or there is none.
func serverTime(resp *http.Response) time.Time {
	now := time.Now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil && date.Before(now) {
		return date
	}
	return now
}

// reader is the body of one connection.
type reader struct {
	framer *framer
	watch  *watch
	date   time.Time
}

// read takes events until the connection ends.
func (r *run) read(in *reader) error {
	for {
		again := false
		for event, err := range sse.Read(in.framer, &sse.ReadConfig{MaxEventSize: in.framer.parserLimit()}) {
			if err != nil {
				return fmt.Errorf("stream: %w", err)
			}
			if err := r.event(in, event); err != nil {
				return err
			}
			if again = in.framer.takeLarge(); again {
				break // a new parser, without the large buffer
			}
		}
		if again {
			continue
		}
		if err := in.framer.err; err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("stream: %w", err)
		}
		return ErrEnd
	}
}

// watch counts any byte as life: it lets the timer run only while it waits for one.
// While the consumer is slow nobody waits.
type watch struct {
	r       io.Reader
	timer   *time.Timer
	timeout time.Duration
	// reads counts the reads, waited is how long the last one took.
	reads  int
	waited time.Duration
}

// Read implements io.Reader.
func (w *watch) Read(p []byte) (int, error) {
	began := time.Now()
	w.timer.Reset(w.timeout)
	n, err := w.r.Read(p)
	w.timer.Stop()
	w.reads++
	w.waited = time.Since(began)
	return n, err
}

// buffering finds a proxy that holds events back: heartbeats that are seconds apart
// come in one piece though we were waiting for them.
type buffering struct {
	reads, seen int
	last        sync.Position
	said        bool
}

// heartbeat reports, once, that a proxy buffers.
func (b *buffering) heartbeat(id sync.Position, w *watch) bool {
	const apart = 4 * time.Second
	together := b.reads == w.reads && w.waited >= apart && !b.last.IsZero() &&
		id.Millis >= b.last.Millis+uint64(apart/time.Millisecond)
	b.reads, b.last = w.reads, id
	if together {
		b.seen++
	}
	if b.said || b.seen < 3 {
		return false
	}
	b.said = true
	return true
}
