package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// golden compares with a file below testdata, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestConvertQueries(t *testing.T) {
	in := strings.Join([]string{
		`{"id":1,"pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix","spec_version":"2.1"}`,
		`{"id":"two","pattern":"[file:name = 'a' OR mutex:name = 'm']"}`,
		``,
		`{"id":3,"pattern":"[ipv4-addr:value = ]"}`,
		`{"id":4,"pattern":"process.name: \"x\"","pattern_type":"kql"}`,
		`{"id":5,"pattern":"any where (","pattern_type":"eql"}`,
		`{"id":6,"pattern":"rule x {}","pattern_type":"yara"}`,
		`{"id":7}`,
		`{"id":8,`,
		`[domain-name:value = 'evil.example'] FOLLOWEDBY [file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'] WITHIN 300 SECONDS`,
		`{"id":9,"pattern":"[mutex:name = 'm']"}`,
		`{"id":10,"pattern":"[url:value = 'http://x/'] START '2026-01-01T00:00:00Z' STOP '2026-02-01T00:00:00Z'","spec_version":"2.0"}`,
	}, "\n")
	stdout, stderr, code := execute(t, nil, in, "convert", "queries")
	if code != exitDone || stderr != "" {
		t.Errorf("code %d, said %q", code, stderr)
	}
	golden(t, "queries.ndjson", stdout)

	stdout, _, code = execute(t, nil, "", "convert", "queries", "[a:b = 1]", "[x")
	if n := strings.Count(stdout, "\n"); n != 2 || code != exitDone {
		t.Errorf("patterns as arguments: %d lines, code %d", n, code)
	}
}

const bundle = `{"type":"bundle","id":"bundle--1","objects":[
 {"type":"identity","id":"identity--1","name":"ACME","identity_class":"organization"},
 {"type":"indicator","id":"indicator--1","created":"2026-11-01T00:00:00Z","modified":"2026-11-01T00:00:00Z","created_by_ref":"identity--1","name":"bad host","pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z","valid_until":"2100-01-01T00:00:00Z"},
 {"type":"indicator","id":"indicator--2","created":"2026-11-01T00:00:00Z","modified":"2026-11-01T00:00:00Z","name":"old","pattern":"[ipv4-addr:value = '198.51.100.8']","pattern_type":"stix","valid_from":"2020-11-01T00:00:00Z","valid_until":"2021-01-01T00:00:00Z"},
 {"type":"ipv4-addr","id":"ipv4-addr--1","value":"203.0.113.9"},
 {"type":"relationship","id":"relationship--1"}
]}`

func TestConvertDocuments(t *testing.T) {
	stdout, stderr, code := execute(t, nil, bundle, "convert", "documents")
	if code != exitDone {
		t.Fatalf("code %d: %s", code, stderr)
	}
	var ids []string
	for line := range strings.Lines(stdout) {
		_, rest, _ := strings.Cut(line, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		ids = append(ids, id)
		if id == "indicator--1" && !strings.Contains(line, `"provider":"ACME"`) {
			t.Errorf("the author's name is missing: %s", line)
		}
	}
	if diff := cmp.Diff([]string{"indicator--1", "ipv4-addr--1"}, ids); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	for _, want := range []string{"1 × indicator: expired", "relationship", "identity"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("nothing on %q in:\n%s", want, stderr)
		}
	}
}

func TestConvertRules(t *testing.T) {
	stdout, stderr, code := execute(t, nil, bundle, "convert", "rules")
	if code != exitDone || strings.Count(stdout, "\n") != 1 || !strings.Contains(stdout, `"type":"query"`) || !strings.Contains(stderr, "valid until") {
		t.Errorf("code %d\n%s\n%s", code, stdout, stderr)
	}
}

// TestNothingReadable: what is no STIX ends with a fault that says what it looks like, and a file beside it is converted all the same.
func TestNothingReadable(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.json")
	if err := os.WriteFile(good, []byte(bundle), 0o600); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "page.json")
	if err := os.WriteFile(page, []byte("<!DOCTYPE html><html>sign in</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"convert documents", "convert rules", "replay --out " + t.TempDir()} {
		args := strings.Fields(command)
		environ := []string{"ELASTIC_SECURITY_DEAD_LETTERS=-"}
		if stdout, stderr, code := execute(t, environ, "", append(args, page)...); code != exitFailure || !strings.Contains(stderr, "it looks like an HTML page") {
			t.Errorf("%s: code %d\n%s%s", command, code, stdout, stderr)
		}
		if stdout, stderr, code := execute(t, environ, "", append(args, page, good)...); code != exitFailure || args[0] == "convert" && !strings.Contains(stdout, "198.51.100.7") {
			t.Errorf("%s with a good file: code %d\n%s%s", command, code, stdout, stderr)
		}
	}
}

// TestMarkingsInBundles: a ceiling of markings holds wherever a bundle has the marking, and whatever form it has.
func TestMarkingsInBundles(t *testing.T) {
	const indicator = `{"type":"indicator","id":"indicator--1","name":"n","pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z","created_by_ref":"identity--1","object_marking_refs":["marking-definition--99999999-9999-4999-8999-999999999999"]}`
	const author = `{"type":"identity","id":"identity--1","name":"ACME"}`
	for _, row := range []struct{ name, marking, reason string }{
		{"name", `"name":"TLP:AMBER"`, "TLP:AMBER is above CLEAR"},
		{"statement of OpenCTI", `"definition_type":"statement","x_opencti_definition_type":"TLP","x_opencti_definition":"TLP:RED"`, "TLP:RED is above CLEAR"},
		{"STIX 2.0", `"definition_type":"tlp","definition":{"tlp":"TLP:RED"}`, "TLP:RED is above CLEAR"},
		{"lower case", `"definition_type":"TLP","definition":"tlp:amber+strict"`, "TLP:AMBER+STRICT is above CLEAR"},
		{"absent", ``, "nothing is known of its marking marking-definition--99999999-9999-4999-8999-999999999999"},
		{"below", `"name":"TLP:CLEAR"`, ""},
		{"another kind", `"name":"PAP:RED","definition_type":"PAP"`, ""},
	} {
		marking := `{"type":"marking-definition","id":"marking-definition--99999999-9999-4999-8999-999999999999",` + row.marking + `}`
		if row.marking == "" {
			marking = author
		}
		for place, objects := range map[string][]string{"before": {marking, author, indicator}, "behind": {indicator, author, marking}} {
			for _, what := range []string{"documents", "rules"} {
				t.Run(row.name+" "+place+" "+what, func(t *testing.T) {
					in := `{"type":"bundle","id":"bundle--1","objects":[` + strings.Join(objects, ",") + `]}`
					stdout, stderr, code := execute(t, []string{"ELASTIC_SECURITY_MAX_TLP=CLEAR"}, in, "convert", what)
					if left := strings.Count(stdout, "\n") == 0; code != exitDone || left != (row.reason != "") || !strings.Contains(stderr, row.reason) {
						t.Errorf("code %d, want %q:\n%s%s", code, row.reason, stdout, stderr)
					}
					if row.reason == "" && !strings.Contains(stdout, "ACME") {
						t.Errorf("the author is not named:\n%s", stdout)
					}
				})
			}
		}
	}
}

func TestConvertQueriesWithByteOrderMarks(t *testing.T) {
	stdout, stderr, code := execute(t, nil, "\ufeff\n\ufeff[mutex:name = 'm']\n\ufeff{\"pattern\":\"[mutex:name = 'm']\"}\n", "convert", "queries")
	if n := strings.Count(stdout, `"valid":true`); n != 2 || strings.Count(stdout, "\n") != 2 || code != exitDone {
		t.Errorf("code %d, %d valid, want 2 lines, both valid:\n%s%s", code, n, stdout, stderr)
	}
}

// TestInputEndsWithItsContext interrupts commands that wait for a standard input that never ends.
func TestInputEndsWithItsContext(t *testing.T) {
	for _, args := range []string{"convert queries", "convert documents", "convert rules", "replay --out " + t.TempDir() + " -"} {
		t.Run(args, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, w := io.Pipe()
			defer w.Close()
			ended := make(chan int, 1)
			var out, errs bytes.Buffer
			go func() {
				ended <- app{&input{ctx: ctx, from: r}, &out, &errs, []string{"ELASTIC_SECURITY_DEAD_LETTERS=-"}}.main(ctx, strings.Fields(args))
			}()
			if _, err := io.WriteString(w, "\n"); err != nil { // returns when it is read
				t.Fatal(err)
			}
			cancel()
			if code := <-ended; code != exitDone {
				t.Errorf("code %d, want %d:\n%s", code, exitDone, &errs)
			}
		})
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	s, err := newStage(openctitest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	dir := t.TempDir()
	bundleFile, out := filepath.Join(dir, "bundle.json.gz"), filepath.Join(dir, "out")
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte(bundle))
	w.Close()
	if err := os.WriteFile(bundleFile, zipped.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := execute(t, s.environ, "", "replay", bundleFile); code != exitDone {
		t.Fatalf("code %d: %s", code, stderr)
	}
	if n := s.elasticsearch.Len(s.config.Elastic.IndexName); n != 2 {
		t.Errorf("%d documents, want 2", n)
	}
	if n := len(s.kibana.Rules("")); n != 1 {
		t.Errorf("%d rules, want 1", n)
	}

	// The same to files, from the standard input; malformed lines are counted and the rest goes on.
	in := `{"id":"1795446740123-0","event":"create","data":{"data":{"type":"ipv4-addr","id":"ipv4-addr--7","value":"203.0.113.7"}}}` + "\nnot json\n" +
		`{"id":"1795446740124-0","event":"create","data":{"data":{"type":"ipv4-addr","id":"ipv4-addr--8","value":"203.0.113.8"}}}` + "\n" +
		`{"id":"1795446740125-0","event":"delete","data":{"data":{"type":"ipv4-addr","id":"ipv4-addr--7","value":"203.0.113.7"}}}` + "\n"
	_, stderr, code := execute(t, []string{"ELASTIC_SECURITY_DEAD_LETTERS=-"}, in, "replay", "--out", out, "-")
	if code != exitDone || !strings.Contains(stderr, "standard input:2") {
		t.Errorf("code %d, want the malformed line named:\n%s", code, stderr)
	}
	documents, err := os.ReadFile(filepath.Join(out, "documents.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	es := elastictest.NewElasticsearch(elastictest.Options{})
	defer es.Close()
	body, err := os.ReadFile(filepath.Join(out, elastic.IndexFile))
	if err != nil {
		t.Fatal(err)
	}
	put(t, es.URL+"/"+s.config.Elastic.IndexName, body)
	post(t, es.URL+"/_bulk", documents)
	if n := es.Len(s.config.Elastic.IndexName); n != 1 {
		t.Errorf("%d documents after _bulk, want 1", n)
	}
}

func unzipped(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecordAndReplay(t *testing.T) {
	t.Parallel()
	s, err := newStage(openctitest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	file := filepath.Join(t.TempDir(), "stream.ndjson.gz")
	history := openctitest.History(5, 500)
	s.opencti.Append(history...)
	// How long it takes depends on what else the machine does.
	for _, long := range []string{"3s", "10s", "60s"} {
		if _, stderr, code := execute(t, s.environ, "", "record", "--out", file, "--for", long); code != exitDone {
			t.Fatalf("code %d: %s", code, stderr)
		}
		if strings.Contains(unzipped(t, file), `"`+s.opencti.Last().String()+`"`) {
			break
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if _, stderr, code := execute(t, s.environ, "", "replay", file); code != exitDone {
		t.Fatalf("code %d: %s", code, stderr)
	}
	if v := s.judge(history); len(v.Faults) > 0 {
		t.Errorf("%d faults, the first: %s", len(v.Faults), v.Faults[0])
	}
}

func TestRulesCommands(t *testing.T) {
	s, err := newStage(openctitest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	t.Chdir(t.TempDir())
	stdout, stderr, code := execute(t, s.environ, "", "rules", "adopt", "--dry-run")
	if code != exitDone || !strings.Contains(stdout, "0 rules of the Python connector found") {
		t.Errorf("adopt: code %d\n%s%s", code, stdout, stderr)
	}
	url := os.Getenv("ELASTICSEARCH_URL")
	if url == "" {
		t.Skip("rules preview asks a real Elasticsearch: ELASTICSEARCH_URL is not set")
	}
	stdout, stderr, code = execute(t, append(s.environ, "ELASTIC_SECURITY_API_KEY=", "ELASTIC_SECURITY_URL="+url), bundle, "rules", "preview")
	if code != exitDone || !strings.Contains(stdout, "0 ") || !strings.Contains(stdout, "bad host") {
		t.Errorf("preview: code %d\n%s%s", code, stdout, stderr)
	}
}
