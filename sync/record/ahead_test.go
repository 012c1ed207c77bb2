package record_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/record"
)

const marking = `{"type":"marking-definition","id":"marking-definition--m","name":"TLP:RED"}`

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestLearn: what a bundle refers to is known before its first object is handed on, wherever it stands, and
// however the bundle is read. A recorded stream is read once: it has its order.
func TestLearn(t *testing.T) {
	bundle := `{"type":"bundle","id":"bundle--1","objects":[` + object("a") + `,` + marking + `]}`
	for _, row := range []struct {
		name, input string
		known       bool // when the first indicator is handed on
	}{
		{"bundle", bundle, true},
		{"bundle with a byte order mark", "\uFEFF" + bundle, true},
		{"compressed", zipped(t, bundle), true},
		{"array over lines", "[\n" + object("a") + ",\n" + marking + "\n]\n", true},
		{"objects, one a line", "\n" + object("a") + "\n" + marking + "\n", true},
		{"a bundle a line", bundle + "\n" + bundle + "\n", true},
		{"recorded stream", event("7-0", "create", object("a")) + "\n" + event("7-1", "create", marking) + "\n", false},
		{"recorded stream in its order", event("7-0", "create", marking) + "\n" + event("7-1", "create", object("a")) + "\n", true},
		{"cut off behind the marking", strings.TrimSuffix(bundle, "]}"), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			temporary := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			file := filepath.Join(t.TempDir(), "input")
			if err := os.WriteFile(file, []byte(row.input), 0o600); err != nil {
				t.Fatal(err)
			}
			fromFile, err := record.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			for name, source := range map[string]*record.Source{"file": fromFile, "once": record.NewSource(record.Reader("once", strings.NewReader(row.input)))} {
				known, seen := false, 0
				source.Learn(func(o *stix.Object) { known = known || o.Type == "marking-definition" })
				for c, err := range source.Changes(t.Context(), nil) {
					if err != nil && !strings.HasPrefix(row.name, "cut off") {
						t.Fatal(err)
					}
					if c.Op == sync.Upsert && c.Object.Type == "indicator" {
						if seen++; seen == 1 && known != row.known {
							t.Errorf("%s: the marking is known: %v, want %v", name, known, row.known)
						}
					}
				}
				if seen == 0 {
					t.Errorf("%s: no object", name)
				}
			}
			if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
				t.Errorf("temporary files stay: %v %v", left, err)
			}
		})
	}
}

// TestLearnFromOtherFiles: files are learnt from before the first one is handed on.
func TestLearnFromOtherFiles(t *testing.T) {
	var order []string
	source := record.NewSource(text("indicators", object("a")), record.Reader("markings", strings.NewReader(marking)))
	source.Learn(func(o *stix.Object) { order = append(order, "learn "+o.Type) })
	for c, err := range source.Changes(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Op == sync.Upsert {
			order = append(order, c.Object.Type)
		}
	}
	want := []string{"learn marking-definition", "learn indicator", "indicator", "learn marking-definition", "marking-definition"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLearnLive: a recorded stream that is still being written is not waited for.
func TestLearnLive(t *testing.T) {
	r, w := io.Pipe()
	go func() { _, _ = io.WriteString(w, event("7-0", "create", object("a"))+"\n") }()
	source := record.NewSource(record.Reader("live", r)).Learn(func(*stix.Object) {})
	for c, err := range source.Changes(t.Context(), nil) {
		if err != nil || c.Key != "indicator--a" {
			t.Errorf("%+v, %v", c, err)
		}
		break
	}
}

// TestLearnInBoundedMemory has 60,000 objects between an indicator and its marking.
func TestLearnInBoundedMemory(t *testing.T) {
	bundle := func() io.Reader {
		first := strings.NewReader(`{"type":"bundle","id":"bundle--1","objects":[` + object("first"))
		filler := &repeated{n: 60_000, text: `,` + strings.Replace(object("x"), "}", `,"description":"`+strings.Repeat("d", 500)+`"}`, 1)}
		return io.MultiReader(first, filler, strings.NewReader(`,`+marking+`]}`))
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	known, n := false, 0
	source := record.NewSource(record.Reader("once", bundle())).Learn(func(o *stix.Object) { known = known || o.Type == "marking-definition" })
	for c, err := range source.Changes(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Key == "indicator--first" && !known {
			t.Error("the marking is not known in time")
		}
		if n++; n%20_000 == 0 {
			runtime.GC()
			if runtime.ReadMemStats(&now); now.HeapAlloc > before.HeapAlloc+8<<20 {
				t.Fatalf("%d bytes more after %d objects", now.HeapAlloc-before.HeapAlloc, n)
			}
		}
	}
	if n < 60_000 {
		t.Errorf("%d changes", n)
	}
}

// repeated is a text many times.
type repeated struct {
	n    int
	text string
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n, r.rest = r.n-1, r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// TestLearnFromPipe: a file that is a pipe can be opened once only.
func TestLearnFromPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	path := fmt.Sprintf("/dev/fd/%d", r.Fd())
	if _, err := os.Stat(path); err != nil {
		t.Skip("this system has no /dev/fd")
	}
	go func() {
		_, _ = io.WriteString(w, `[`+object("a")+`,`+marking+`]`)
		_ = w.Close()
	}()
	source, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for c, err := range source.Learn(func(*stix.Object) {}).Changes(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Op == sync.Upsert {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d objects, want 2", n)
	}
}
