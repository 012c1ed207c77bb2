package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/record"
)

func (a app) convertDocuments(ctx context.Context, args []string) error {
	c, source, err := a.convertInput("convert documents", args)
	if err != nil {
		return err
	}
	refs := opencti.NewReferences(0)
	mapper, err := newMapper(c, refs)
	if err != nil {
		return usageError{err}
	}
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	var line []byte
	left := tally{}
	for change, err := range source.Learn(refs.Learn).Changes(ctx, nil) {
		if err != nil {
			left.print(a.stderr, "no document")
			return errors.Join(err, out.Flush())
		}
		if change.Op == sync.Progress {
			continue
		}
		document, reason := mapChange(mapper, change)
		if reason != "" {
			left.add(reason)
			continue
		}
		if line, err = document.AppendJSON(line[:0]); err != nil {
			left.add(err.Error())
			continue
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	left.print(a.stderr, "no document")
	return out.Flush()
}

// convertInput reads the flags of a conversion: its arguments are files, by default the standard input.
func (a app) convertInput(name string, args []string) (*config.Config, *record.Source, error) {
	fs := a.flags(name)
	file := fs.String("config", "", "settings `file` (default config.yml, if it is there)")
	if err := parse(fs, args); err != nil {
		return nil, nil, err
	}
	c, err := a.load(*file, func(*config.Config) error { return nil })
	if err != nil {
		return nil, nil, err
	}
	source, err := a.open(fs.Args())
	if err != nil {
		return nil, nil, usageError{err}
	}
	return c, source, nil
}

// open makes a source of files; "-" and none at all are the standard input.
func (a app) open(files []string) (*record.Source, error) {
	if len(files) == 0 || len(files) == 1 && files[0] == "-" {
		return record.NewSource(record.Reader("standard input", a.stdin)), nil
	}
	return record.Open(files...)
}

func mapChange(mapper *ecs.Mapper, c sync.Change) (*ecs.Document, string) {
	switch c.Op {
	case sync.Invalid:
		return nil, c.Err.Error()
	case sync.Delete:
		return nil, "deletion"
	}
	document, err := mapper.Map(c.Object)
	switch {
	case err != nil:
		return nil, skipped(err)
	case document.Revoked:
		return nil, c.Object.Type + ": revoked"
	case document.Expired:
		return nil, c.Object.Type + ": expired"
	}
	return document, ""
}

// skipped is the reason of a SkipError without its own "no document for".
func skipped(err error) string {
	if skip, ok := errors.AsType[*ecs.SkipError](err); ok {
		return skip.Type + ": " + skip.Reason
	}
	return err.Error()
}

// tally counts reasons.
type tally map[string]int

// maxReasons bounds how many different ones are kept apart: some name a line of the input.
const maxReasons = 200

func (t tally) add(reason string) {
	if _, known := t[reason]; !known && len(t) >= maxReasons {
		reason = "other reasons"
	}
	t[reason]++
}

func (t tally) print(w io.Writer, what string) {
	for _, reason := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(w, "%s: %d × %s\n", what, t[reason], reason)
	}
}
