package sync_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestFileCheckpoints(t *testing.T) {
	dir := t.TempDir()
	store := &sync.FileCheckpoints{Path: filepath.Join(dir, "state.json")}
	if got, err := store.Load(t.Context()); err != nil || len(got) != 0 {
		t.Fatalf("no file: got %v and %v, want nothing", got, err)
	}
	for _, want := range []map[string]sync.Checkpoint{
		{"index": {Position: at(1), Owed: sync.Position{Seq: 1}}, "rules \"x\"": {Position: sync.Position{Millis: 7, Seq: 9}, RecoverUntil: time.Date(2026, 11, 23, 15, 12, 0, 5, time.UTC)}},
		{"index": {}},
		{},
	} {
		if err := store.Save(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := (&sync.FileCheckpoints{Path: store.Path}).Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("checkpoints (-saved +loaded):\n%s", diff)
		}
	}
	entries, _ := os.ReadDir(dir)
	if info, err := os.Stat(store.Path); len(entries) != 1 || err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got files %v and mode %v, want one with 0600", entries, info.Mode())
	}
}

func TestFileCheckpointsSaveFails(t *testing.T) {
	dir := t.TempDir()
	store := &sync.FileCheckpoints{Path: filepath.Join(dir, "missing", "state.json")}
	if err := store.Save(t.Context(), nil); err == nil {
		t.Error("no directory: got no error")
	}
	store.Path = filepath.Join(dir, "d")
	if err := os.MkdirAll(filepath.Join(store.Path, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := store.Save(t.Context(), nil); err == nil {
		t.Error("a directory in the place of the file: got no error")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("a failed save left files behind: %v", entries)
	}
}

func TestDamagedCheckpoints(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"empty", "", "is damaged"},
		{"cut", `{"sinks":{"index":{"pos`, "is damaged"},
		{"another form", `{"index":"1-0"}`, `want a member "sinks"`},
		{"no position", `{"sinks":{"index":{"position":"yesterday"}}}`, `sink "index": stream position "yesterday"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := &sync.FileCheckpoints{Path: filepath.Join(t.TempDir(), "state.json")}
			if err := os.WriteFile(store.Path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			e := engine(t, sync.Options{Source: &startSource{}, Sinks: []sync.Sink{fake.NewMemory("index")}, Checkpoints: store})
			err := e.Run(t.Context())
			if _, ok := errors.AsType[*sync.StateError](err); !ok || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), store.Path) {
				t.Errorf("got %v, want a StateError that names the file and says %q", err, tt.want)
			}
		})
	}
}

func letters(n int) []sync.DeadLetter {
	var out []sync.DeadLetter
	for i := range n {
		c := fake.Upsert(i, at(i+1))
		c.Commit = sync.Checkpoint{}
		out = append(out, sync.DeadLetter{Time: time.Date(2026, 11, 23, 0, 0, i, 0, time.UTC), Sink: "index", Change: c, Reason: "mapping \"x\"\nline"})
	}
	return out
}

// plain compares letters by what must survive on the disk.
var plain = cmp.Options{
	cmp.Comparer(func(a, b *stix.Object) bool {
		return a == b || a != nil && b != nil && string(a.Raw()) == string(b.Raw())
	}),
	cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) }),
	cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Size" }, cmp.Ignore()),
}

func readLetters(t *testing.T, path string) (out []sync.DeadLetter, faults int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for l, err := range sync.ReadLetters(f) {
		if err != nil {
			faults++
			continue
		}
		out = append(out, l)
	}
	return out, faults
}

func TestFileDeadLetters(t *testing.T) {
	want := letters(3)
	want[1].Change.Op, want[1].Change.Object = sync.Delete, nil
	want = append(want,
		sync.DeadLetter{Time: want[0].Time, Reason: "broken", Change: sync.Change{Op: sync.Invalid, Position: at(4), Err: errors.New("broken"), Raw: []byte(`{"a":`)}},
		sync.DeadLetter{Time: want[0].Time, Reason: "binary", Change: sync.Change{Op: sync.Invalid, Err: errors.New("binary"), Raw: []byte("\xff\x00")}},
	)
	box := &sync.FileDeadLetters{Path: filepath.Join(t.TempDir(), "dead.ndjson")}
	for i, l := range want {
		if err := box.Put(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			if err := box.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, faults := readLetters(t, box.Path)
	if diff := cmp.Diff(want, got, plain); diff != "" || faults > 0 {
		t.Errorf("%d faults; letters (-put +read):\n%s", faults, diff)
	}
	if info, err := os.Stat(box.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v and %v, want 0600", info.Mode(), err)
	}
	if err := box.Close(); err != nil {
		t.Error(err)
	}
}

func TestFileDeadLettersAfterACrash(t *testing.T) {
	box := &sync.FileDeadLetters{Path: filepath.Join(t.TempDir(), "dead.ndjson")}
	line, err := sync.AppendLetter(nil, letters(1)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(box.Path, line[:len(line)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	want := letters(2)
	for _, l := range want {
		if err := box.Put(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	got, faults := readLetters(t, box.Path)
	if diff := cmp.Diff(want, got, plain); diff != "" || faults != 1 {
		t.Errorf("%d faults, want the cut line; letters (-put +read):\n%s", faults, diff)
	}
}

func TestFileDeadLettersAreBounded(t *testing.T) {
	box := &sync.FileDeadLetters{Path: filepath.Join(t.TempDir(), "dead.ndjson"), MaxBytes: 5000}
	all := letters(40)
	for _, l := range all {
		if err := box.Put(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	older, _ := readLetters(t, box.Path+".1")
	newer, _ := readLetters(t, box.Path)
	got := append(older, newer...)
	if diff := cmp.Diff(all[len(all)-len(got):], got, plain); diff != "" || len(got) < 4 {
		t.Errorf("kept letters, want the newest (-put +kept):\n%s", diff)
	}
	for _, path := range []string{box.Path, box.Path + ".1"} {
		if info, err := os.Stat(path); err != nil || info.Size() > 5000 {
			t.Errorf("%s: got %v bytes and %v, want at most 5000", filepath.Base(path), info.Size(), err)
		}
	}
}

func TestMemoryDeadLetters(t *testing.T) {
	box := &sync.MemoryDeadLetters{Max: 3}
	all := letters(5)
	for _, l := range all {
		if err := box.Put(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(all[2:], box.Letters(), plain); diff != "" || box.Total() != 5 {
		t.Errorf("total %d, want 5; letters (-want +got):\n%s", box.Total(), diff)
	}
}
