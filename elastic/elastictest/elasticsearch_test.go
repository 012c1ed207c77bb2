package elastictest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
)

// server is a stand-in with an index "i" of a small mapping.
func server(t testing.TB, o elastictest.Options) *elastictest.Elasticsearch {
	t.Helper()
	s := elastictest.NewElasticsearch(o)
	t.Cleanup(s.Close)
	do(t, s, "PUT", "/i", `{"settings":{"refresh_interval":"-1"},"mappings":{"dynamic":false,"properties":{"k":{"type":"keyword"},"n":{"type":"long"},"ip":{"type":"ip"},"d":{"type":"date"},"r":{"type":"ip_range"},"o":{"properties":{"x":{"type":"keyword"}}},"u":{"type":"wildcard","fields":{"text":{"type":"match_only_text"}}}}}}`)
	return s
}

// do sends a request and gives status and answer.
func do(t testing.TB, s *elastictest.Elasticsearch, method, path, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Server.Client().Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// ids gives the _ids of a search's hits, in order.
func ids(t testing.TB, s *elastictest.Elasticsearch, body string) []string {
	t.Helper()
	status, b := do(t, s, "POST", "/i/_search", body)
	var answer struct {
		Hits struct {
			Hits []struct {
				ID string `json:"_id"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal([]byte(b), &answer); err != nil || status != 200 {
		t.Fatalf("search %s: status %d: %s", body, status, b)
	}
	out := []string{}
	for _, h := range answer.Hits.Hits {
		out = append(out, h.ID)
	}
	return out
}

func TestSearch(t *testing.T) {
	s := server(t, elastictest.Options{})
	do(t, s, "POST", "/i/_bulk", `{"index":{"_id":"a"}}`+"\n"+`{"k":"x","n":1,"ip":"10.0.0.1","d":"2026-11-01","u":"http://A/b"}`+"\n"+
		`{"index":{"_id":"b"}}`+"\n"+`{"k":["x","y"],"n":2,"ip":"::ffff:10.0.0.2","d":"2026-11-02T00:00:00Z","o":{"x":"deep"}}`+"\n"+
		`{"index":{"_id":"c"}}`+"\n"+`{"k":"z","d":1791072000000,"r":"192.0.2.0/24","unmapped":"x"}`+"\n")
	if got := ids(t, s, `{}`); len(got) != 0 {
		t.Fatalf("before a refresh: %v", got)
	}
	do(t, s, "POST", "/i/_refresh", "")
	for _, c := range []struct{ query, want string }{
		{`{"match_all":{}}`, "a b c"},
		{`{"match_none":{}}`, ""},
		{`{"term":{"k":"x"}}`, "a b"},
		{`{"term":{"k":{"value":"y"}}}`, "b"},
		{`{"terms":{"k":["y","z"]}}`, "b c"},
		{`{"term":{"ip":"10.0.0.2"}}`, "b"},
		{`{"term":{"ip":"10.0.0.0/8"}}`, "a b"},
		{`{"term":{"r":"192.0.2.77"}}`, "c"},
		{`{"term":{"o.x":"deep"}}`, "b"},
		{`{"exists":{"field":"o"}}`, "b"},
		{`{"exists":{"field":"unmapped"}}`, ""},
		{`{"term":{"unmapped":"x"}}`, ""},
		{`{"range":{"n":{"gt":1}}}`, "b"},
		{`{"range":{"d":{"gte":"2026-11-01T12:00:00Z","lt":"now+20000d"}}}`, "b"},
		{`{"ids":{"values":["c","q"]}}`, "c"},
		{`{"prefix":{"u":"http://A"}}`, "a"},
		{`{"wildcard":{"u":"*://A/*"}}`, "a"},
		{`{"bool":{"filter":[{"term":{"k":"x"}}],"must_not":{"term":{"n":1}}}}`, "b"},
		{`{"bool":{"should":[{"term":{"n":1}},{"term":{"k":"z"}}]}}`, "a c"},
		{`{"bool":{"must":[{"match_all":{}}],"should":[{"term":{"n":1}}],"minimum_should_match":1}}`, "a"},
	} {
		if diff := cmp.Diff(strings.Fields(c.want), ids(t, s, `{"query":`+c.query+`,"sort":["_doc"]}`)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, diff)
		}
	}
	for body, want := range map[string]string{
		`{"sort":[{"n":{"order":"desc"}}],"size":2}`:                             "b a",
		`{"sort":[{"d":"asc"}],"size":1}`:                                        "c",
		`{"sort":["n"],"search_after":[1]}`:                                      "b c",
		`{"sort":["n"],"from":1,"size":1}`:                                       "b",
		`{"sort":["d"],"search_after":[1791072000000],"query":{"match_all":{}}}`: "a b",
	} {
		if diff := cmp.Diff(strings.Fields(want), ids(t, s, body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	if _, b := do(t, s, "POST", "/i/_search", `{"_source":["o.x"],"query":{"term":{"_id":"b"}},"version":true,"seq_no_primary_term":true}`); !strings.Contains(b, `"_source":{"o":{"x":"deep"}}`) || !strings.Contains(b, `"_version":1`) || !strings.Contains(b, `"_seq_no":1`) {
		t.Errorf("got %s", b)
	}
	if _, b := do(t, s, "POST", "/i/_count", `{"query":{"term":{"k":"x"}}}`); !strings.Contains(b, `"count":2`) {
		t.Errorf("got %s", b)
	}
	if _, b := do(t, s, "POST", "/_mget", `{"docs":[{"_index":"i","_id":"a","_source":false},{"_index":"i","_id":"q"},{"_index":"none","_id":"a"}]}`); strings.Count(b, `"found":true`) != 1 || strings.Count(b, `"found":false`) != 1 || !strings.Contains(b, "index_not_found") {
		t.Errorf("got %s", b)
	}
}

func TestFaults(t *testing.T) {
	const line = `{"index":{"_id":"a"}}` + "\n{}\n" + `{"index":{"_id":"b"}}` + "\n{}\n"
	for _, c := range []struct {
		name  string
		fault elastictest.Fault
		want  []int // the statuses of four bulk requests; 0: no answer
		held  int
	}{
		{name: "every second", fault: elastictest.Fault{Match: elastictest.Bulk, Every: 2, Status: 429}, want: []int{200, 429, 200, 429}, held: 2},
		{name: "three times", fault: elastictest.Fault{Match: elastictest.Bulk, Times: 3, Status: 503}, want: []int{503, 503, 503, 200}, held: 2},
		{name: "cut", fault: elastictest.Fault{Match: elastictest.Bulk, Reset: true}, want: []int{0, 0, 0, 0}},
		{name: "answer lost", fault: elastictest.Fault{Match: elastictest.Bulk, ResetAfter: true}, want: []int{0, 0, 0, 0}, held: 2},
		{name: "items", fault: elastictest.Fault{Match: elastictest.Bulk, Item: &elastictest.ItemFault{ID: "a", Status: 429, Type: "es_rejected_execution_exception"}}, want: []int{200, 200, 200, 200}, held: 1},
		{name: "something else", fault: elastictest.Fault{Match: elastictest.Operation("search"), Status: 500}, want: []int{200, 200, 200, 200}, held: 2},
		{name: "late", fault: elastictest.Fault{Match: elastictest.Bulk, Delay: time.Millisecond}, want: []int{200, 200, 200, 200}, held: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := server(t, elastictest.Options{})
			remove := s.Inject(c.fault)
			var got []int
			for range c.want {
				status, _ := do(t, s, "POST", "/i/_bulk", line)
				got = append(got, status)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := s.Len("i"); n != c.held {
				t.Errorf("%d documents, want %d", n, c.held)
			}
			remove()
			if status, _ := do(t, s, "POST", "/i/_bulk", line); status != 200 {
				t.Errorf("status %d once the fault is removed", status)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	s := server(t, elastictest.Options{MaxBody: 1000})
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, `{"index":{"_id":"z"}}`+"\n{}\n")
	_ = w.Close()
	for _, c := range []struct {
		name, body string
		header     []string
		want       int
	}{
		{name: "gzip", body: packed.String(), header: []string{"Content-Encoding", "gzip"}, want: 200},
		{name: "not gzip", body: "x", header: []string{"Content-Encoding", "gzip"}, want: 400},
		{name: "too large", body: strings.Repeat("x", 1001), want: 413},
		{name: "type", body: "x\n", header: []string{"Content-Type", "text/plain"}, want: 406},
	} {
		if status, b := do(t, s, "POST", "/i/_bulk", c.body, c.header...); status != c.want {
			t.Errorf("%s: status %d, want %d: %s", c.name, status, c.want, b)
		}
	}
}

func TestDeletionsAreForgotten(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	s := server(t, elastictest.Options{Now: func() time.Time { return now }})
	write := func(line string) string {
		_, b := do(t, s, "POST", "/i/_bulk?filter_path=items.*.status", line)
		return b
	}
	write(`{"delete":{"_id":"a","version":10,"version_type":"external_gte"}}` + "\n")
	older := `{"index":{"_id":"a","version":9,"version_type":"external_gte"}}` + "\n{}\n"
	if b := write(older); !strings.Contains(b, "409") {
		t.Errorf("within a minute: %s", b)
	}
	now = now.Add(2 * time.Minute)
	if b := write(older); !strings.Contains(b, "201") {
		t.Errorf("after a minute: %s", b)
	}
}

func TestStats(t *testing.T) {
	s := server(t, elastictest.Options{APIKey: "k", Username: "u", Password: "p"})
	if status, _ := do(t, s, "GET", "/", ""); status != 401 {
		t.Errorf("without a key: status %d", status)
	}
	if status, _ := do(t, s, "GET", "/", "", "Authorization", "ApiKey k"); status != 200 {
		t.Errorf("with a key: status %d", status)
	}
	do(t, s, "POST", "/i/_bulk", strings.Repeat(`{"delete":{"_id":"a"}}`+"\n", 3), "Authorization", "ApiKey k")
	st := s.Stats()
	if st.Requests["info"] != 2 || st.Requests["bulk"] != 1 || st.Items != 3 || st.Largest != 3 {
		t.Errorf("got %+v", st)
	}
}
