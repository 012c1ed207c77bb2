package query_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

var (
	seed  = flag.Uint64("seed", 0, "seed of the generated patterns and events; 0 takes a new one")
	count = flag.Int("patterns", 1500, "number of generated patterns in the differential test")
)

// server is a real Elasticsearch.
type server struct {
	url string
	t   *testing.T
}

func (s *server) call(method, path, contentType string, body []byte, into any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode >= 300 && into != nil {
		if err := json.Unmarshal(fmt.Appendf(nil, `{"error":%q}`, answer), into); err == nil {
			return
		}
	}
	if response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %d: %.500s", method, path, response.StatusCode, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			s.t.Fatalf("%s %s: %v in %.500s", method, path, err, answer)
		}
	}
}

func newServer(t *testing.T) *server {
	url := os.Getenv("ELASTICSEARCH_URL")
	if url == "" {
		t.Skip("ELASTICSEARCH_URL is not set: no server to compare with")
	}
	return &server{strings.TrimSuffix(url, "/"), t}
}

// index creates an index that maps every field of the table, with the events in it.
func (s *server) index(name string, table query.Table, events []event) {
	properties := map[string]any{"@timestamp": map[string]any{"type": "date"}}
	for field, typ := range table.Types {
		properties[field] = map[string]any{"type": typ}
	}
	body, err := json.Marshal(map[string]any{
		"settings": map[string]any{"number_of_shards": 1, "number_of_replicas": 0, "index.mapping.total_fields.limit": 5000},
		"mappings": map[string]any{"dynamic": false, "properties": properties},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.call(http.MethodPut, "/"+name, "application/json", body, nil)
	s.t.Cleanup(func() {
		request, err := http.NewRequest(http.MethodDelete, s.url+"/"+name, nil)
		if err != nil {
			return
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
		}
	})
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for i, e := range events {
		fmt.Fprintf(&lines, `{"index":{"_id":"%d"}}`+"\n", i)
		if err := encoder.Encode(e); err != nil {
			s.t.Fatal(err)
		}
	}
	var answer struct{ Errors bool }
	s.call(http.MethodPost, "/"+name+"/_bulk?refresh=true", "application/x-ndjson", lines.Bytes(), &answer)
	if answer.Errors {
		s.t.Fatal("the server refused events")
	}
}

// hits is what a search found: the numbers of events.
type hits struct {
	ids   []int
	fault string
}

// search runs many queries of Query DSL at once.
func (s *server) search(name string, queries []string) []hits {
	var lines bytes.Buffer
	for _, q := range queries {
		fmt.Fprintf(&lines, "{}\n{\"size\":10000,\"_source\":false,\"query\":%s}\n", q)
	}
	var answer struct {
		Responses []struct {
			Error json.RawMessage
			Hits  struct {
				Hits []struct {
					ID int `json:"_id,string"`
				}
			}
		}
	}
	s.call(http.MethodPost, "/"+name+"/_msearch", "application/x-ndjson", lines.Bytes(), &answer)
	out := make([]hits, len(queries))
	for i, r := range answer.Responses {
		out[i].fault = string(r.Error)
		for _, h := range r.Hits.Hits {
			out[i].ids = append(out[i].ids, h.ID)
		}
	}
	return out
}

// esql runs a query of ES|QL.
func (s *server) esql(text string) hits {
	body, err := json.Marshal(map[string]string{"query": text + " | KEEP _id | LIMIT 10000"})
	if err != nil {
		s.t.Fatal(err)
	}
	var answer struct {
		Error  string
		Values [][]string
	}
	s.call(http.MethodPost, "/_query", "application/json", body, &answer)
	h := hits{fault: answer.Error}
	for _, row := range answer.Values {
		var id int
		if _, err := fmt.Sscan(row[0], &id); err != nil {
			s.t.Fatal(err)
		}
		h.ids = append(h.ids, id)
	}
	return h
}

// wrap makes a search of a query's text.
func wrap(q query.Query) string {
	text, err := json.Marshal(q.Text)
	if err != nil {
		return ""
	}
	switch q.Language {
	case query.KQL:
		return `{"kql":{"query":` + string(text) + `}}`
	case query.Lucene:
		return `{"query_string":{"query":` + string(text) + `,"analyze_wildcard":true}}`
	}
	return strings.TrimSuffix(strings.TrimPrefix(q.Text, `{"query":`), "}")
}

// TestDifferential compares what Elasticsearch finds with what the contract of
// the mapping says, for generated patterns and events.
func TestDifferential(t *testing.T) {
	s := newServer(t)
	number := *seed
	if number == 0 {
		number = rand.Uint64()
	}
	t.Logf("seed %d", number)
	name := fmt.Sprintf("query-differential-%x", rand.Uint64())
	mapping := query.DefaultMapping()
	g := newGenerator(number, mapping)
	events := g.events(400)
	s.index(name, mapping.Table(), events)
	for _, wider := range []bool{false, true} {
		tr, err := query.New(query.Options{AllowWider: wider, Indices: []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		d := &differential{t: t, server: s, index: name, oracle: newOracle(mapping), events: events,
			exact: map[query.Language]int{}, reasons: map[string]int{}}
		n := *count
		if wider {
			n /= 4
		}
		for done := 0; done < n; done += 50 {
			d.batch(tr, g, 50)
		}
		t.Logf("allow wider %t: %d patterns, exact %v, hits %d", wider, d.total, d.exact, d.hits)
		if testing.Verbose() {
			for _, r := range slices.SortedFunc(maps.Keys(d.reasons), func(a, b string) int { return d.reasons[b] - d.reasons[a] }) {
				t.Logf("%5d %s", d.reasons[r], r)
			}
		}
	}
}

// differential counts over the batches.
type differential struct {
	t       *testing.T
	server  *server
	index   string
	oracle  *oracle
	events  []event
	total   int
	hits    int
	exact   map[query.Language]int
	reasons map[string]int
}

func (d *differential) batch(tr *query.Translator, g *generator, n int) {
	var texts, searches []string
	var queries []query.Query
	for range n {
		text := g.pattern()
		d.total++
		set := tr.TranslateAll(mustParse(text))
		for lang, r := range set.All() {
			var lost *query.UntranslatableError
			switch {
			case errors.As(r.Err, &lost):
				d.reasons[string(lang)+": "+lost.Reason]++
				continue
			case r.Err != nil:
				d.t.Fatalf("%s: %v", text, r.Err)
			}
			if r.Query.Exact() {
				d.exact[lang]++
			}
			if lang == query.EQL {
				continue
			}
			texts, queries = append(texts, text), append(queries, r.Query)
			if lang != query.ESQL {
				searches = append(searches, wrap(r.Query))
			}
		}
	}
	found := d.server.search(d.index, searches)
	for i, q := range queries {
		if q.Language == query.ESQL {
			d.compare(texts[i], q, d.server.esql(q.Text))
			continue
		}
		d.compare(texts[i], q, found[0])
		found = found[1:]
	}
}

func (d *differential) compare(text string, q query.Query, found hits) {
	if found.fault != "" {
		d.t.Errorf("%s\n%s refused: %s\n%.700s", text, q.Language, q.Text, found.fault)
		return
	}
	d.hits += len(found.ids)
	p := mustParse(text)
	for i, e := range d.events {
		hit := slices.Contains(found.ids, i)
		a := d.oracle.observation(p.Root, e)
		if a.must && !hit || hit && !a.may && q.Exact() {
			one, err := json.Marshal(e)
			if err != nil {
				d.t.Fatal(err)
			}
			d.t.Errorf("%s\n%s: %s\nevent %s\nhit %t, must %t, may %t", text, q.Language, q.Text, one, hit, a.must, a.may)
			return
		}
	}
}
