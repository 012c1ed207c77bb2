package elastic_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// send sends a request to a stand-in, as another program would.
func send(t testing.TB, s *elastictest.Elasticsearch, method, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); res.StatusCode > 299 {
		t.Fatalf("%s %s: status %d: %s", method, path, res.StatusCode, b)
	}
}

// newPythonStream is a server on which the Python connector has run.
func newPythonStream(t testing.TB) *elastictest.Elasticsearch {
	t.Helper()
	s := newServer(t, elastictest.Options{})
	send(t, s, http.MethodPut, "/_index_template/logs-ti_custom_opencti", fmt.Sprintf(pythonTemplate, "logs-ti_custom_opencti.*"))
	send(t, s, http.MethodPut, "/_data_stream/"+elastic.DefaultIndex, "")
	return s
}

// heldInStream gives what a data stream holds: the version is in the document.
func heldInStream(s *elastictest.Elasticsearch) func(context.Context) (map[string]int64, error) {
	return func(context.Context) (map[string]int64, error) {
		out := make(map[string]int64)
		for id, d := range s.Documents(elastic.DefaultIndex) {
			var source struct {
				OpenCTI struct {
					Version int64 `json:"version,string"`
				} `json:"opencti"`
			}
			if err := json.Unmarshal(d.Source, &source); err != nil {
				return nil, err
			}
			out[id] = source.OpenCTI.Version
		}
		if n := s.Len(elastic.DefaultIndex); n != len(out) {
			return nil, fmt.Errorf("%d documents for %d objects: some are doubled", n, len(out))
		}
		return out, nil
	}
}

func TestStreamConformance(t *testing.T) {
	synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
		s := newPythonStream(t)
		return synctest.SinkHarness{Sink: newIndex(t, s, elastic.IndexOptions{}), Held: heldInStream(s)}
	})
}

// TestStreamConformanceBySearch: the server does not offer to read several documents directly.
func TestStreamConformanceBySearch(t *testing.T) {
	synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
		s := newPythonStream(t)
		s.Inject(elastictest.Fault{Match: elastictest.Operation("mget"), Status: 404, Body: []byte(`{"error":"not found"}`)})
		return synctest.SinkHarness{Sink: rolling{newIndex(t, s, elastic.IndexOptions{}), s}, Held: heldInStream(s)}
	})
}

// rolling rolls the data stream over before every write.
type rolling struct {
	sync.Sink
	server *elastictest.Elasticsearch
}

// Write implements [sync.Sink].
func (r rolling) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	if err := r.server.Rollover(elastic.DefaultIndex); err != nil {
		return nil, err
	}
	return r.Sink.Write(ctx, changes)
}

func TestStreamConformanceWithRollovers(t *testing.T) {
	synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
		s := newPythonStream(t)
		return synctest.SinkHarness{Sink: rolling{newIndex(t, s, elastic.IndexOptions{}), s}, Held: heldInStream(s)}
	})
}

func TestStreamTakesOverForeignDocuments(t *testing.T) {
	const base = "https://cti.example.org"
	s := newPythonStream(t)
	foreign := func(key, more string) string {
		sum := sha256.Sum256([]byte(key))
		return fmt.Sprintf(`{"@timestamp":"2026-01-01T00:00:00Z","event":{"module":"ti_opencti"},"opencti_doc_id":"%s","threat":{"indicator":{"confidence":80,"reference":"%s/dashboard/id/%s"}}%s}`,
			hex.EncodeToString(sum[:]), base, key, more)
	}
	first, second := indicator(1, ""), indicator(2, "")
	for range 2 {
		send(t, s, http.MethodPost, "/"+elastic.DefaultIndex+"/_doc", foreign(first.Key(), ""))
		send(t, s, http.MethodPost, "/"+elastic.DefaultIndex+"/_doc", foreign(second.Key(), ""))
		if err := s.Rollover(elastic.DefaultIndex); err != nil {
			t.Fatal(err)
		}
	}
	send(t, s, http.MethodPost, "/"+elastic.DefaultIndex+"/_doc", foreign("of-an-object-that-is-not-in-the-stream", ""))
	s.Refresh(elastic.DefaultIndex)
	x := newIndex(t, s, elastic.IndexOptions{ReferenceURL: base + "/"})
	results := mustWrite(t, x, upsert(first, 7), sync.Change{Op: sync.Delete, Key: second.Key(), Version: 8})
	if diff := cmp.Diff([]sync.Outcome{sync.Done, sync.Done}, outcomes(results)); diff != "" {
		t.Fatalf("outcomes (-want +got):\n%s", diff)
	}
	if n := s.Len(elastic.DefaultIndex); n != 2 {
		t.Errorf("%d documents, want ours and the one that belongs to nothing we saw", n)
	}
	if s.Documents(elastic.DefaultIndex)[first.Key()].Version == 0 {
		t.Error("our document is missing")
	}
}

// TestStreamFieldsOfAnotherType: the Python connector maps confidence to a number; our word
// would cost the document.
func TestStreamFieldsOfAnotherType(t *testing.T) {
	s := newPythonStream(t)
	mustWrite(t, newIndex(t, s, elastic.IndexOptions{}), upsert(indicator(1, `,"confidence":80`), 1))
	for _, d := range s.Documents(elastic.DefaultIndex) {
		if strings.Contains(string(d.Source), `"confidence":"High"`) || !strings.Contains(string(d.Source), `"confidence":80`) {
			t.Errorf("want the word left out and the number kept: %s", d.Source)
		}
	}
}

func TestStreamReplacesIndexMeanwhile(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	x := newIndex(t, s, elastic.IndexOptions{})
	mustWrite(t, x, upserts(1, 1)...)
	s.DeleteIndex(elastic.DefaultIndex)
	send(t, s, http.MethodDelete, "/_index_template/"+elastic.DefaultIndex, "")
	send(t, s, http.MethodPut, "/_index_template/logs-ti_custom_opencti", fmt.Sprintf(pythonTemplate, "logs-ti_custom_opencti.*"))
	send(t, s, http.MethodPut, "/_data_stream/"+elastic.DefaultIndex, "")
	if got := outcomes(mustWrite(t, x, upserts(1, 2)...)); got[0] != sync.Again {
		t.Fatalf("outcome %d, want Again", got[0])
	}
	if got := outcomes(mustWrite(t, x, upserts(1, 2)...)); got[0] != sync.Done {
		t.Fatalf("outcome %d, want Done", got[0])
	}
}

func TestTemplateThatMakesStreamsOnly(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	send(t, s, http.MethodPut, "/_index_template/logs-ti_custom_opencti", strings.Replace(fmt.Sprintf(pythonTemplate, "logs-ti_custom_opencti.*"), "500", "900", 1))
	x := newIndex(t, s, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{})})
	_, err := x.Write(t.Context(), upserts(1, 1))
	if sync.Classify(err) != sync.Blocked || !strings.Contains(err.Error(), "choose another index name") {
		t.Errorf("got %v, want an error that blocks and says what to do", err)
	}
}
