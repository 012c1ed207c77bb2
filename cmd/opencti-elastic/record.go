package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/record"
)

// record writes the live stream to a file until it is stopped. It neither registers nor
// pings: it can run beside the connector, with the same account.
func (a app) record(ctx context.Context, args []string) error {
	fs := a.flags("record")
	file := fs.String("config", "", "settings `file` (default config.yml, if it is there)")
	out := fs.String("out", "", "`file` to write to; a name that ends in .gz is compressed, - is the standard output")
	limit := fs.Duration("for", 0, "stop after so long; 0 is when it is told to")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *out == "" || fs.NArg() > 0 {
		return usage("record needs --out FILE and nothing more")
	}
	c, err := a.load(*file, (*config.Config).ValidateSource)
	if err != nil {
		return err
	}
	log := a.logger(c)
	stream, err := newStream(c, nil, log)
	if err != nil {
		return usageError{err}
	}
	writer, err := record.Create(*out)
	if err != nil {
		return usageError{err}
	}
	if *limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, *limit)
		defer stop()
	}
	n, err := copyChanges(ctx, stream, writer)
	if err := errors.Join(stopped(ctx, err), writer.Close()); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "recorded %d changes\n", n)
	return nil
}

const flushInterval = time.Second

// copyChanges writes each change in the order of the stream, and flushes at least once a second while they come.
func copyChanges(ctx context.Context, source sync.Source, w *record.Writer) (n int, err error) {
	flushed := time.Now()
	for change, err := range source.Changes(ctx, nil) {
		if err == nil {
			err = w.Change(change)
		}
		if now := time.Now(); err == nil && now.Sub(flushed) > flushInterval {
			flushed, err = now, w.Flush()
		}
		if err != nil {
			return n, err
		}
		if change.Op != sync.Progress {
			n++
		}
	}
	return n, nil
}
