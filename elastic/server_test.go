package elastic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// realServer is a real Elasticsearch, from ELASTICSEARCH_URL.
type realServer struct {
	t   testing.TB
	url string
}

func newRealServer(t testing.TB) *realServer {
	t.Helper()
	url := os.Getenv("ELASTICSEARCH_URL")
	if url == "" {
		t.Skip("ELASTICSEARCH_URL is not set: no real Elasticsearch to test against")
	}
	return &realServer{t: t, url: strings.TrimRight(url, "/")}
}

// do sends a request and gives the answer's JSON; the status must be below 300 unless it is in allowed.
func (s *realServer) do(method, path, body string, allowed ...int) map[string]any {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.Contains(path, "_bulk") {
		req.Header.Set("Content-Type", "application/x-ndjson")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var out map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // versions are larger than what a float64 holds exactly
	_ = d.Decode(&out)
	if res.StatusCode < 300 {
		return out
	}
	for _, status := range allowed {
		if res.StatusCode == status {
			return out
		}
	}
	s.t.Fatalf("%s %s: status %d: %s", method, path, res.StatusCode, bytes.TrimSpace(b))
	return nil
}

// name gives an index name of its own, all traces of which go with the test.
func (s *realServer) name() string {
	s.t.Helper()
	name := "logs-ti_custom_opencti.test" + strings.ReplaceAll(uuid.NewString()[:13], "-", "")
	s.t.Cleanup(func() {
		s.do(http.MethodDelete, "/_data_stream/"+name, "", 404)
		s.do(http.MethodDelete, "/"+name, "", 404, 400)
		s.do(http.MethodDelete, "/_index_template/"+name, "", 404)
		s.do(http.MethodDelete, "/_component_template/"+name+"@package", "", 404)
		s.do(http.MethodDelete, "/_component_template/"+name+"@custom", "", 404)
		s.do(http.MethodDelete, "/_index_template/"+name+"-python", "", 404)
		http.DefaultClient.CloseIdleConnections()
	})
	return name
}

// search gives the hits of a query after a refresh, by _id.
func (s *realServer) search(index, query string) map[string]map[string]any {
	s.t.Helper()
	s.do(http.MethodPost, "/"+index+"/_refresh", "")
	out := s.do(http.MethodPost, "/"+index+"/_search", `{"size":10000,"version":true,"query":`+query+`}`)
	found := make(map[string]map[string]any)
	for _, h := range out["hits"].(map[string]any)["hits"].([]any) {
		hit := h.(map[string]any)
		id := hit["_id"].(string)
		if found[id] != nil {
			s.t.Errorf("%s is there twice", id)
		}
		found[id] = hit
	}
	return found
}

// held gives what the index holds as the conformance suite wants it. A data stream
// has the version in the document.
func (s *realServer) held(index string, inDocument bool) func(context.Context) (map[string]int64, error) {
	return func(context.Context) (map[string]int64, error) {
		out := make(map[string]int64)
		for id, hit := range s.search(index, `{"match_all":{}}`) {
			version := fmt.Sprint(hit["_version"])
			if inDocument {
				version = fmt.Sprint(hit["_source"].(map[string]any)["opencti"].(map[string]any)["version"])
			}
			n, err := strconv.ParseInt(version, 10, 64)
			if err != nil {
				return nil, err
			}
			out[id] = n
		}
		return out, nil
	}
}

func (s *realServer) index(name string, o elastic.IndexOptions) *elastic.Index {
	s.t.Helper()
	o.Client, o.Name = newClient(s.t, s.url), name
	return newIndex(s.t, nil, o)
}

func TestRealIndexConformance(t *testing.T) {
	newRealServer(t)
	synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
		s := newRealServer(t)
		name := s.name()
		return synctest.SinkHarness{Sink: s.index(name, elastic.IndexOptions{}), Held: s.held(name, false)}
	})
}

// pythonTemplate is how the Python connector maps its data stream, in what matters to us.
const pythonTemplate = `{"index_patterns":["%s"],"data_stream":{},"priority":500,"template":{"mappings":{"properties":{
 "@timestamp":{"type":"date"},"event":{"properties":{"kind":{"type":"keyword"},"module":{"type":"keyword"},"created":{"type":"date"}}},
 "threat":{"properties":{"indicator":{"properties":{"type":{"type":"keyword"},"name":{"type":"keyword"},"description":{"type":"text"},
  "confidence":{"type":"long"},"ip":{"type":"ip"},"reference":{"type":"keyword"},"url":{"properties":{"full":{"type":"keyword"},"port":{"type":"long"}}}}}}}}}}}`

// pythonStream makes a data stream as the Python connector leaves it.
func (s *realServer) pythonStream(name string) {
	s.t.Helper()
	s.do(http.MethodPut, "/_index_template/"+name+"-python", fmt.Sprintf(pythonTemplate, name))
	s.do(http.MethodPut, "/_data_stream/"+name, "")
}

func TestRealStreamConformance(t *testing.T) {
	newRealServer(t)
	synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
		s := newRealServer(t)
		name := s.name()
		s.pythonStream(name)
		return synctest.SinkHarness{Sink: s.index(name, elastic.IndexOptions{}), Held: s.held(name, true)}
	})
}

func TestRealTemplateOfMany(t *testing.T) {
	s := newRealServer(t)
	name := s.name()
	s.do(http.MethodPut, "/_component_template/"+name+"@custom", `{"template":{"mappings":{"properties":{"mine":{"type":"keyword"}}}}}`)
	x := s.index(name, elastic.IndexOptions{})
	for range 2 {
		if err := x.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := s.do(http.MethodGet, "/"+name+"/_mapping", "")[name].(map[string]any)["mappings"].(map[string]any)
	if got["properties"].(map[string]any)["mine"] == nil {
		t.Error("the custom component template has no effect")
	}
	if fmt.Sprint(got["dynamic"]) != "false" {
		t.Errorf("dynamic mapping is %v, want false", got["dynamic"])
	}
}
