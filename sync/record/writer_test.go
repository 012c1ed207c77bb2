package record_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/record"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestWriter(t *testing.T) {
	for _, name := range []string{"a.ndjson", "a.ndjson.gz"} {
		path := filepath.Join(t.TempDir(), name)
		w, err := record.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []struct{ id, event, data string }{
			{"7-0", "create", `{"data":` + object("a\u2028") + `}`},
			{"7-1", "delete", "{\"data\":\n" + object("b") + "\r\n}"},
			{"", "update", "nonsense\nof \"two\" lines \xff"},
			{"9-0", "heartbeat", `"2026-11-23T15:12:11.690Z"`},
		} {
			if err := w.Event(e.id, e.event, []byte(e.data)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		// What was flushed is readable although the file was never closed.
		for range 2 {
			source, err := record.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for c, err := range source.Changes(t.Context(), nil) {
				if err != nil {
					break // the gzip is still open
				}
				if c.Op != sync.Progress {
					got = append(got, c.Op.String()+" "+c.Key+" "+c.Position.String())
				}
			}
			want := []string{"upsert indicator--a\u2028 7-0", "delete indicator--b 7-1", "invalid  7-1"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			w.Close()
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v and %v, want 0600", name, info.Mode(), err)
		}
	}
}

func TestCreateGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.ndjson")
	if err := os.WriteFile(path, []byte(event("7-0", "create", object("a"))+"\n"+`{"id":"7-1","ev`), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Event("8-0", "create", []byte(`{"data":`+object("b")+`}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	if got := strings.Count(string(b), "\n"); got != 3 {
		t.Errorf("got %d lines, want 3:\n%s", got, b)
	}
	if err := os.WriteFile(path+".gz", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := record.Create(path + ".gz"); err == nil || !strings.Contains(err.Error(), "name a new file") {
		t.Errorf("got %v, want a refusal", err)
	}
}

// TestChangesComeBack records changes and reads them again: they mean the same.
func TestChangesComeBack(t *testing.T) {
	o := synctest.Object(1, 1)
	pos := sync.Position{Millis: 7, Seq: 1}
	var want []sync.Change
	for _, c := range []sync.Change{
		{Op: sync.Upsert, Reason: sync.ReasonCreated},
		{Op: sync.Upsert, Reason: sync.ReasonUpdated},
		{Op: sync.Upsert, Reason: sync.ReasonEntered},
		{Op: sync.Upsert, Reason: sync.ReasonRecovered},
		{Op: sync.Upsert, Reason: sync.ReasonDependency},
		{Op: sync.Delete, Reason: sync.ReasonDeleted},
		{Op: sync.Delete, Reason: sync.ReasonLeft},
	} {
		pos.Seq++
		c.Key, c.Object, c.Position, c.Version = o.Key(), o, pos, pos.Version()
		want = append(want, c)
	}
	want[3].Version -= 1 << 20 // of another clock
	path := filepath.Join(t.TempDir(), "a.ndjson")
	w, err := record.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range want {
		if err := w.Change(c); err != nil {
			t.Fatal(err)
		}
	}
	// A delete that knows no object comes back with its key.
	if err := w.Change(sync.Change{Op: sync.Delete, Key: "k\"", Position: sync.Position{Millis: 8}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	source, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []sync.Change
	for c, err := range source.Changes(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Op != sync.Progress {
			c.Commit, c.Size = sync.Checkpoint{}, 0
			got = append(got, c)
		}
	}
	if last := got[len(got)-1]; last.Op != sync.Delete || last.Key != `k"` {
		t.Errorf("bare delete: got %s %s", last.Op, last.Key)
	}
	same := cmp.Comparer(func(a, b *stix.Object) bool { return string(a.Raw()) == string(b.Raw()) })
	if diff := cmp.Diff(want, got[:len(got)-1], same); diff != "" {
		t.Errorf("changes (-written +read):\n%s", diff)
	}
}

func FuzzChanges(f *testing.F) {
	f.Add([]byte(event("7-0", "create", object("a")) + "\n" + object("b")))
	f.Add([]byte(`{"type":"bundle","objects":[` + object("a") + `,{}]}`))
	f.Add([]byte("[\n" + object("a") + ",\n1]"))
	f.Add([]byte(`{"op":"invalid","reason":"r","raw":"{\"data\":{}}","position":"7-0"}`))
	f.Add([]byte("\uFEFF{\n"))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		var mark sync.Checkpoint
		for c, err := range record.NewSource(text("f", string(b))).Changes(t.Context(), nil) {
			if err != nil {
				break
			}
			if c.Commit.Position.Compare(mark.Position) < 0 {
				t.Errorf("commit %v is behind %v", c.Commit, mark)
			}
			if mark = c.Commit; c.Op == sync.Upsert && (c.Key == "" || c.Object == nil || c.Version == 0 && c.Position.Millis > 0) {
				t.Errorf("ill-formed change %+v", c)
			}
			n++
		}
		if n > 2*len(b)+1 {
			t.Errorf("%d changes from %d bytes", n, len(b))
		}
	})
}
