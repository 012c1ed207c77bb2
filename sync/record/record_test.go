package record_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/record"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// text is an input that can be opened any number of times.
func text(name, content string) record.Input {
	return record.Input{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

// show returns what the inputs mean, a line a change, and the error at the end.
func show(t *testing.T, inputs ...record.Input) (lines []string, err error) {
	t.Helper()
	source := record.NewSource(inputs...).StartAt(sync.Position{Millis: 5000})
	for c, fault := range source.Changes(t.Context(), nil) {
		switch {
		case fault != nil:
			return lines, fault
		case c.Op == sync.Invalid:
			lines = append(lines, fmt.Sprintf("invalid %s %v", c.Position, c.Err))
		case c.Op == sync.Progress:
			lines = append(lines, fmt.Sprintf("progress commit %s", c.Commit.Position))
		default:
			lines = append(lines, fmt.Sprintf("%s %s %s v%d %s, commit %s", c.Op, c.Key, c.Position, c.Version>>20, c.Reason, c.Commit.Position))
		}
	}
	return lines, nil
}

func object(id string) string { return fmt.Sprintf(`{"type":"indicator","id":"indicator--%s"}`, id) }

func event(id, event, object string) string {
	return fmt.Sprintf(`{"id":%q,"event":%q,"x":[1],"data":{"version":"4","type":%q,"data":%s}}`, id, event, event, object)
}

func TestChanges(t *testing.T) {
	bundle := func(objects ...string) string {
		return `{"type":"bundle","id":"bundle--1","objects":[` + strings.Join(objects, ",") + `]}`
	}
	pretty := "{\n  \"type\": \"bundle\",\n  \"id\": \"bundle--1\",\n  \"objects\": [\n    " + object("a") + ",\n    {\"id\": 1},\n    " + object("b") + "\n  ]\n}\n"
	tests := []struct {
		name, input string
		want        []string
	}{
		{"events", event("7-0", "create", object("a")) + "\n" + event("7-1", "delete", object("a")) + "\n", []string{
			"upsert indicator--a 7-0 v7 created, commit 0-0",
			"delete indicator--a 7-1 v7 deleted, commit 7-0",
			"progress commit 7-1",
		}},
		{"a group of one id is committed as a whole", event("7-0", "create", object("a")) + "\n" + event("8-0", "create", object("b")) + "\n" + event("8-0", "update", object("c")), []string{
			"upsert indicator--a 7-0 v7 created, commit 0-0",
			"upsert indicator--b 8-0 v8 created, commit 7-0",
			"upsert indicator--c 8-0 v8 updated, commit 7-0",
			"progress commit 8-0",
		}},
		{"a merge", `{"id":"7-0","event":"merge","data":{"type":"merge","data":` + object("a") + `,"context":{"sources":[` + object("b") + `]}}}`, []string{
			"delete indicator--b 7-0 v7 merged away, commit 0-0",
			"upsert indicator--a 7-0 v7 other objects were merged into it, commit 0-0",
			"progress commit 7-0",
		}},
		{"heartbeats and unknown events carry nothing", `{"event":"connected","data":{"lastEventId":"1-0"}}` + "\n" + `{"id":"9-0","event":"heartbeat","data":"2026-11-23T15:12:11.690Z"}` + "\n" + event("7-0", "create", object("a")), []string{
			"upsert indicator--a 7-0 v7 created, commit 0-0", "progress commit 7-0",
		}},
		{"two recordings that overlap", event("7-0", "create", object("a")) + "\n" + event("8-0", "update", object("a")) + "\n" + event("7-0", "create", object("a")) + "\n" + event("9-0", "update", object("a")), []string{
			"upsert indicator--a 7-0 v7 created, commit 0-0",
			"upsert indicator--a 8-0 v8 updated, commit 7-0",
			"upsert indicator--a 7-0 v7 created, commit 7-0",
			"upsert indicator--a 9-0 v9 updated, commit 8-0",
			"progress commit 9-0",
		}},
		{"ids that are missing or no ids", event("7-0", "create", object("a")) + "\n" + event("", "update", object("a")) + "\n" + event("x", "update", object("a")), []string{
			"upsert indicator--a 7-0 v7 created, commit 0-0",
			"upsert indicator--a 7-1 v7 updated, commit 7-0",
			"upsert indicator--a 7-2 v7 updated, commit 7-1",
			"progress commit 7-2",
		}},
		{"an old event behind an object without a place", object("a") + "\n" + event("7-0", "delete", object("a")), []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0",
			"delete indicator--a 7-0 v5000 deleted, commit 5000-0",
			"progress commit 5000-1",
		}},
		{"data as text", `{"id":"7-0","event":"create","data":` + fmt.Sprintf("%q", `{"data":`+object("a")+`}`) + `}`, []string{
			"upsert indicator--a 7-0 v7 created, commit 0-0", "progress commit 7-0",
		}},
		{"an event around a bare object", `{"id":"7-0","event":"delete","data":` + object("a") + `}`, []string{
			"delete indicator--a 7-0 v7 deleted, commit 0-0", "progress commit 7-0",
		}},
		{"envelopes", `{"version":"4","type":"delete","data":` + object("a") + "}\n" + `{"version":"4","origin":{"referer":"init-create"},"data":` + object("b") + "}", []string{
			"delete indicator--a 5000-1 v5000 deleted, commit 5000-0",
			"upsert indicator--b 5000-2 v5000 recovered from the database, commit 5000-1",
			"progress commit 5000-2",
		}},
		{"objects, a byte order mark, blank lines, CRLF", "\uFEFF\r\n \n" + object("a") + "\r\n\r\n\t" + object("b") + "\r\n", []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0",
			"upsert indicator--b 5000-2 v5000 created, commit 5000-1",
			"progress commit 5000-2",
		}},
		{"an object with data of its own", `{"type":"x-file","id":"x-file--1","data":{"a":1}}`, []string{
			"upsert x-file--1 5000-1 v5000 created, commit 5000-0", "progress commit 5000-1",
		}},
		{"an object over several lines", "{\n\"type\":\"indicator\",\n\"id\":\"indicator--a\"\n}\n", []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0", "progress commit 5000-1",
		}},
		{"a bundle on one line", bundle(object("a"), object("b")), []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0",
			"upsert indicator--b 5000-2 v5000 created, commit 5000-1",
			"progress commit 5000-2",
		}},
		{"a bundle over several lines, with a fault in it", pretty, []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0",
			"invalid 5000-1 f:6: decode object: at /type (byte 0): want a STIX type, a non-empty text",
			"upsert indicator--b 5000-2 v5000 created, commit 5000-1",
			"progress commit 5000-2",
		}},
		{"bundles one after the other", bundle(object("a")) + "\n" + pretty + bundle(), []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0",
			"upsert indicator--a 5000-2 v5000 created, commit 5000-1",
			"invalid 5000-2 f:7: decode object: at /type (byte 0): want a STIX type, a non-empty text",
			"upsert indicator--b 5000-3 v5000 created, commit 5000-2",
			"progress commit 5000-3",
		}},
		{"bundles among lines", object("a") + "\n" + bundle(object("b"), `{}`) + "\n", []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0",
			"upsert indicator--b 5000-2 v5000 created, commit 5000-1",
			"invalid 5000-2 f:2: decode object: at /type (byte 0): want a STIX type, a non-empty text",
			"progress commit 5000-2",
		}},
		{"a bundle that names its objects first", `{"objects":[` + object("a") + `],"id":"bundle--1","type":"bundle"}`, []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0", "progress commit 5000-1",
		}},
		{"an answer of a TAXII server", `{"more":false,"objects":[` + object("a") + `]}`, []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0", "progress commit 5000-1",
		}},
		{"an array", "[" + object("a") + ",\n" + object("b") + "]", []string{
			"upsert indicator--a 5000-1 v5000 created, commit 5000-0",
			"upsert indicator--b 5000-2 v5000 created, commit 5000-1",
			"progress commit 5000-2",
		}},
		{"malformed lines", `{"id":"7-0","event":"crea` + "\n" + event("8-0", "create", object("a")) + "\nnonsense\n42\n" + `{"id":"9-0","event":"create","data":{"data":{}}}` + "\n" + `{"id":"9-1","event":"create"}`, []string{
			"invalid 0-0 f:1: decode object: at /event (byte 25): unexpected EOF",
			"upsert indicator--a 8-0 v8 created, commit 0-0",
			"invalid 8-0 f:3: decode object: at / (byte 1): invalid character 'o' in literal null (expecting 'u')",
			"invalid 8-0 f:4: decode object: at / (byte 0): want a JSON object",
			"invalid 9-0 f:5: decode envelope: at /data/type (byte 0): want a STIX type, a non-empty text",
			"invalid 9-1 f:6: the event has no data",
			"progress commit 9-1",
		}},
		{"dead letters", `{"time":"2026-11-23T00:00:00Z","sink":"index","reason":"mapping","op":"upsert","key":"indicator--a","position":"7-0","version":7340032,"object":` + object("a") + "}\n" +
			`{"op":"delete","key":"k","position":"8-0"}` + "\n" +
			`{"op":"invalid","reason":"cut","position":"9-0","raw":"{"}` + "\n" +
			`{"op":"invalid","reason":"old decoder","position":"9-1","raw":` + fmt.Sprintf("%q", `{"type":"update","data":`+object("b")+`}`) + "}\n" +
			`{"op":"explode"}`, []string{
			"upsert indicator--a 7-0 v7 , commit 0-0",
			"delete k 8-0 v8 , commit 7-0",
			"invalid 9-0 f:3: cut",
			"upsert indicator--b 9-1 v9 updated, commit 9-0",
			`invalid 9-1 f:5: dead letter: operation "explode": want upsert, delete or invalid`,
			"progress commit 9-1",
		}},
		{"what was unreadable when it was recorded", `{"id":"7-0","event":"invalid","data":"{"}`, []string{
			"invalid 7-0 f:1: the event was unreadable already when it was recorded", "progress commit 7-0",
		}},
		{"nothing", "\n\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := show(t, text("f", tt.input))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			var zipped bytes.Buffer
			z := gzip.NewWriter(&zipped)
			fmt.Fprint(z, tt.input)
			z.Close()
			if again, err := show(t, text("f", zipped.String())); err != nil || !cmp.Equal(got, again) {
				t.Errorf("compressed: got %q and %v, want the same", again, err)
			}
		})
	}
}

func TestInputsThatBreakOff(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprintln(z, event("7-0", "create", object("a")))
	z.Flush()
	cut := zipped.String() // the process that wrote it was killed here
	got, err := show(t, text("cut.gz", cut), text("broken.json", "[\n"+object("b")+",\n}"), text("good", event("9-0", "create", object("c"))))
	want := []string{
		"upsert indicator--a 7-0 v7 created, commit 0-0",
		"upsert indicator--b 7-1 v7 created, commit 7-0",
		"upsert indicator--c 9-0 v9 created, commit 7-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	for _, part := range []string{"read cut.gz: unexpected EOF", "read broken.json: line 2: "} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error: got %v, want %q in it", err, part)
		}
	}
}

func TestLongLines(t *testing.T) {
	long := event("7-0", "create", `{"type":"artifact","id":"artifact--1","payload_bin":"`+strings.Repeat("{[,", 1<<20)+`"}`)
	got, err := show(t, text("f", long+"\n"+event("8-0", "delete", object("a"))))
	want := []string{"upsert artifact--1 7-0 v7 created, commit 0-0", "delete indicator--a 8-0 v8 deleted, commit 7-0", "progress commit 8-0"}
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("got %v and %v, want %v", got, err, want)
	}
}

func TestSourceContract(t *testing.T) {
	var files []record.Input
	lines := 0
	for _, base := range []int{100, 110, 200} { // the second overlaps with the first
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintln(&b, event(fmt.Sprintf("%d-0", base+i/4), "update", object(fmt.Sprint(base, i%9))))
			if i%10 == 9 {
				fmt.Fprintf(&b, "%s\nnonsense\n", object("no place"))
				lines += 2
			}
			lines++
		}
		files = append(files, text(fmt.Sprint(base), b.String()))
	}
	source := record.NewSource(files...)
	synctest.TestSource(t, func(*testing.T) synctest.SourceHarness {
		return synctest.SourceHarness{Source: source, Changes: lines}
	})
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.ndjson")
	if err := os.WriteFile(path, []byte(object("a")), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a file can be read again
		n := 0
		for c, err := range source.Changes(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Op == sync.Upsert {
				n++
			}
		}
		if n != 1 {
			t.Errorf("got %d objects, want 1", n)
		}
	}
	// A file that grows while it is read is read as it was.
	n := 0
	for range source.Changes(t.Context(), nil) {
		if n++; n > 5 {
			t.Fatal("it reads what was added")
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(f, "\n%s\n", object("b"))
		f.Close()
	}
	_, err = record.Open(path, dir, filepath.Join(dir, "missing"))
	if err == nil || !strings.Contains(err.Error(), "is a directory") || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v, want both faults", err)
	}
	if _, err := record.Open(); err == nil {
		t.Error("no path: got no error")
	}
}

// TestRealBundles reads the bundles of shared data, if they are there.
func TestRealBundles(t *testing.T) {
	dir := os.Getenv("OPENCTI_ELASTIC_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "data", "stix-real", "bundles", "*"))
	if len(paths) == 0 {
		t.Skip("no shared data: set OPENCTI_ELASTIC_SHARED to its directory")
	}
	source, err := record.Open(paths...)
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]int)
	for c, err := range source.Changes(t.Context(), nil) {
		switch {
		case err != nil:
			t.Fatal(err)
		case c.Op == sync.Invalid:
			t.Errorf("invalid: %v", c.Err)
		case c.Op == sync.Upsert:
			types[c.Object.Type]++
		}
	}
	t.Logf("%d files: %v", len(paths), types)
	if types["indicator"] == 0 {
		t.Error("got no indicator")
	}
}
