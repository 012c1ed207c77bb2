package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

func (a app) run(ctx context.Context, args []string) error {
	fs := a.flags("run")
	file := fs.String("config", "", "settings `file` (default config.yml, if it is there)")
	if err := parse(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usage("run takes no arguments, got %q", fs.Arg(0))
	}
	c, err := a.load(*file, (*config.Config).Validate)
	if err != nil {
		return err
	}
	boundMemory()
	connection, err := newConnection(ctx, c, a.logger(c))
	if err != nil {
		return usageError{err}
	}
	return connection.run(ctx)
}

// connection is a connector put together and not yet running.
type connection struct {
	config    *config.Config
	log       *slog.Logger
	target    *target
	connector *opencti.Connector
	engine    *sync.Engine
	close     func() error
}

// rememberedReferences returns what an earlier run has learnt, and what saves it for the next. A file
// that cannot be read is no reason not to start: all comes again.
func rememberedReferences(c *config.Config, log *slog.Logger) (*opencti.References, func() error) {
	refs, path := opencti.NewReferences(0), c.Elastic.References
	if path == "" {
		return refs, func() error { return nil }
	}
	if err := refs.Load(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("names of authors and markings are learnt anew", "error", err.Error())
	}
	return refs, func() error { return refs.Save(path) }
}

// drainTimeout leaves time for a last ping within the ten seconds that containers get to stop.
const drainTimeout = 4 * time.Second

// maxPending is how far the rules, which Kibana takes far more slowly, may be behind the documents before they read the stream
// by themselves. What is acknowledged but not yet the checkpoint holds a few words a change; what waits to be written is bounded in bytes besides.
const maxPending = 50_000

// newConnection puts the connector together. It asks nothing of OpenCTI yet.
func newConnection(ctx context.Context, c *config.Config, log *slog.Logger, observers ...any) (*connection, error) {
	log.Info("starting", "version", buildVersion(), "opencti", withoutUser(c.OpenCTI.URL), "elasticsearch", withoutUser(c.Elastic.Addresses()...),
		"kibana", withoutUser(kibanaAddress(&c.Elastic)), "stream", c.Connector.StreamID, "index", c.Elastic.IndexName, "rules", c.Elastic.Rules)
	refs, saveRefs := rememberedReferences(c, log)
	target, err := newTarget(ctx, c, refs, log)
	if err != nil {
		return nil, err
	}
	stream, err := newStream(c, refs, log)
	if err != nil {
		return nil, err
	}
	connector, err := newConnector(c, names(target.sinks), log)
	if err != nil {
		return nil, err
	}
	target.replay = func() { connector.State().Forget("rules") }
	letters, closeLetters, err := deadLetters(c, log)
	if err != nil {
		return nil, err
	}
	engine, err := sync.NewEngine(sync.Options{
		Source: stream, Sinks: target.sinks, Checkpoints: connector.State(), Policies: target.policies(c), DeadLetters: letters, Logger: log, MaxItems: c.Elastic.BatchSize, Observers: observers,
		DrainTimeout: drainTimeout, MaxPending: maxPending,
	})
	if err != nil {
		return nil, err
	}
	return &connection{c, log, target, connector, engine, func() error { return errors.Join(target.close(), closeLetters(), saveRefs()) }}, nil
}

// run registers with OpenCTI and follows the stream until ctx ends.
func (c *connection) run(ctx context.Context) error {
	beside := append(c.target.beside, func(ctx context.Context) error { return report(ctx, c.engine, c.log) })
	err := c.connector.Follow(ctx, c.engine.Run, beside...)
	summarize(c.log, "stopped", c.engine.Stats())
	if err != nil && ctx.Err() != nil {
		c.log.Warn("stopped before all was written; it is read again at the next start", "error", err.Error())
	}
	return errors.Join(stopped(ctx, err), c.close())
}

// stopped makes a clean end of an end that was asked for: what was left is read again at the next start.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// boundMemory asks the garbage collector to stay well below 64 MiB, unless the
// operator has said otherwise.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(44 << 20)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(60)
	}
}

const reportInterval = time.Minute

// report logs once a minute how things stand, if anything has moved.
func report(ctx context.Context, engine *sync.Engine, log *slog.Logger) error {
	tick := time.NewTicker(reportInterval)
	defer tick.Stop()
	var before uint64
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if s := engine.Stats(); s.Read != before {
				before = s.Read
				summarize(log, "in step", s)
			}
		}
	}
}

func summarize(log *slog.Logger, message string, s sync.Stats) {
	for _, k := range s.Sinks {
		log.Info(message, "sink", k.Name, "state", k.State.String(), "read", s.Read, "position", k.Checkpoint.Position.String(), "lag_seconds", k.Lag.Seconds(),
			"done", k.Done, "superseded", k.Superseded, "coalesced", k.Coalesced, "ignored", k.Ignored, "refused", k.Refused,
			"waiting", k.Unacknowledged, "alone", k.Alone, "requests", k.Requests, "failed_requests", k.Failed, "retried", k.Retried)
	}
}
