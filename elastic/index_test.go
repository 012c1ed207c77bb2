package elastic_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newServer starts a stand-in that is closed with the test.
func newServer(t testing.TB, o elastictest.Options) *elastictest.Elasticsearch {
	t.Helper()
	s := elastictest.NewElasticsearch(o)
	t.Cleanup(s.Close)
	return s
}

// newClient makes a client that is closed with the test.
func newClient(t testing.TB, url string) *elastic.Client {
	t.Helper()
	c, err := elastic.NewClient(elastic.Config{URLs: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newMapper(t testing.TB, o ecs.Options) *ecs.Mapper {
	t.Helper()
	m, err := ecs.NewMapper(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newIndex makes a sink on the server; the options' client and mapper are made if missing.
func newIndex(t testing.TB, s *elastictest.Elasticsearch, o elastic.IndexOptions) *elastic.Index {
	t.Helper()
	if o.Client == nil {
		o.Client = newClient(t, s.URL)
	}
	if o.Mapper == nil {
		o.Mapper = newMapper(t, ecs.Options{})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	x, err := elastic.NewIndex(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// held gives what a stand-in holds as the conformance suite wants it.
func held(s *elastictest.Elasticsearch, name string) func(context.Context) (map[string]int64, error) {
	return func(context.Context) (map[string]int64, error) {
		out := make(map[string]int64)
		for id, d := range s.Documents(name) {
			out[id] = d.Version
		}
		return out, nil
	}
}

func TestIndexConformance(t *testing.T) {
	for _, o := range []struct {
		name   string
		server elastictest.Options
		index  elastic.IndexOptions
	}{
		{name: "default"},
		{name: "server ignores filter_path", server: elastictest.Options{IgnoreFilterPath: true}},
		{name: "small requests", index: elastic.IndexOptions{MaxItems: 7, MaxBytes: 4096}},
		{name: "serverless", server: elastictest.Options{Serverless: true}, index: elastic.IndexOptions{Lookup: true}},
	} {
		t.Run(o.name, func(t *testing.T) {
			synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
				s := newServer(t, o.server)
				return synctest.SinkHarness{Sink: newIndex(t, s, o.index), Held: held(s, elastic.DefaultIndex)}
			})
		})
	}
}

// indicator is an indicator with a pattern of one address, the n-th of many.
func indicator(n int, more string) *stix.Object {
	o, err := stix.DecodeObject(fmt.Appendf(nil, `{"type":"indicator","id":"indicator--00000000-0000-4000-8000-%012d","spec_version":"2.1",`+
		`"created":"2026-11-23T15:12:20.100Z","modified":"2026-11-23T15:12:20.100Z","name":"n%d","pattern_type":"stix","valid_from":"2026-11-23T15:12:20.100Z",`+
		`"pattern":"[ipv4-addr:value = '198.51.%d.%d']"%s}`, n, n, n/256%256, n%256, more))
	if err != nil {
		panic(err)
	}
	return o
}

// upsert is a change of an object at a version.
func upsert(o *stix.Object, version int64) sync.Change {
	return sync.Change{Op: sync.Upsert, Key: o.Key(), Object: o, Version: version}
}

func upserts(n int, version int64) []sync.Change {
	out := make([]sync.Change, n)
	for i := range out {
		out[i] = upsert(indicator(i, ""), version)
	}
	return out
}

func outcomes(results []sync.Result) []sync.Outcome {
	out := make([]sync.Outcome, len(results))
	for i, r := range results {
		out[i] = r.Outcome
	}
	return out
}

func mustWrite(t testing.TB, sink sync.Sink, changes ...sync.Change) []sync.Result {
	t.Helper()
	results, err := sink.Write(t.Context(), changes)
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	return results
}

func TestWriteRemovesWhatHasNoPlace(t *testing.T) {
	past, future := `,"valid_until":"2020-01-01T00:00:00Z"`, `,"valid_until":"2099-01-01T00:00:00Z"`
	for _, c := range []struct {
		name    string
		options ecs.Options
		keep    bool
		object  string
		outcome sync.Outcome
		held    bool
	}{
		{name: "valid", object: future, outcome: sync.Done, held: true},
		{name: "expired", object: past, outcome: sync.Done},
		{name: "revoked", object: `,"revoked":true`, outcome: sync.Done},
		{name: "revoked but kept", object: `,"revoked":true`, options: ecs.Options{OnRevoke: ecs.MarkRevoked}, keep: true, outcome: sync.Done, held: true},
		{name: "filtered", object: `,"confidence":10`, options: ecs.Options{Filter: ecs.Filter{Confidence: 50}}, outcome: sync.Done},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, elastictest.Options{})
			x := newIndex(t, s, elastic.IndexOptions{Mapper: newMapper(t, c.options), KeepRevoked: c.keep})
			whole := newIndex(t, s, elastic.IndexOptions{})
			mustWrite(t, whole, upsert(indicator(1, ""), 5))
			got := mustWrite(t, x, upsert(indicator(1, c.object), 6))
			if diff := cmp.Diff([]sync.Outcome{c.outcome}, outcomes(got)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if n := s.Len(elastic.DefaultIndex); (n == 1) != c.held {
				t.Errorf("the index holds %d documents, want it there: %v", n, c.held)
			}
		})
	}
}

func TestWriteFaults(t *testing.T) {
	gateway := []byte("<html>502 Bad Gateway</html>")
	for _, c := range []struct {
		name  string
		fault elastictest.Fault
		class sync.Class
		after time.Duration
	}{
		{name: "503", fault: elastictest.Fault{Status: 503}, class: sync.Transient},
		{name: "502 of a proxy", fault: elastictest.Fault{Status: 502, Body: gateway}, class: sync.Transient},
		{name: "page of a proxy", fault: elastictest.Fault{Status: 200, Body: gateway}, class: sync.Transient},
		{name: "429 with seconds", fault: elastictest.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}}, class: sync.Transient, after: 7 * time.Second},
		{name: "408", fault: elastictest.Fault{Status: 408}, class: sync.Transient},
		{name: "reset", fault: elastictest.Fault{Reset: true}, class: sync.Transient},
		{name: "answer lost", fault: elastictest.Fault{ResetAfter: true}, class: sync.Transient},
		{name: "401", fault: elastictest.Fault{Status: 401}, class: sync.Blocked},
		{name: "403", fault: elastictest.Fault{Status: 403}, class: sync.Blocked},
		{name: "404 of something else", fault: elastictest.Fault{Status: 404, Body: []byte("not found")}, class: sync.Blocked},
		{name: "redirect", fault: elastictest.Fault{Status: 302, Body: []byte("moved")}, class: sync.Blocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, elastictest.Options{})
			x := newIndex(t, s, elastic.IndexOptions{})
			if err := x.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.fault.Match, c.fault.Times = elastictest.Bulk, 1
			s.Inject(c.fault)
			_, err := x.Write(t.Context(), upserts(3, 1))
			if err == nil {
				t.Fatal("no error")
			}
			if got := sync.Classify(err); got != c.class {
				t.Errorf("class of %v: got %d, want %d", err, got, c.class)
			}
			if got := sync.RetryAfter(err); got != c.after {
				t.Errorf("retry after %v, want %v", got, c.after)
			}
			mustWrite(t, x, upserts(3, 1)...)
			if n := s.Len(elastic.DefaultIndex); n != 3 {
				t.Errorf("%d documents after the retry, want 3", n)
			}
		})
	}
}

func TestWriteItemFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault elastictest.ItemFault
		want  sync.Outcome
		class sync.Class
	}{
		{name: "429", fault: elastictest.ItemFault{Status: 429, Type: "es_rejected_execution_exception"}, want: sync.Again, class: sync.Transient},
		{name: "503", fault: elastictest.ItemFault{Status: 503, Type: "unavailable_shards_exception"}, want: sync.Again, class: sync.Transient},
		{name: "rejected under another status", fault: elastictest.ItemFault{Status: 400, Type: "es_rejected_execution_exception"}, want: sync.Again},
		{name: "mapping", fault: elastictest.ItemFault{Status: 400, Type: "document_parsing_exception", Reason: "no"}, want: sync.Refused},
		{name: "conflict", fault: elastictest.ItemFault{Status: 409, Type: "version_conflict_engine_exception"}, want: sync.Superseded},
		{name: "no right", fault: elastictest.ItemFault{Status: 403, Type: "security_exception"}, want: sync.Again, class: sync.Blocked},
		{name: "flood stage", fault: elastictest.ItemFault{Status: 429, Type: "cluster_block_exception"}, want: sync.Again, class: sync.Transient},
		{name: "no answer", fault: elastictest.ItemFault{Status: 0}, want: sync.Again, class: sync.Transient},
		{name: "pipeline", fault: elastictest.ItemFault{Status: 400, Type: "illegal_argument_exception", Reason: "pipeline with id [x] does not exist"}, want: sync.Again, class: sync.Blocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, elastictest.Options{})
			x := newIndex(t, s, elastic.IndexOptions{})
			c.fault.Every = 2
			remove := s.Inject(elastictest.Fault{Match: elastictest.Bulk, Item: &c.fault})
			results := mustWrite(t, x, upserts(4, 1)...)
			want := []sync.Outcome{sync.Done, c.want, sync.Done, c.want}
			if diff := cmp.Diff(want, outcomes(results)); diff != "" {
				t.Fatalf("outcomes (-want +got):\n%s", diff)
			}
			if c.want == sync.Again && c.class != sync.Transient && sync.Classify(results[1].Err) != c.class {
				t.Errorf("class of %v: want %d", results[1].Err, c.class)
			}
			if n := s.Len(elastic.DefaultIndex); n != 2 {
				t.Errorf("%d documents, want 2", n)
			}
			remove()
		})
	}
}

func TestWriteSplitsWhatIsTooLarge(t *testing.T) {
	s := newServer(t, elastictest.Options{MaxBody: 200_000})
	x := newIndex(t, s, elastic.IndexOptions{})
	changes := make([]sync.Change, 40)
	for i := range changes {
		size := 10_000
		if i == 17 {
			size = 300_000
		}
		changes[i] = upsert(indicator(i, `,"description":"`+strings.Repeat("x", size)+`"`), 1)
	}
	results := mustWrite(t, x, changes...)
	for i, r := range results {
		if want := sync.Done; i == 17 {
			if r.Outcome != sync.Refused || !strings.Contains(r.Err.Error(), "larger than the server takes") {
				t.Errorf("change 17: got outcome %d, %v; want it refused", r.Outcome, r.Err)
			}
		} else if r.Outcome != want {
			t.Errorf("change %d: got outcome %d, %v", i, r.Outcome, r.Err)
		}
	}
	if n := s.Len(elastic.DefaultIndex); n != 39 {
		t.Errorf("%d documents, want 39", n)
	}
}

func TestWriteHonoursTheLimits(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	x := newIndex(t, s, elastic.IndexOptions{MaxItems: 9})
	mustWrite(t, x, upserts(100, 1)...)
	if st := s.Stats(); st.Largest != 9 || st.Requests["bulk"] != 12 || st.Requests["refresh"] != 0 {
		t.Errorf("largest request %d items in %d requests, %d refreshes; want 9, 12, 0", st.Largest, st.Requests["bulk"], st.Requests["refresh"])
	}
}

func TestIndexComesBack(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	x := newIndex(t, s, elastic.IndexOptions{})
	mustWrite(t, x, upserts(2, 1)...)
	s.DeleteIndex(elastic.DefaultIndex)
	results := mustWrite(t, x, upserts(2, 2)...)
	if diff := cmp.Diff([]sync.Outcome{sync.Again, sync.Again}, outcomes(results)); diff != "" {
		t.Fatalf("the index is gone: outcomes (-want +got):\n%s", diff)
	}
	results = mustWrite(t, x, upserts(2, 2)...)
	if diff := cmp.Diff([]sync.Outcome{sync.Done, sync.Done}, outcomes(results)); diff != "" {
		t.Fatalf("outcomes (-want +got):\n%s", diff)
	}
}

func TestHostileKeys(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	x := newIndex(t, s, elastic.IndexOptions{})
	var changes []sync.Change
	for i, key := range []string{"a\"}}\n{\"delete\":{\"_id\":\"b\"}}\n", "\u2028 \u0000", "../_bulk?x", strings.Repeat("k", 600), "\\", "é"} {
		c := upsert(indicator(i, ""), 1)
		c.Key = key
		changes = append(changes, c)
	}
	for i, r := range mustWrite(t, x, changes...) {
		if r.Outcome != sync.Done {
			t.Errorf("%q: outcome %d, %v", changes[i].Key, r.Outcome, r.Err)
		}
	}
	docs := s.Documents(elastic.DefaultIndex)
	if len(docs) != len(changes) {
		t.Errorf("%d documents, want %d", len(docs), len(changes))
	}
	for _, c := range changes {
		if _, there := docs[ecs.DocumentID(c.Key)]; !there {
			t.Errorf("%q is missing", c.Key)
		}
	}
}
