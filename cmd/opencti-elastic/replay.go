package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	stdsync "sync"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// replay writes recordings to Elastic, or to files.
func (a app) replay(ctx context.Context, args []string) error {
	fs := a.flags("replay")
	file := fs.String("config", "", "settings `file` (default config.yml, if it is there)")
	out := fs.String("out", "", "write to files in this `directory`, not to Elastic")
	if err := parse(fs, args); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		return usage("replay needs files: recorded streams, STIX bundles, or - for the standard input")
	}
	judge := (*config.Config).ValidateTarget
	if *out != "" {
		judge = func(*config.Config) error { return nil }
	}
	c, err := a.load(*file, judge)
	if err != nil {
		return err
	}
	source, err := a.open(fs.Args())
	if err != nil {
		return usageError{err}
	}
	boundMemory()
	log := a.logger(c)
	refs := opencti.NewReferences(0)
	var t *target
	if *out != "" {
		t, err = newFileTarget(c, refs, *out)
	} else {
		t, err = newTarget(ctx, c, refs, log)
	}
	if err != nil {
		return usageError{err}
	}
	return errors.Join(a.pour(ctx, c, source.Learn(refs.Learn), t, log), t.close())
}

// pour brings a whole source to the target and says what became of it.
func (a app) pour(ctx context.Context, c *config.Config, source sync.Source, t *target, log *slog.Logger) (err error) {
	letters, closeLetters, err := deadLetters(c, log)
	if err != nil {
		return usageError{err}
	}
	defer func() { err = errors.Join(err, closeLetters()) }()
	reasons := &reasons{tally: tally{}}
	engine, err := sync.NewEngine(sync.Options{
		Source: source, Sinks: t.sinks, DeadLetters: letters, Logger: log, MaxItems: c.Elastic.BatchSize, Observers: []any{reasons},
		SingleReading: true, // the standard input can be among the files
	})
	if err != nil {
		return err
	}
	err = engine.Run(ctx)
	stats := engine.Stats()
	fmt.Fprintf(a.stderr, "%d changes read, %d of them unreadable\n", stats.Read, stats.Invalid)
	for _, s := range stats.Sinks {
		fmt.Fprintf(a.stderr, "%s: %d done, %d superseded by newer ones, %d objects that have none (relationships, identities, …), %d refused\n",
			s.Name, s.Done, s.Superseded+s.Coalesced, s.Ignored, s.Refused)
	}
	reasons.print(a.stderr, "dead letter")
	return err
}

// reasons counts the reasons of dead letters.
type reasons struct {
	mu stdsync.Mutex
	tally
}

// OnDeadLetter implements [sync.DeadLetterObserver].
func (r *reasons) OnDeadLetter(l sync.DeadLetter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(l.Reason)
}
