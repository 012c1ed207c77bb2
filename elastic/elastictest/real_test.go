package elastictest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
)

// step is one request of a script. NAME in it stands for the index, of which every run has its own.
type step struct {
	method, path, body string
	why                string
}

// script is what clients get wrong, request by request. The stand-in must answer as Elasticsearch does:
// the same status, the same type of error, and in a bulk request the same for each item.
var script = []step{
	{"GET", "/_resolve/index/NAME", "", "nothing there"},
	{"GET", "/_index_template/NAME", "", "no template"},
	{"GET", "/_component_template/NAME@package", "", "no component"},
	{"PUT", "/_index_template/NAME", `{"index_patterns":["NAME"],"composed_of":["NAME@package"],"priority":600}`, "component missing"},
	{"PUT", "/_component_template/NAME@package", `{"template":{"settings":{"index":{"refresh_interval":"-1"}},"mappings":{"dynamic":false,"properties":{` +
		`"ip":{"type":"ip"},"n":{"type":"long"},"f":{"type":"float"},"d":{"type":"date"},"b":{"type":"boolean"},"k":{"type":"keyword"},"s":{"type":"keyword","ignore_above":10},` +
		`"o":{"properties":{"x":{"type":"keyword"}}},"r":{"type":"ip_range"},"t":{"type":"text"},"off":{"type":"object","enabled":false}}}},"version":3,"_meta":{"managed_by":"x"}}`, ""},
	{"PUT", "/_index_template/NAME", `{"index_patterns":["NAME"],"composed_of":["NAME@package","NAME@custom"],"ignore_missing_component_templates":["NAME@custom"],"priority":600,"allow_auto_create":false,"version":3}`, ""},
	{"PUT", "/_index_template/NAME-b", `{"index_patterns":["NAM*","NAME"],"priority":600}`, "same priority"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"1"}}` + "\n{}\n", "auto creation forbidden by the template"},
	{"PUT", "/NAME", "", "made"},
	{"PUT", "/NAME", "", "made twice"},
	{"PUT", "/Upper", "", "bad name"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"1","version":10,"version_type":"external_gte"}}` + "\n" + `{"k":"a","n":"443","off":{"a":[1,{"b":2}]}}` + "\n", "first"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"1","version":10,"version_type":"external_gte"}}` + "\n{}\n" +
		`{"index":{"_id":"1","version":9,"version_type":"external_gte"}}` + "\n{}\n" +
		`{"index":{"_id":"1","version":10,"version_type":"external"}}` + "\n{}\n" +
		`{"delete":{"_id":"1","version":9,"version_type":"external_gte"}}` + "\n" +
		`{"delete":{"_id":"1","version":11,"version_type":"external_gte"}}` + "\n" +
		`{"index":{"_id":"1","version":10,"version_type":"external_gte"}}` + "\n{}\n" +
		`{"delete":{"_id":"none","version":5,"version_type":"external_gte"}}` + "\n" +
		`{"index":{"_id":"none","version":4,"version_type":"external_gte"}}` + "\n{}\n" +
		`{"index":{"_id":"zero","version":0,"version_type":"external_gte"}}` + "\n{}\n", "versions"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"a"}}` + "\n" + `{"ip":"1.2.3.0/24"}` + "\n" +
		`{"index":{"_id":"b"}}` + "\n" + `{"ip":["1.2.3.4","x"]}` + "\n" + `{"index":{"_id":"c"}}` + "\n" + `{"ip":""}` + "\n" +
		`{"index":{"_id":"d"}}` + "\n" + `{"n":"AS1"}` + "\n" + `{"index":{"_id":"e"}}` + "\n" + `{"n":9223372036854775808}` + "\n" +
		`{"index":{"_id":"f"}}` + "\n" + `{"n":443.5}` + "\n" + `{"index":{"_id":"g"}}` + "\n" + `{"d":""}` + "\n" +
		`{"index":{"_id":"h"}}` + "\n" + `{"d":"2026-11-24"}` + "\n" + `{"index":{"_id":"i"}}` + "\n" + `{"b":"True"}` + "\n" +
		`{"index":{"_id":"j"}}` + "\n" + `{"k":"` + strings.Repeat("x", 33_000) + `"}` + "\n" + `{"index":{"_id":"k"}}` + "\n" + `{"s":"` + strings.Repeat("x", 33_000) + `"}` + "\n" +
		`{"index":{"_id":"l"}}` + "\n" + `{"o":"x"}` + "\n" + `{"index":{"_id":"m"}}` + "\n" + `{"k":{"a":1}}` + "\n" +
		`{"index":{"_id":"n"}}` + "\n" + `{"r":"1.2.3.4"}` + "\n" + `{"index":{"_id":"o"}}` + "\n" + `{"r":"1.2.3.9/24"}` + "\n" +
		`{"index":{"_id":"p"}}` + "\n" + `{"ip":null,"n":null,"unknown":{"a":1}}` + "\n" + `{"index":{"_id":"q"}}` + "\n" + `{"o.x":"dotted"}` + "\n" +
		`{"index":{"_id":"r"}}` + "\n" + `{"f":"x"}` + "\n" + `{"index":{"_id":"s"}}` + "\n" + `{"ip":"fe80::1"}` + "\n" + `{"index":{"_id":"t"}}` + "\n" + `{"n":1` + "\n", "types"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"` + strings.Repeat("i", 513) + `"}}` + "\n{}\n" + `{"create":{"_id":"ok"}}` + "\n{}\n", "id too long"},
	{"POST", "/NAME/_bulk", `{"create":{"_id":"ok"}}` + "\n{}\n" + `{"create":{"_id":"ok"}}` + "\n{}\n", "ids"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"1"}}` + "\n{}", "no newline at the end"},
	{"POST", "/NAME/_bulk", "", "no body"},
	{"POST", "/NAME/_bulk", "{}\n", "no action"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"1","what":1}}` + "\n{}\n", "unknown parameter"},
	{"POST", "/NAME/_bulk?pipeline=none-NAME", `{"index":{"_id":"1"}}` + "\n{}\n", "no pipeline"},
	{"POST", "/NAME/_bulk", `{"index":{"_id":"ok","if_seq_no":100000,"if_primary_term":1}}` + "\n{}\n" + `{"delete":{"_id":"never","if_seq_no":1,"if_primary_term":1}}` + "\n", "sequence numbers"},
	{"POST", "/NAME/_bulk", `{"create":{"_id":"v","version":1,"version_type":"external_gte"}}` + "\n{}\n", "create takes no external version"},
	{"GET", "/NAME/_doc/1", "", "deleted"},
	{"GET", "/NAME/_doc/ok", "", "real-time"},
	{"DELETE", "/NAME/_doc/never", "", "delete of nothing"},
	{"POST", "/NAME/_count", `{"query":{"term":{"k":"a"}}}`, "not refreshed"},
	{"POST", "/NAME/_search", `{"query":{"nonsense":{}}}`, "unknown query"},
	{"POST", "/NAME/_search", `{"sort":["t"]}`, "text cannot be sorted"},
	{"POST", "/NAME/_search", `{"size":10001}`, "window"},
	{"PUT", "/NAME/_mapping", `{"properties":{"n":{"type":"keyword"}}}`, "type cannot change"},
	{"PUT", "/NAME/_mapping", `{"properties":{"k":{"properties":{"a":{"type":"keyword"}}}}}`, "no object from a field"},
	{"PUT", "/NAME/_mapping", `{"properties":{"new":{"type":"keyword"}}}`, ""},
	{"PUT", "/NAME/_mapping", `{"properties":{"new2":{"type":"nonsense"}}}`, "unknown type"},
	{"GET", "/_resolve/index/NAME", "", "an index"},
	{"PUT", "/NAME-c", `{"settings":{"index.nonsense":1}}`, "unknown setting"},

	{"PUT", "/_index_template/NAME.ds", `{"index_patterns":["NAME.ds"],"data_stream":{},"priority":500}`, ""},
	{"PUT", "/NAME.ds", "", "data streams only"},
	{"PUT", "/_data_stream/NAME.ds", "", ""},
	{"PUT", "/_data_stream/NAME.ds", "", "twice"},
	{"POST", "/NAME.ds/_bulk", `{"index":{"_id":"1"}}` + "\n" + `{"@timestamp":"2026-11-24T00:00:00Z"}` + "\n" + `{"create":{"_id":"1"}}` + "\n" + `{"@timestamp":"2026-11-24T00:00:00Z"}` + "\n" +
		`{"create":{"_id":"1"}}` + "\n" + `{"@timestamp":"2026-11-24T00:00:00Z"}` + "\n" + `{"create":{"_id":"2"}}` + "\n{}\n" + `{"delete":{"_id":"1"}}` + "\n", "only creates"},
	{"POST", "/NAME.ds/_doc", `{"@timestamp":"2026-11-24T00:00:00Z"}`, "without an id"},
	{"POST", "/NAME.ds/_bulk", `{"create":{"_id":"4","version":1,"version_type":"external_gte"}}` + "\n" + `{"@timestamp":"2026-11-24T00:00:00Z"}` + "\n", "only creates"},
	{"PUT", "/_index_template/NAME.plain", `{"index_patterns":["NAME.ds"],"priority":600}`, "would orphan the stream"},
	{"GET", "/_resolve/index/NAME.ds", "", "a stream"},
	{"DELETE", "/NAME.ds", "", "not an index"},
}

func TestAnswersAsElasticsearchDoes(t *testing.T) {
	url := strings.TrimRight(os.Getenv("ELASTICSEARCH_URL"), "/")
	if url == "" {
		t.Skip("ELASTICSEARCH_URL is not set: no real Elasticsearch to compare with")
	}
	s := elastictest.NewElasticsearch(elastictest.Options{})
	defer s.Close()
	name := "x" + strings.ReplaceAll(uuid.NewString()[:13], "-", "")
	defer func() {
		for _, path := range []string{"/_data_stream/NAME.ds", "/NAME", "/_index_template/NAME", "/_index_template/NAME.ds", "/_index_template/NAME-b", "/_index_template/NAME.plain", "/_component_template/NAME@package", "/NAME-c"} {
			ask(t, url, step{method: "DELETE", path: path}, name)
		}
		http.DefaultClient.CloseIdleConnections()
	}()
	for i, st := range script {
		real, ours := ask(t, url, st, name), ask(t, s.URL, st, name)
		if diff := cmp.Diff(real, ours); diff != "" {
			t.Errorf("step %d, %s %s (%s): (-elasticsearch +stand-in):\n%s", i, st.method, st.path, st.why, diff)
		}
	}
}

// ask gives what of an answer is compared.
func ask(t *testing.T, url string, st step, name string) []string {
	t.Helper()
	path := strings.ReplaceAll(st.path, "NAME", name)
	req, err := http.NewRequestWithContext(context.Background(), st.method, url+path, strings.NewReader(strings.ReplaceAll(st.body, "NAME", name)))
	if err != nil {
		t.Fatal(err)
	}
	if st.body != "" || strings.Contains(path, "_bulk") {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Error json.RawMessage `json:"error"`
		Count *int            `json:"count"`
		Found *bool           `json:"found"`
		Items []map[string]struct {
			Status  int             `json:"status"`
			Result  string          `json:"result"`
			Version json.Number     `json:"_version"`
			Error   json.RawMessage `json:"error"`
		} `json:"items"`
		Indices, Aliases []struct{ Name string }
		Streams          []struct{ Name string } `json:"data_streams"`
	}
	_ = json.Unmarshal(bytes.TrimSpace(b), &answer)
	out := []string{fmt.Sprintf("status %d, product %q, error %s", res.StatusCode, res.Header.Get("X-Elastic-Product"), kind(answer.Error))}
	if answer.Count != nil {
		out = append(out, fmt.Sprintf("count %d", *answer.Count))
	}
	if answer.Found != nil {
		out = append(out, fmt.Sprintf("found %v", *answer.Found))
	}
	for _, list := range [][]struct{ Name string }{answer.Indices, answer.Aliases, answer.Streams} {
		for _, e := range list {
			out = append(out, strings.ReplaceAll(e.Name, name, "NAME"))
		}
	}
	for _, it := range answer.Items {
		for verb, a := range it {
			out = append(out, fmt.Sprintf("%s: %d %s version %s, error %s", verb, a.Status, a.Result, a.Version, kind(a.Error)))
		}
	}
	return out
}

// kind is the type of an error.
func kind(b json.RawMessage) string {
	var e struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(b, &e)
	return e.Type
}
