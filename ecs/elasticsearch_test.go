package ecs_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// index is an index of a real Elasticsearch with our mapping, gone after the test.
type index struct {
	t         *testing.T
	url, name string
}

func newIndex(t *testing.T) *index {
	t.Helper()
	server := os.Getenv("ELASTICSEARCH_URL")
	if server == "" {
		t.Skip("ELASTICSEARCH_URL is not set: no Elasticsearch to try the documents on")
	}
	x := &index{t: t, url: strings.TrimRight(server, "/"), name: "ecs-test-" + strings.ToLower(rand.Text()[:12])}
	body := []byte(`{"settings":{"number_of_shards":1,"number_of_replicas":0,"refresh_interval":-1},"mappings":` + string(ecs.Mapping()) + `}`)
	x.call("PUT", "/"+x.name, body)
	t.Cleanup(func() { x.call("DELETE", "/"+x.name, nil) })
	return x
}

func (x *index) call(method, path string, body []byte) []byte {
	x.t.Helper()
	r, err := http.NewRequest(method, x.url+path, bytes.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		x.t.Fatalf("%s %s: %s %v: %.2000s", method, path, answer.Status, err, b)
	}
	return b
}

// bulk writes documents and returns why some were rejected.
type bulk struct {
	*index
	body     []byte
	n, total int
	rejected []string
}

func (b *bulk) add(doc []byte) {
	b.body = append(append(append(b.body, `{"index":{"_id":`...), at(doc, "event.id")...), "}}\n"...)
	line := jsontext.Value(doc).Clone()
	if err := line.Compact(); err != nil {
		b.t.Fatal(err)
	}
	b.body = append(append(b.body, line...), '\n')
	b.total++
	if b.n++; b.n >= 1000 || len(b.body) > 8<<20 {
		b.flush()
	}
}

func (b *bulk) flush() {
	if b.n == 0 {
		return
	}
	answer := stix.Value(b.call("POST", "/"+b.name+"/_bulk", b.body))
	for item := range answer.Member("items").Elements() {
		if e := item.Member("index").Member("error"); !e.Empty() {
			b.rejected = append(b.rejected, string(e))
		}
	}
	b.body, b.n = b.body[:0], 0
	b.call("POST", "/"+b.name+"/_refresh", nil)
}

// hits runs a query and returns the _source of each document found.
func (x *index) hits(query string) []jsontext.Value {
	x.t.Helper()
	var answer struct {
		Hits struct {
			Hits []struct {
				Source jsontext.Value `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	b := x.call("POST", "/"+x.name+"/_search", []byte(`{"size":1000,"query":`+query+`}`))
	if err := json.Unmarshal(b, &answer); err != nil {
		x.t.Fatal(err)
	}
	out := make([]jsontext.Value, len(answer.Hits.Hits))
	for i, h := range answer.Hits.Hits {
		out[i] = h.Source
	}
	return out
}

func TestElasticsearchTakesAll(t *testing.T) {
	b := &bulk{index: newIndex(t)}
	for _, g := range goldens(t) {
		b.add(g.document)
	}
	g, m := newGenerator(t, 1), newMapper(t)
	for range 20_000 {
		b.add(mapJSON(t, m, g.object(t)))
	}
	b.flush()
	for _, reason := range b.rejected {
		t.Errorf("rejected: %.500s", reason)
	}
	for _, doc := range b.hits(`{"exists":{"field":"_ignored"}}`) {
		t.Errorf("a field was ignored in %.3000s", doc)
	}
	t.Logf("%d documents", b.total)
}

func TestElasticsearchTakesHostile(t *testing.T) {
	b := &bulk{index: newIndex(t)}
	hostileDocuments(t, func(_ *stix.Object, doc []byte) { b.add(doc) })
	b.flush()
	for _, reason := range b.rejected {
		t.Errorf("rejected: %.500s", reason)
	}
	t.Logf("%d documents", b.total)
}
