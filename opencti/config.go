package opencti

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Start says where a stream begins that has no saved position.
type Start struct {
	// Live begins with what happens from now on; At is then not used, and
	// nothing is recovered.
	Live bool
	// At is the beginning of history; the zero time is the beginning of everything.
	At time.Time
}

// Recover says until when history comes from the platform's database, at a
// start without a saved position. What comes after it is read from the event stream, which holds
// only the last events.
type Recover struct {
	// Disable takes all history from the event stream.
	Disable bool
	// Until is the end of recovery; the zero time, and one to come, is now.
	Until time.Time
}

// Config describes a live stream. The zero value of every field but URL, Token and StreamID is its default.
type Config struct {
	// URL is OpenCTI's address, "https://opencti.example.org"; it may have a path and end in "/".
	URL string
	// Token is the API token of the connector's user. Public streams of old platforms need none.
	Token string
	// StreamID is the id of the live stream, a UUID, or "live".
	StreamID string

	// IgnoreDeletes asks the platform not to send deletions.
	IgnoreDeletes bool
	// Dependencies asks for everything that is related to an object too: whole
	// graphs. Authors and markings come in any case.
	Dependencies bool
	// WithInferences asks for inferred objects too.
	WithInferences bool

	// Start and Recover hold for a start without a saved position.
	Start   Start
	Recover Recover

	// MaxEventSize is the most bytes an event may have; larger ones are skipped and
	// become an Invalid change. Default 64 MiB.
	MaxEventSize int
	// SilenceTimeout is how long no byte may come, heartbeats included, before the connection counts as dead. Default 60 s.
	SilenceTimeout time.Duration
	// Backoff is the wait between attempts while a fault may pass. Default: 250 ms up to 30 s.
	Backoff sync.Backoff
	// BlockedInterval is the longest wait between attempts while someone has to act: 401, 403, 404, 410. The
	// first is an eighth of it. Default 60 s.
	BlockedInterval time.Duration
	// ClockMargin is the most by which the clocks of platform and redis may
	// differ. Default 5 min.
	ClockMargin time.Duration

	// RecoveryWindow is how many objects the platform reads from its database at a time, at most: an
	// interrupted recovery goes back by about that many, since their order is not known. Raise it if the platform's
	// elasticsearch:default_pagination_result is larger. Default 1000, twice the platform's default.
	RecoveryWindow int

	// HTTPClient makes the requests; its Timeout must be zero. Default: one of its own.
	HTTPClient *http.Client
	// Logger is where the stream says what happens to it. Default: [slog.Default].
	Logger *slog.Logger
	// References, if set, learns authors and markings from what passes.
	References *References
	// Observers are told what happens; see [ConnectObserver] and its siblings.
	Observers []any
}

// Validate names all that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if _, err := parseURL(c.URL); err != nil {
		errs = append(errs, err)
	}
	if err := checkToken(c.Token); err != nil {
		errs = append(errs, err)
	}
	if c.StreamID == "" {
		errs = append(errs, errors.New("stream id: missing: give the id of a live stream (Data > Data sharing > Live streams)"))
	}
	if c.MaxEventSize < 0 || c.MaxEventSize > 0 && c.MaxEventSize < 4<<10 {
		errs = append(errs, fmt.Errorf("maximum event size: %d: want at least 4096 bytes", c.MaxEventSize))
	}
	if c.RecoveryWindow < 0 {
		errs = append(errs, fmt.Errorf("recovery window: %d: must not be negative", c.RecoveryWindow))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"silence timeout", c.SilenceTimeout}, {"back-off: initial", c.Backoff.Initial}, {"back-off: maximum", c.Backoff.Max},
		{"blocked interval", c.BlockedInterval}, {"clock margin", c.ClockMargin},
	} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("%s: %v: must not be negative", d.name, d.value))
		}
	}
	if full := c.withDefaults(); full.Backoff.Initial > full.Backoff.Max {
		errs = append(errs, fmt.Errorf("back-off: initial %v is above the maximum %v", full.Backoff.Initial, full.Backoff.Max))
	}
	if c.HTTPClient != nil && c.HTTPClient.Timeout != 0 {
		errs = append(errs, errors.New("HTTP client: a timeout would cut the stream: leave it zero"))
	}
	if c.Start.Live && !c.Start.At.IsZero() {
		errs = append(errs, errors.New("start: live and a date exclude each other"))
	}
	if _, err := newObservers(c.Observers); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.MaxEventSize = cmp.Or(c.MaxEventSize, 64<<20)
	c.SilenceTimeout = cmp.Or(c.SilenceTimeout, 60*time.Second)
	c.Backoff.Initial = cmp.Or(c.Backoff.Initial, 250*time.Millisecond)
	c.Backoff.Max = cmp.Or(c.Backoff.Max, 30*time.Second)
	c.BlockedInterval = cmp.Or(c.BlockedInterval, 60*time.Second)
	c.ClockMargin = cmp.Or(c.ClockMargin, 5*time.Minute)
	c.RecoveryWindow = cmp.Or(c.RecoveryWindow, 1000)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	return c
}

// parseURL reads OpenCTI's address.
func parseURL(s string) (*url.URL, error) {
	u, err := endpoint.ParseURL(s)
	if err != nil {
		return nil, fmt.Errorf("OpenCTI URL: %w", err)
	}
	return u, nil
}

// checkToken refuses what cannot be sent in a header.
func checkToken(token string) error {
	if err := endpoint.CheckToken(token); err != nil {
		return fmt.Errorf("OpenCTI token: %w", err)
	}
	return nil
}
