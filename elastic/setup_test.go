package elastic_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// read gets something from a stand-in.
func read(t testing.TB, s *elastictest.Elasticsearch, path string) map[string]any {
	t.Helper()
	res, err := s.Server.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%s: %v: %s", path, err, b)
	}
	return out
}

func TestPrepareIsIdempotent(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	for range 3 {
		if err := newIndex(t, s, elastic.IndexOptions{}).Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	st := s.Stats().Requests
	if st["component_template"] != 3+1 || st["index_template"] != 3+1 || st["index"] != 1 {
		t.Errorf("requests %v; want one put of each template and one index made", st)
	}
	for _, kind := range []string{"index_template", "component_template"} {
		if fmt.Sprint(read(t, s, "/_"+kind+"/"+elastic.DefaultIndex+map[string]string{"index_template": "", "component_template": "@package"}[kind])) == "" {
			t.Error("no template")
		}
	}
}

func TestPrepareLeavesNewerTemplates(t *testing.T) {
	for _, c := range []struct {
		name, meta string
		version    int
		puts       int
		fails      bool
	}{
		{name: "older", meta: `{"managed_by":"opencti-elastic"}`, version: 1, puts: 1},
		{name: "newer", meta: `{"managed_by":"opencti-elastic"}`, version: 9_999_999},
		{name: "not ours", meta: `{"managed_by":"someone"}`, version: 1, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, elastictest.Options{})
			name := "/_component_template/" + elastic.DefaultIndex + "@package"
			send(t, s, http.MethodPut, name, fmt.Sprintf(`{"template":{},"version":%d,"_meta":%s}`, c.version, c.meta))
			before := s.Stats().Requests["component_template"]
			err := newIndex(t, s, elastic.IndexOptions{}).Prepare(t.Context())
			if (err != nil) != c.fails || err != nil && sync.Classify(err) != sync.Blocked {
				t.Fatalf("got %v", err)
			}
			if puts := s.Stats().Requests["component_template"] - before - 1; puts != c.puts {
				t.Errorf("%d puts, want %d", puts, c.puts)
			}
		})
	}
}

func TestPrepareAddsToAnIndexThatIsThere(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	send(t, s, http.MethodPut, "/"+elastic.DefaultIndex, `{"mappings":{"properties":{"threat":{"properties":{"indicator":{"properties":{"confidence":{"type":"long"},"name":{"type":"text"}}}}}}}}`)
	x := newIndex(t, s, elastic.IndexOptions{})
	mustWrite(t, x, upsert(indicator(1, `,"confidence":80`), 1))
	mapping := fmt.Sprint(read(t, s, "/"+elastic.DefaultIndex+"/_mapping"))
	for _, want := range []string{"confidence:map[type:long]", "name:map[type:text]", "ip:map[type:ip]", "expires_at:map[type:date]"} {
		if !strings.Contains(mapping, want) {
			t.Errorf("the mapping lacks %s", want)
		}
	}
	if n := s.Len(elastic.DefaultIndex); n != 1 {
		t.Errorf("%d documents, want 1: the field of another type must not cost it", n)
	}
}

func TestPrepareUnderAnotherTemplate(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	send(t, s, http.MethodPut, "/_index_template/theirs", `{"index_patterns":["logs-ti_*"],"priority":900,"template":{"mappings":{"properties":{"theirs":{"type":"keyword"}}}}}`)
	mustWrite(t, newIndex(t, s, elastic.IndexOptions{}), upserts(1, 1)...)
	mapping := fmt.Sprint(read(t, s, "/"+elastic.DefaultIndex+"/_mapping"))
	for _, want := range []string{"theirs:", "ip:map[type:ip]"} {
		if !strings.Contains(mapping, want) {
			t.Errorf("the mapping lacks %s", want)
		}
	}
}

func TestPrepareWithAlias(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	send(t, s, http.MethodPut, "/opencti.v2", `{"aliases":{"`+elastic.DefaultIndex+`":{}}}`)
	x := newIndex(t, s, elastic.IndexOptions{})
	mustWrite(t, x, upserts(3, 1)...)
	if n := s.Len("opencti.v2"); n != 3 {
		t.Errorf("%d documents behind the alias, want 3", n)
	}
}

func TestPrepareWithoutRights(t *testing.T) {
	templates := func(r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/_component_template") || strings.HasPrefix(r.URL.Path, "/_index_template")
	}
	for _, c := range []struct {
		name  string
		fault elastictest.Fault
	}{
		{name: "no templates", fault: elastictest.Fault{Match: templates, Status: 403}},
		{name: "no such endpoint", fault: elastictest.Fault{Match: templates, Status: 405, Body: []byte("not allowed")}},
		{name: "no resolve", fault: elastictest.Fault{Match: elastictest.Operation("resolve"), Status: 404, Body: []byte("not found")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, elastictest.Options{})
			s.Inject(c.fault)
			for range 2 {
				mustWrite(t, newIndex(t, s, elastic.IndexOptions{}), upserts(2, 1)...)
			}
			mapping := fmt.Sprint(read(t, s, "/"+elastic.DefaultIndex+"/_mapping"))
			if !strings.Contains(mapping, "ip:map[type:ip]") || !strings.Contains(mapping, "dynamic:false") {
				t.Errorf("the index was made without our mapping: %.200s", mapping)
			}
		})
	}
}

func TestLookupMode(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	if err := newIndex(t, s, elastic.IndexOptions{}).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.DeleteIndex(elastic.DefaultIndex)
	if err := newIndex(t, s, elastic.IndexOptions{Lookup: true}).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(read(t, s, "/_index_template/_simulate_index/"+elastic.DefaultIndex)); !strings.Contains(got, "mode:lookup") {
		t.Errorf("no lookup mode: %.300s", got)
	}
}

func TestIndexNames(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1")
	for name, ok := range map[string]bool{
		"": true, "logs-ti_custom_opencti.indicator": true, "logs-ti_x-default": true, "index.v2": true, "ümlaut": true,
		"Upper": false, "a*": false, "a,b": false, "../x": false, "_all": false, "a/b": false, "a b": false, "-a": false, "<now>": false, "a?b": false, "a#b": false, "..": false, "a\x00": false,
	} {
		_, err := elastic.NewIndex(elastic.IndexOptions{Client: c, Mapper: newMapper(t, ecs.Options{}), Name: name})
		if (err == nil) != ok {
			t.Errorf("%q: got %v, want ok: %v", name, err, ok)
		}
	}
}

func TestInspect(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	x := newIndex(t, s, elastic.IndexOptions{})
	inspect := func(want elastic.IndexState) {
		t.Helper()
		got, err := x.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	inspect(elastic.IndexState{})
	send(t, s, http.MethodPut, "/"+elastic.DefaultIndex, `{"mappings":{"properties":{"event":{"properties":{"module":{"type":"text"},"risk_score":{"type":"ip"}}}}}}`)
	inspect(elastic.IndexState{Exists: true, Incomplete: true, Different: []string{"event.module", "event.risk_score"}, Refused: []string{"event.risk_score"}})
	if err := x.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	inspect(elastic.IndexState{Exists: true, Different: []string{"event.module", "event.risk_score"}, Refused: []string{"event.risk_score"}})
	stream := newPythonStream(t)
	got, err := newIndex(t, stream, elastic.IndexOptions{}).Inspect(t.Context())
	if err != nil || !got.DataStream || got.BackingIndices != 1 || len(got.Refused) == 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}
