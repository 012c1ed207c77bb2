package elastic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func newFiles(t testing.TB, dir string) *elastic.Files {
	t.Helper()
	f, err := elastic.NewFiles(elastic.FilesOptions{Dir: dir, Mapper: newMapper(t, ecs.Options{}), DisableSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// load sends a file to a server as it is, and gives what the server then holds.
func load(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, elastic.DocumentsFile))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]int64)
	if len(b) == 0 {
		return out
	}
	s := newServer(t, elastictest.Options{})
	if err := newIndex(t, s, elastic.IndexOptions{}).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	res, err := s.Server.Client().Post(s.URL+"/_bulk", "application/x-ndjson", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		t.Fatalf("the server does not take the file: status %d", res.StatusCode)
	}
	out, err = held(s, elastic.DefaultIndex)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFilesConformance(t *testing.T) {
	synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
		dir := t.TempDir()
		return synctest.SinkHarness{Sink: newFiles(t, dir), Held: func(context.Context) (map[string]int64, error) { return load(t, dir), nil }}
	})
}

func TestFilesContinue(t *testing.T) {
	action := `{"index":{"_index":"x","_id":"a","version":1,"version_type":"external_gte"}}` + "\n"
	remove := `{"delete":{"_index":"x","_id":"b","version":1,"version_type":"external_gte"}}` + "\n"
	document := `{"@timestamp":"2026-01-01T00:00:00.000Z","x":"` + strings.Repeat("y", 100_000) + `"}` + "\n"
	for _, c := range []struct{ name, have, want string }{
		{name: "empty"},
		{name: "whole", have: action + document, want: action + document},
		{name: "ends with a delete", have: action + document + remove, want: action + document + remove},
		{name: "document torn", have: remove + action + document[:70_000], want: remove},
		{name: "document missing", have: remove + action, want: remove},
		{name: "action torn", have: action + document + action[:30], want: action + document},
		{name: "nothing but a torn action", have: action[:30]},
		{name: "nothing but a torn document", have: action + document[:99_000]},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, elastic.DocumentsFile)
			if err := os.WriteFile(path, []byte(c.have), 0o600); err != nil {
				t.Fatal(err)
			}
			f := newFiles(t, dir)
			mustWrite(t, f, upserts(2, 1)...)
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got[:min(len(got), len(c.want))])); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			lines := bytes.Split(bytes.TrimSuffix(got[len(c.want):], []byte{'\n'}), []byte{'\n'})
			if len(lines) != 4 {
				t.Fatalf("%d lines were added, want 4", len(lines))
			}
			for i, line := range lines {
				if !json.Valid(line) {
					t.Errorf("line %d is no JSON: %s", i, line)
				}
			}
		})
	}
}

func TestFilesAfterClose(t *testing.T) {
	f := newFiles(t, t.TempDir())
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(t.Context(), []sync.Change{upsert(indicator(1, ""), 1)}); err == nil {
		t.Error("a write after the end gave no error")
	}
	if err := f.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
}
