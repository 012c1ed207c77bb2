package main

import (
	"context"
	"errors"
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
	return connect(ctx, c, a.logger(c))
}

// connect runs the connector until ctx ends.
func connect(ctx context.Context, c *config.Config, log *slog.Logger) (err error) {
	refs := opencti.NewReferences(0)
	target, err := newTarget(ctx, c, refs, log)
	if err != nil {
		return usageError{err}
	}
	defer func() { err = errors.Join(err, target.close()) }()
	stream, err := newStream(c, refs, log)
	if err != nil {
		return usageError{err}
	}
	connector, err := newConnector(c, names(target.sinks), log)
	if err != nil {
		return usageError{err}
	}
	letters, closeLetters := deadLetters(c)
	defer closeLetters()
	engine, err := sync.NewEngine(sync.Options{
		Source: stream, Sinks: target.sinks, Checkpoints: connector.State(), DeadLetters: letters, Logger: log, MaxItems: c.Elastic.BatchSize,
	})
	if err != nil {
		return err
	}
	log.Info("starting", "version", buildVersion(), "stream", c.Connector.StreamID, "index", c.Elastic.IndexName, "rules", c.Elastic.Rules)
	if err := connector.Register(ctx); err != nil {
		return stopped(ctx, err)
	}
	beside := append(target.beside, connector.Run, func(ctx context.Context) error { return report(ctx, engine, log) })
	err = follow(ctx, engine.Run, beside...)
	summarize(log, "stopped", engine.Stats())
	return stopped(ctx, err)
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
			"waiting", k.Unacknowledged, "requests", k.Requests, "failed_requests", k.Failed, "retried", k.Retried)
	}
}
