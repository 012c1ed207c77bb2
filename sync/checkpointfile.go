package sync

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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

	mu sync.Mutex
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

// Unwrap gives the cause.
func (e *StateError) Unwrap() error { return e.Err }

// Retryable is part of what [Classify] asks: it is not.
func (e *StateError) Retryable() bool { return false }

type checkpointFile struct {
	Sinks map[string]savedCheckpoint `json:"sinks"`
}

type savedCheckpoint struct {
	Position     string    `json:"position"`
	RecoverUntil time.Time `json:"recover_until,omitzero"`
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
		out[name] = Checkpoint{Position: p, RecoverUntil: s.RecoverUntil}
	}
	return out, nil
}

// Save implements [Checkpoints].
func (f *FileCheckpoints) Save(_ context.Context, checkpoints map[string]Checkpoint) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file := checkpointFile{Sinks: make(map[string]savedCheckpoint, len(checkpoints))}
	for name, c := range checkpoints {
		file.Sinks[name] = savedCheckpoint{Position: c.Position.String(), RecoverUntil: c.RecoverUntil}
	}
	b, err := json.Marshal(file, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("encode checkpoints: %w", err)
	}
	return replaceFile(f.Path, append(b, '\n'))
}

// replaceFile gives a file a new content, as a whole or not at all.
func replaceFile(path string, content []byte) (err error) {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	tmp, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignore(tmp.Close(), fs.ErrClosed), ignore(os.Remove(tmp.Name()), fs.ErrNotExist))
		}
	}()
	if _, err = bytes.NewReader(content).WriteTo(tmp); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir brings a rename to the disk. A system that cannot sync directories
// makes renames durable by itself.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return ignore(d.Sync(), errors.ErrUnsupported, os.ErrInvalid, os.ErrPermission)
}

func ignore(err error, harmless ...error) error {
	for _, h := range harmless {
		if errors.Is(err, h) {
			return nil
		}
	}
	return err
}
