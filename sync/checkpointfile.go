package sync

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	stdsync "sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/sync/atomicfile"
)

// FileCheckpoints keeps checkpoints in a JSON file:
//
//	{"sinks": {"index": {"position": "1795446740123-0", "recover_until": "2026-11-23T15:12:00Z"}}}
//
// A save replaces the file as a whole and reaches the disk before it counts, so
// that a crash leaves the old or the new one. Only one process may use it at a
// time. It is safe for concurrent use.
type FileCheckpoints struct {
	// Path is the file. Its directory must exist.
	Path string

	mu stdsync.Mutex
}

var _ Checkpoints = (*FileCheckpoints)(nil)

// A StateError says that a file that keeps state cannot be understood. It is not
// tried again: someone has to look at it.
type StateError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *StateError) Error() string {
	return fmt.Sprintf("%s is damaged: %v: restore it, or remove it to start from the beginning", e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *StateError) Unwrap() error { return e.Err }

// Retryable is part of what [Classify] asks: it is not.
func (e *StateError) Retryable() bool { return false }

type checkpointFile struct {
	Sinks map[string]savedCheckpoint `json:"sinks"`
}

type savedCheckpoint struct {
	Position     string    `json:"position"`
	RecoverUntil time.Time `json:"recover_until,omitzero"`
	Owed         string    `json:"owed,omitzero"`
	Policy       string    `json:"policy,omitzero"`
}

// Load implements [Checkpoints]. A file that is not there holds none.
func (f *FileCheckpoints) Load(context.Context) (map[string]Checkpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file checkpointFile
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, &StateError{f.Path, err}
	}
	if file.Sinks == nil {
		return nil, &StateError{f.Path, errors.New(`want a member "sinks"`)}
	}
	out := make(map[string]Checkpoint, len(file.Sinks))
	for name, s := range file.Sinks {
		p, err := ParsePosition(s.Position)
		if err != nil {
			return nil, &StateError{f.Path, fmt.Errorf("sink %q: %w", name, err)}
		}
		c := Checkpoint{Position: p, RecoverUntil: s.RecoverUntil, Policy: s.Policy}
		if s.Owed != "" {
			if c.Owed, err = ParsePosition(s.Owed); err != nil {
				return nil, &StateError{f.Path, fmt.Errorf("sink %q: owed: %w", name, err)}
			}
		}
		out[name] = c
	}
	return out, nil
}

// Save implements [Checkpoints].
func (f *FileCheckpoints) Save(_ context.Context, checkpoints map[string]Checkpoint) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file := checkpointFile{Sinks: make(map[string]savedCheckpoint, len(checkpoints))}
	for name, c := range checkpoints {
		saved := savedCheckpoint{Position: c.Position.String(), RecoverUntil: c.RecoverUntil, Policy: c.Policy}
		if !c.Owed.IsZero() {
			saved.Owed = c.Owed.String()
		}
		file.Sinks[name] = saved
	}
	b, err := json.Marshal(file, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("encode checkpoints: %w", err)
	}
	return atomicfile.Write(f.Path, 0o600, func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
}
