package opencti

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// ConnectorConfig describes a connector. The zero value of every field but ID and Name is its default.
type ConnectorConfig struct {
	// ID is the connector's id, a UUID of version 4 that no other connector has.
	ID string
	// Name is what people see in OpenCTI.
	Name string
	// Scope is what OpenCTI shows as the scope. Default "not-applicable".
	Scope []string
	// Sinks are the names of the sinks that a state written by the Python connector stands for.
	Sinks []string
	// PatternTypes are the pattern types that indicators should be able to have. Default: none.
	PatternTypes []string
	// PingInterval is the time between pings. Default 40 s.
	PingInterval time.Duration
	// Backoff is the wait between attempts to register. Default: 1 s up to 30 s.
	Backoff sync.Backoff
	// Logger is where the connector says what happens to it. Default: [slog.Default].
	Logger *slog.Logger
	// Observers are told of pings; see [PingObserver].
	Observers []any
}

// PingObserver is called for each ping; err is nil when the platform has answered.
type PingObserver interface {
	OnPing(err error)
}

// Validate names all that is wrong with the configuration.
func (c ConnectorConfig) Validate() error {
	var errs []error
	if id, err := uuid.Parse(c.ID); err != nil || id.Version() != 4 || len(c.ID) != 36 {
		errs = append(errs, errors.New("connector id: want a UUID of version 4, such as uuidgen makes"))
	}
	if c.Name == "" {
		errs = append(errs, errors.New("connector name: missing"))
	}
	if c.PingInterval < 0 || c.Backoff.Initial < 0 || c.Backoff.Max < 0 {
		errs = append(errs, errors.New("ping interval, back-off: must not be negative"))
	}
	return errors.Join(errs...)
}

// Connector is a STREAM connector as OpenCTI shows it: registered, alive, with its state.
//
// Read the stream with State as the checkpoint store:
//
//	engine, err := sync.NewEngine(sync.Options{Source: stream, Sinks: sinks, Checkpoints: connector.State()})
//	…
//	err = connector.Follow(ctx, engine.Run, index.Run)
//
// Two instances with one id cannot see each other by pings: each ping is answered with the
// state it brought. Give each instance its own id.
type Connector struct {
	cfg    ConnectorConfig
	client *Client
	state  *State
	ping   []PingObserver
}

// NewConnector makes a connector that is not yet registered.
func NewConnector(client *Client, cfg ConnectorConfig) (*Connector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(cfg.Scope) == 0 {
		cfg.Scope = []string{"not-applicable"}
	}
	cfg.PingInterval = cmp.Or(cfg.PingInterval, 40*time.Second)
	cfg.Backoff.Initial = cmp.Or(cfg.Backoff.Initial, time.Second)
	cfg.Backoff.Max = cmp.Or(cfg.Backoff.Max, 30*time.Second)
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	c := &Connector{cfg: cfg, client: client, state: newState(cfg.Sinks, cfg.Logger)}
	for i, o := range cfg.Observers {
		if !appendIf(&c.ping, o) {
			return nil, unfit(i, o)
		}
	}
	return c, nil
}

// State is the checkpoint store in the connector's state; it is empty until Register has returned.
func (c *Connector) State() *State { return c.state }

// Follow registers the connector, and then runs follow, such as an engine's Run, until it has ended. Beside it go the pings and
// what else is given: they end after follow, the pings last, so that they carry the last state. Its error is follow's and theirs,
// but for those of their contexts' end.
func (c *Connector) Follow(ctx context.Context, follow func(context.Context) error, beside ...func(context.Context) error) error {
	if err := c.Register(ctx); err != nil {
		return err
	}
	return runBeside(ctx, func(ctx context.Context) error { return runBeside(ctx, follow, beside) }, []func(context.Context) error{c.Run})
}

// runBeside runs functions beside another until that has ended.
func runBeside(ctx context.Context, main func(context.Context) error, beside []func(context.Context) error) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, len(beside))
	for _, work := range beside {
		go func() { ended <- work(working) }()
	}
	err := main(ctx)
	stop()
	for range beside {
		if e := <-ended; e != nil && !errors.Is(e, context.Canceled) {
			err = errors.Join(err, fmt.Errorf("beside the stream: %w", e))
		}
	}
	return err
}

// Register registers the connector, takes its saved state, pings once and adds missing pattern types. Until the
// platform has answered, there is no telling where to start: it tries again, for as long as ctx allows, and
// says why. Its only error is that of ctx.
func (c *Connector) Register(ctx context.Context) error {
	var got Registered
	err := c.cfg.Backoff.Retry(ctx, func(ctx context.Context) (err error) {
		got, err = c.register(ctx)
		return err
	}, func(f sync.Failure) {
		c.cfg.Logger.Error("the connector cannot register with OpenCTI yet; nothing is read until it can",
			"error", f.Err.Error(), "next_attempt_in", f.Wait.Round(time.Millisecond).String())
	})
	if err != nil {
		return fmt.Errorf("register connector: %w", ctx.Err())
	}
	c.state.registered(got.State)
	if about, err := c.client.About(ctx); err == nil {
		c.cfg.Logger.Info("registered with OpenCTI", "connector", c.cfg.ID, "platform_version", clean(about.Version))
	}
	c.pingOnce(ctx)
	c.addPatternTypes(ctx)
	return ctx.Err()
}

func (c *Connector) register(ctx context.Context) (Registered, error) {
	return c.client.Register(ctx, Registration{ID: c.cfg.ID, Name: c.cfg.Name, Scope: c.cfg.Scope})
}

// addPatternTypesWithin bounds the whole of it: the stream waits.
const addPatternTypesWithin = 20 * time.Second

func (c *Connector) addPatternTypes(ctx context.Context) {
	if len(c.cfg.PatternTypes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, addPatternTypesWithin)
	defer cancel()
	added, err := c.client.AddPatternTypes(ctx, c.cfg.PatternTypes...)
	for _, name := range added {
		c.cfg.Logger.Info("added a pattern type to OpenCTI's vocabulary", "name", name)
	}
	if err != nil {
		c.cfg.Logger.Warn("pattern types could not be added to OpenCTI's vocabulary: indicators of those that are missing cannot be made there until someone adds them (Settings > Taxonomies > Vocabularies > pattern_type_ov)",
			"names", c.cfg.PatternTypes, "error", err.Error())
	}
}

// lastPing bounds the ping at the end.
const lastPing = 5 * time.Second

// Run pings at once and then at each interval, until ctx ends; then once more, with the last state. A ping that
// fails is logged and counts for nothing.
func (c *Connector) Run(ctx context.Context) error {
	tick := time.NewTicker(c.cfg.PingInterval)
	defer tick.Stop()
	for {
		if ctx.Err() == nil {
			c.pingOnce(ctx)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPing)
			defer cancel()
			c.pingOnce(last)
			return nil
		case <-tick.C:
		case <-c.state.urgent:
		}
	}
}

func (c *Connector) pingOnce(ctx context.Context) {
	sent := c.state.text()
	got, err := c.client.Ping(ctx, c.cfg.ID, sent)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return // given up by us; the last ping comes
	}
	for _, h := range c.ping {
		h.OnPing(err)
	}
	if err != nil {
		c.cfg.Logger.Warn("ping of OpenCTI failed; the stream goes on", "error", err.Error())
		c.registerAgain(ctx, err)
		return
	}
	if c.state.answered(sent, got) {
		c.cfg.Logger.Warn("the connector's state was reset in OpenCTI: starting anew")
	}
}

// registerAgain makes a connector known that someone has deleted in OpenCTI: its next ping carries the state.
func (c *Connector) registerAgain(ctx context.Context, err error) {
	if e, refused := errors.AsType[*GraphQLError](err); !refused || e.Name == "AUTH_REQUIRED" || e.Name == "AUTH_FAILURE" {
		return // nothing is said of the connector
	}
	if _, err := c.register(ctx); err != nil {
		c.cfg.Logger.Warn("the connector cannot register again", "error", err.Error())
	}
}
