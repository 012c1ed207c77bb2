package sync_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// FuzzCheckpointFile: any content is either read, and then written and read again as
// the same, or a StateError.
func FuzzCheckpointFile(f *testing.F) {
	f.Add([]byte(`{"sinks":{"index":{"position":"1795446740123-0","recover_until":"2026-11-23T15:12:00Z"},"rules":{"position":"0-0"}},"x":1}`))
	f.Add([]byte(`{"sinks":{"":{"position":"1"}}}`))
	f.Add([]byte(`{"sinks":null}`))
	path := filepath.Join(f.TempDir(), "state.json")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		store := &sync.FileCheckpoints{Path: path}
		first, err := store.Load(t.Context())
		if err != nil {
			if _, ok := errors.AsType[*sync.StateError](err); !ok {
				t.Errorf("got %v, want a StateError", err)
			}
			return
		}
		if err := store.Save(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		second, err := store.Load(t.Context())
		if diff := cmp.Diff(first, second); diff != "" || err != nil {
			t.Errorf("%v; checkpoints (-first +second):\n%s", err, diff)
		}
	})
}

// FuzzLetters: a letter that can be read is written and read again as the same.
func FuzzLetters(f *testing.F) {
	for _, l := range letters(1) {
		line, err := sync.AppendLetter(nil, l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"time":"2026-11-23T00:00:00Z","op":"invalid","reason":"r","raw":"{"}` + "\n\nx"))
	f.Add([]byte(`{"op":"delete","key":"k","raw_base64":"/w=="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for first, err := range sync.ReadLetters(bytes.NewReader(b)) {
			if err != nil {
				continue
			}
			line, err := sync.AppendLetter(nil, first)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(line, []byte{'\n'}); n != 1 {
				t.Errorf("a letter of %d lines", n)
			}
			second, err := sync.ParseLetter(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			third, err := sync.AppendLetter(nil, second)
			if err != nil || !bytes.Equal(line, third) {
				t.Errorf("%v; letter:\n%s\ncame back as:\n%s", err, line, third)
			}
		}
	})
}
