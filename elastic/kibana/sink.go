package kibana

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// SinkOptions is what [NewSink] needs.
type SinkOptions struct {
	// Kibana and Builder are required.
	Kibana  *Client
	Builder *rules.Builder
	// Settle is how long a write may take until Kibana's look-ups see it: twice the
	// refresh interval of its index; default 2 seconds.
	Settle time.Duration
	// Pace is the least time between two small writes, so that changes gather meanwhile and
	// go in few requests; default 250 milliseconds. Large ones don't wait.
	Pace time.Duration
	// Trust is how long it counts what was read of a rule; within it, an indicator that
	// hasn't changed costs no request. Default 10 minutes.
	Trust time.Duration
	// MaxImportRules is how many rules one import holds, 1 to 500 (default).
	MaxImportRules int
	// MaxImportBytes is how long one import is, at most 8 MB (default).
	MaxImportBytes int
	// RunsPerMinute is how many rule runs a minute Kibana's circuit breaker allows. By
	// default 10,000, on serverless 400. Rules beyond it are made disabled. Negative: no check.
	RunsPerMinute int
	// KeepRevoked disables the rules of revoked and expired indicators instead of deleting them.
	KeepRevoked bool
	// Preview counts what a new rule would have matched in the last days; a rule above
	// PreviewLimit is made disabled. nil: no count. See [Previewer].
	Preview func(ctx context.Context, rule rules.Rule) (int64, error)
	// PreviewLimit is the count above which a new rule stays disabled; default 1000.
	PreviewLimit int64
	// Replay is called when indicators that match rules covered need rules of their own, before the
	// match rules go: it has to see to it that the stream is read again for this sink. An
	// error leaves everything as it is, and it is called again. nil: nobody is told but the log.
	Replay func(ctx context.Context) error
	// SweepInterval is the time between two looks for rules whose own time is over, default [DefaultSweepInterval];
	// DisableSweep means none.
	SweepInterval time.Duration
	DisableSweep  bool
	// Logger is told what a person should know; nil is [slog.Default].
	Logger *slog.Logger
}

// Validate reports all faults at once.
func (c SinkOptions) Validate() error {
	var errs []error
	if c.Kibana == nil || c.Builder == nil {
		errs = append(errs, errors.New("rules: Kibana and Builder are needed"))
	}
	if c.MaxImportRules < 0 || c.MaxImportRules > maxImportRules {
		errs = append(errs, fmt.Errorf("rules: %d rules an import: want 1 to %d", c.MaxImportRules, maxImportRules))
	}
	if c.MaxImportBytes < 0 || c.MaxImportBytes > maxImportBytes {
		errs = append(errs, fmt.Errorf("rules: %d bytes an import: want 1 to %d", c.MaxImportBytes, maxImportBytes))
	}
	if c.Settle < 0 || c.Pace < 0 || c.SweepInterval < 0 || c.Trust < 0 || c.PreviewLimit < 0 {
		errs = append(errs, errors.New("rules: durations and limits must not be negative"))
	}
	return errors.Join(errs...)
}

const (
	// maxImportRules and maxImportBytes are below what breaks Kibana or a proxy in front of it.
	maxImportRules = 500
	maxImportBytes = 8_000_000
)

// Sink keeps Kibana's detection rules in step with the indicators of a stream.
// It is a [sync.Sink], safe for concurrent use.
//
// It remembers what it knows of each of its rules (a few hundred bytes a rule),
// read from Kibana at the first write; nothing else is kept between runs. So a rule
// that a person deleted stays away while this process runs, unless its indicator
// changes; after a restart only a replay of the indicator's event would make it again.
type Sink struct {
	kibana  *Client
	builder *rules.Builder
	cfg     SinkOptions
	log     *slog.Logger
	ledger  *ledger
	pacer   pacer
	counts  counts
	// importLimit is how many rules an import holds, at most MaxImportRules.
	importLimit atomic.Int64
	// noSuppression is set once Kibana's licence has refused suppression.
	noSuppression atomic.Bool
}

var (
	_ sync.Sink     = (*Sink)(nil)
	_ sync.Selector = (*Sink)(nil)
)

// NewSink makes the sink. It sends nothing yet.
func NewSink(c SinkOptions) (*Sink, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	setIfZero(&c.Settle, 2*time.Second)
	setIfZero(&c.Pace, 250*time.Millisecond)
	setIfZero(&c.Trust, 10*time.Minute)
	setIfZero(&c.MaxImportRules, maxImportRules)
	setIfZero(&c.MaxImportBytes, maxImportBytes)
	setIfZero(&c.PreviewLimit, 1000)
	setIfZero(&c.SweepInterval, DefaultSweepInterval)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	r := &Sink{kibana: c.Kibana, builder: c.Builder, cfg: c, log: c.Logger, ledger: newLedger(time.Now().Add(c.Settle))}
	r.importLimit.Store(int64(c.MaxImportRules))
	return r, nil
}

func setIfZero[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// Name implements [sync.Sink].
func (*Sink) Name() string { return "rules" }

// Wants implements [sync.Selector]: only indicators have rules. Of a deletion that does not say what it was, only
// the key tells.
func (r *Sink) Wants(c sync.Change) bool { return c.Object == nil || c.Object.Type == "indicator" }

// Write implements [sync.Sink]. Changes of other objects than indicators are ignored.
func (r *Sink) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	results := make([]sync.Result, len(changes))
	var tasks []*task
	for i, c := range changes {
		t, done := r.task(c)
		if done != nil {
			results[i] = *done
			continue
		}
		t.result = &results[i]
		tasks = append(tasks, t)
	}
	if len(tasks) == 0 {
		return results, nil
	}
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if len(tasks) < r.cfg.MaxImportRules/2 {
		if err := r.pacer.wait(ctx, r.cfg.Pace); err != nil {
			return nil, err
		}
	}
	if err := r.perform(ctx, tasks); err != nil {
		return nil, err
	}
	return results, nil
}

// task makes of a change what is to be done, or says at once that nothing is.
func (r *Sink) task(c sync.Change) (*task, *sync.Result) {
	t := &task{ruleID: r.builder.RuleID(c.Key)}
	if c.Op == sync.Delete || c.Object == nil {
		if c.Object != nil && c.Object.Type != "indicator" {
			return nil, &sync.Result{Outcome: sync.Ignored}
		}
		return t, nil
	}
	rule, err := r.builder.Build(c.Object)
	if none, ok := errors.AsType[*rules.NoRuleError](err); ok {
		if none.Why == rules.NotIndicator {
			return nil, &sync.Result{Outcome: sync.Ignored, Err: none}
		}
		t.none = none
		return t, nil
	}
	if err == nil {
		err = t.wants(rule)
	}
	if err != nil {
		return nil, &sync.Result{Outcome: sync.Refused, Err: fmt.Errorf("build rule: %w", err)}
	}
	return t, nil
}

// pacer spaces things out.
type pacer struct {
	mu   stdsync.Mutex
	next time.Time
}

func (p *pacer) wait(ctx context.Context, pace time.Duration) error {
	p.mu.Lock()
	at := time.Now()
	if p.next.After(at) {
		at = p.next
	}
	p.next = at.Add(pace)
	p.mu.Unlock()
	return sleepUntil(ctx, at)
}
