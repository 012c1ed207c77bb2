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
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

var (
	seed  = flag.Uint64("seed", 1, "seed of the generated patterns and events; 0 takes a new one")
	count = flag.Int("patterns", 2000, "number of generated patterns in the differential test")
)

// server is a real Elasticsearch.
type server struct {
	url string
	t   *testing.T
}

// call sends a request and decodes the answer; a refusal becomes {"error":…} in it.
func (s *server) call(method, path, contentType string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		if into == nil {
			return fmt.Errorf("%s %s: %d: %.500s", method, path, response.StatusCode, answer)
		}
		answer = fmt.Appendf(nil, `{"error":%q}`, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// must is call in the test's own goroutine.
func (s *server) must(method, path, contentType string, body []byte, into any) {
	s.t.Helper()
	if err := s.call(method, path, contentType, body, into); err != nil {
		s.t.Fatal(err)
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
	s.must(http.MethodPut, "/"+name, "application/json", body, nil)
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
	s.must(http.MethodPost, "/"+name+"/_bulk?refresh=true", "application/x-ndjson", lines.Bytes(), &answer)
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
	s.must(http.MethodPost, "/"+name+"/_msearch", "application/x-ndjson", lines.Bytes(), &answer)
	out := make([]hits, len(queries))
	for i, r := range answer.Responses {
		out[i].fault = string(r.Error)
		for _, h := range r.Hits.Hits {
			out[i].ids = append(out[i].ids, h.ID)
		}
	}
	return out
}

// esql runs queries of ES|QL, a few at a time.
func (s *server) esql(texts []string) []hits {
	out := make([]hits, len(texts))
	var group sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, text := range texts {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			out[i] = s.esqlOne(text)
		})
	}
	group.Wait()
	return out
}

func (s *server) esqlOne(text string) hits {
	body, err := json.Marshal(map[string]string{"query": text + " | KEEP _id | LIMIT 10000"})
	if err != nil {
		return hits{fault: err.Error()}
	}
	var answer struct {
		Error  string
		Values [][]string
	}
	if err := s.call(http.MethodPost, "/_query", "application/json", body, &answer); err != nil {
		return hits{fault: err.Error()}
	}
	h := hits{fault: answer.Error}
	for _, row := range answer.Values {
		id, err := strconv.Atoi(row[0])
		if err != nil {
			return hits{fault: err.Error()}
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
	mapping := query.DefaultMapping()
	g := newGenerator(number, mapping)
	whole := mapping.Table()
	part := mapping.Table() // an index that maps one field in four
	for i, field := range slices.Sorted(maps.Keys(part.Types)) {
		if i%4 != int(number%4) {
			delete(part.Types, field)
		}
	}
	for _, row := range []struct {
		name     string
		table    query.Table
		wider    bool
		patterns int
	}{
		{"exact", whole, false, *count},
		{"wider", whole, true, *count / 4},
		{"most fields unmapped", part, false, *count / 8},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := &differential{t: t, server: &server{s.url, t}, oracle: newOracle(mapping),
				exact: map[query.Language]int{}, reasons: map[string]int{}}
			d.index = fmt.Sprintf("query-differential-%x", rand.Uint64())
			for _, e := range g.events(300) {
				for field := range e {
					if row.table.Types[field] == "" && field != "@timestamp" {
						delete(e, field)
					}
				}
				d.events = append(d.events, e)
			}
			d.server.index(d.index, row.table, d.events)
			tr, err := query.New(query.Options{AllowWider: row.wider, AllowEmpty: true, Indices: []string{d.index}})
			if err != nil {
				t.Fatal(err)
			}
			for done := 0; done < row.patterns; done += 50 {
				d.batch(tr, g, 50)
			}
			d.report()
		})
	}
}

func (d *differential) report() {
	d.t.Logf("%d patterns, exact %v, hits %d", d.total, d.exact, d.hits)
	if !testing.Verbose() {
		return
	}
	for _, r := range slices.SortedFunc(maps.Keys(d.reasons), func(a, b string) int { return d.reasons[b] - d.reasons[a] }) {
		d.t.Logf("%5d %s", d.reasons[r], r)
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
	var texts, searches, pipes []string
	var queries []query.Query
	answers := map[string][]answer{}
	for range n {
		text := g.pattern()
		d.total++
		p := mustParse(text)
		for _, e := range d.events {
			answers[text] = append(answers[text], d.oracle.observation(p.Root, e))
		}
		set := tr.TranslateAll(p)
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
			if lang == query.ESQL {
				pipes = append(pipes, r.Query.Text)
			} else {
				searches = append(searches, wrap(r.Query))
			}
		}
	}
	found, piped := d.server.search(d.index, searches), d.server.esql(pipes)
	for i, q := range queries {
		from := &found
		if q.Language == query.ESQL {
			from = &piped
		}
		d.compare(texts[i], q, (*from)[0], answers[texts[i]])
		*from = (*from)[1:]
	}
}

func (d *differential) compare(text string, q query.Query, found hits, answers []answer) {
	if found.fault != "" {
		d.t.Errorf("%s\n%s refused: %s\n%.700s", text, q.Language, q.Text, found.fault)
		return
	}
	d.hits += len(found.ids)
	hit := make([]bool, len(d.events))
	for _, id := range found.ids {
		hit[id] = true
	}
	for i, e := range d.events {
		hit, a := hit[i], answers[i]
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
