package elastictest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
)

const rulesPath = "/api/detection_engine/rules"

type answer struct {
	status int
	body   map[string]any
	text   string
}

func send(t *testing.T, r *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, text: string(b)}
	_ = json.Unmarshal(b, &a.body)
	return a
}

func call(t *testing.T, k *elastictest.Kibana, method, path string, body any) answer {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, k.URL+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("kbn-xsrf", "true")
	r.Header.Set("elastic-api-version", "2023-10-31")
	r.Header.Set("Content-Type", "application/json")
	return send(t, r)
}

func importFile(t *testing.T, k *elastictest.Kibana, query, filename string, lines ...string) answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", filename)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, strings.Join(lines, "\n"))
	_ = w.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, k.URL+rulesPath+"/_import"+query, &b)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("kbn-xsrf", "true")
	r.Header.Set("Content-Type", w.FormDataContentType())
	return send(t, r)
}

type rule = map[string]any

func minimal(id string, more ...any) rule {
	r := rule{"rule_id": id, "type": "query", "name": id, "description": "d", "risk_score": 50, "severity": "medium"}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] == "absent" {
			delete(r, more[i].(string))
			continue
		}
		r[more[i].(string)] = more[i+1]
	}
	return r
}

func line(r rule) string {
	b, _ := json.Marshal(r)
	return string(b)
}

func TestKibanaRefusesOnCreate(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{})
	defer k.Close()
	tests := []struct {
		name string
		rule rule
		want int
	}{
		{"minimal", minimal("a"), 200},
		{"eql as language of a query rule", minimal("b", "language", "eql", "query", "any where true"), 400},
		{"kql is spelt kuery", minimal("b", "language", "kql"), 400},
		{"eql without language", minimal("b", "type", "eql", "query", "any where true"), 400},
		{"eql", minimal("c", "type", "eql", "query", "any where true", "language", "eql"), 200},
		{"esql", minimal("d", "type", "esql", "query", "FROM x", "language", "esql"), 200},
		{"float score", minimal("b", "risk_score", 50.5), 400},
		{"text score", minimal("b", "risk_score", "50"), 400},
		{"no description", minimal("b", "description", "absent"), 400},
		{"empty description", minimal("b", "description", ""), 400},
		{"empty name", minimal("b", "name", ""), 400},
		{"null note", minimal("b", "note", nil), 400},
		{"technique without tactic", minimal("b", "threat", []any{rule{"framework": "MITRE ATT&CK"}}), 400},
		{"investigation fields of 8.10", minimal("b", "investigation_fields", []any{"host.name"}), 400},
		{"no investigation fields", minimal("b", "investigation_fields", rule{"field_names": []any{}}), 400},
		{"threat match without mapping", minimal("b", "type", "threat_match", "query", "*:*", "threat_query", "*:*", "threat_index", []any{"x"}, "threat_mapping", []any{}), 400},
		{"one of two numbers of searches", minimal("b", "type", "threat_match", "query", "*:*", "threat_query", "*:*", "threat_index", []any{"x"},
			"threat_mapping", []any{rule{"entries": []any{rule{"field": "a", "type": "mapping", "value": "b"}}}}, "items_per_search", 100), 400},
		{"threshold of zero", minimal("b", "type", "threshold", "query", "*", "threshold", rule{"field": []any{}, "value": 0}), 400},
		{"threshold", minimal("e", "type", "threshold", "query", "*", "threshold", rule{"field": []any{}, "value": 2}), 200},
		{"half a timeline", minimal("b", "timeline_id", "x"), 400},
		{"interval of days", minimal("b", "interval", "1d"), 400},
		{"two default lists", minimal("b", "exceptions_list", []any{
			rule{"id": "1", "list_id": "1", "type": "rule_default", "namespace_type": "single"},
			rule{"id": "2", "list_id": "2", "type": "rule_default", "namespace_type": "single"},
		}), 400},
		{"known rule_id", minimal("a"), 409},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := call(t, k, http.MethodPost, rulesPath, tt.rule); got.status != tt.want {
				t.Errorf("status %d, want %d: %s", got.status, tt.want, got.text)
			}
		})
	}
}

func TestKibanaHeaders(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{Flavor: "serverless", APIKey: "abc", BasePath: "/kb", Spaces: []string{"soc"}})
	defer k.Close()
	tests := []struct {
		name, method, path string
		header             map[string]string
		want               int
	}{
		{"all there", "GET", "/s/soc" + rulesPath + "/_find", map[string]string{"Authorization": "ApiKey abc", "elastic-api-version": "2023-10-31"}, 200},
		{"no key", "GET", rulesPath + "/_find", nil, 401},
		{"no version on serverless", "GET", rulesPath + "/_find", map[string]string{"Authorization": "ApiKey abc"}, 400},
		{"wrong version", "GET", rulesPath + "/_find", map[string]string{"Authorization": "ApiKey abc", "elastic-api-version": "2020-01-01"}, 400},
		{"no xsrf", "POST", rulesPath, map[string]string{"Authorization": "ApiKey abc", "elastic-api-version": "2023-10-31"}, 400},
		{"no such space", "GET", "/s/nix" + rulesPath + "/_find", map[string]string{"Authorization": "ApiKey abc", "elastic-api-version": "2023-10-31"}, 404},
		{"bulk create is gone", "POST", rulesPath + "/_bulk_create", map[string]string{"Authorization": "ApiKey abc", "elastic-api-version": "2023-10-31", "kbn-xsrf": "1"}, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, k.URL+tt.path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range tt.header {
				r.Header.Set(name, v)
			}
			if got := send(t, r); got.status != tt.want {
				t.Errorf("status %d, want %d: %s", got.status, tt.want, got.text)
			}
		})
	}
}

func TestKibanaPutResetsAndPatchKeeps(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{})
	defer k.Close()
	call(t, k, http.MethodPost, rulesPath, minimal("a", "enabled", true, "tags", []any{"x"}, "nmae", "misspelt"))
	patched := call(t, k, http.MethodPatch, rulesPath, rule{"rule_id": "a", "note": "n", "type": "eql"})
	if patched.body["note"] != "n" || patched.body["type"] != "query" || fmt.Sprint(patched.body["tags"]) != "[x]" {
		t.Errorf("patch: %s", patched.text)
	}
	if _, ok := patched.body["nmae"]; ok {
		t.Error("an unknown property was kept")
	}
	put := call(t, k, http.MethodPut, rulesPath, minimal("a"))
	if put.body["note"] != nil || fmt.Sprint(put.body["tags"]) != "[]" || put.body["enabled"] != true {
		t.Errorf("put: %s", put.text)
	}
	if got := call(t, k, http.MethodPut, rulesPath, minimal("a", "id", put.body["id"])); got.status != 400 {
		t.Errorf("put with both ids: %d", got.status)
	}
	if got := call(t, k, http.MethodPut, rulesPath, minimal("z")); got.status != 404 {
		t.Errorf("put of an unknown rule: %d", got.status)
	}
	if got := call(t, k, http.MethodPut, rulesPath, minimal("a", "type", "threshold", "query", "*", "threshold", rule{"field": []any{}, "value": 2})); got.status != 400 {
		t.Errorf("put with another type: %d", got.status)
	}
}

func TestKibanaImport(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{MaxImportRules: 4})
	defer k.Close()
	got := importFile(t, k, "", "r.ndjson", line(minimal("a")), line(minimal("b", "risk_score", 1.5)), line(minimal("a")), "", `{"exported_count":3}`)
	if got.status != 200 || got.body["success_count"] != 1.0 || got.body["success"] != false {
		t.Fatalf("import: %s", got.text)
	}
	errors := got.body["errors"].([]any)
	if len(errors) != 2 || errors[0].(rule)["rule_id"] != "a" || errors[1].(rule)["rule_id"] != nil {
		t.Errorf("errors: %v", errors)
	}
	got = importFile(t, k, "", "r.ndjson", line(minimal("a")))
	if e := got.body["errors"].([]any)[0].(rule)["error"].(rule); e["status_code"] != 409.0 {
		t.Errorf("import of a known rule: %v", e)
	}
	got = importFile(t, k, "?overwrite=true", "r.ndjson", line(minimal("a", "note", "1")), line(minimal("a", "note", "2")))
	if got.body["success"] != true || k.Rules("")[0]["note"] != "2" {
		t.Errorf("overwrite: %s", got.text)
	}
	if got = importFile(t, k, "", "r.json", line(minimal("a"))); got.status != 400 {
		t.Errorf("wrong extension: %d", got.status)
	}
	if got = importFile(t, k, "", "r.ndjson", line(minimal("1")), line(minimal("2")), line(minimal("3")), line(minimal("4")), line(minimal("5"))); got.status != 400 {
		t.Errorf("too many: %d", got.status)
	}
	got = importFile(t, k, "", "r.ndjson", line(minimal("c", "exceptions_list", []any{rule{"id": "1", "list_id": "nix", "type": "detection", "namespace_type": "single"}})))
	if got.body["success_count"] != 1.0 || len(got.body["errors"].([]any)) != 1 {
		t.Errorf("missing list: %s", got.text)
	}
}

func TestKibanaBulkWithoutIDsHitsAll(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{})
	defer k.Close()
	a := call(t, k, http.MethodPost, rulesPath, minimal("a"))
	call(t, k, http.MethodPost, rulesPath, minimal("b"))
	got := call(t, k, http.MethodPost, rulesPath+"/_bulk_action", rule{"action": "delete", "ids": []any{a.body["id"], "nix"}})
	if got.status != 500 || len(k.Rules("")) != 1 {
		t.Fatalf("partial failure: %d %s", got.status, got.text)
	}
	many := make([]any, 101)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if got = call(t, k, http.MethodPost, rulesPath+"/_bulk_action", rule{"action": "delete", "ids": many}); got.status != 400 {
		t.Errorf("101 ids: %d", got.status)
	}
	if got = call(t, k, http.MethodPost, rulesPath+"/_bulk_action", rule{"action": "delete", "ids": []any{"x"}, "query": "y"}); got.status != 400 {
		t.Errorf("ids and query: %d", got.status)
	}
	call(t, k, http.MethodPost, rulesPath+"/_bulk_action", rule{"action": "delete", "rule_ids": []any{"nix"}})
	if n := len(k.Rules("")); n != 0 {
		t.Errorf("%d rules are left, though Kibana takes an action without ids for all", n)
	}
}

func TestKibanaFind(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{})
	defer k.Close()
	for _, id := range []string{"a:1", "b", "c"} {
		call(t, k, http.MethodPost, rulesPath, minimal(id, "tags", []any{"t " + id}))
	}
	tests := []struct {
		name, filter, more string
		want               int
		total              float64
	}{
		{"none", "", "", 200, 3},
		{"one", `alert.attributes.params.ruleId: "b"`, "", 200, 1},
		{"group", `alert.attributes.params.ruleId: ("a:1" OR "c" or "z")`, "", 200, 2},
		{"tag", `alert.attributes.tags: "t a:1" and not alert.attributes.enabled: true`, "", 200, 1},
		{"prefix", `alert.attributes.params.ruleId: a*`, "", 200, 1},
		{"snake case finds nothing", `alert.attributes.params.rule_id: "b"`, "", 200, 0},
		{"unknown attribute", `alert.attributes.references: "b"`, "", 400, 0},
		{"name of the API", `rule_id: "b"`, "", 400, 0},
		{"half a sort", "", "&sort_field=name", 400, 0},
		{"sorted", "", "&sort_field=name&sort_order=desc", 200, 3},
		{"beyond the window", "", "&page=101&per_page=100", 400, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := call(t, k, http.MethodGet, rulesPath+"/_find?filter="+url.QueryEscape(tt.filter)+tt.more, nil)
			if got.status != tt.want || tt.want == 200 && got.body["total"] != tt.total {
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}

func TestKibanaRefreshLetsDoublesIn(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{RefreshAfter: 2})
	defer k.Close()
	first := call(t, k, http.MethodPost, rulesPath, minimal("a"))
	second := call(t, k, http.MethodPost, rulesPath, minimal("a"))
	if second.status != 200 || len(k.Rules("")) != 2 {
		t.Fatalf("a create before the refresh: %d, %d rules", second.status, len(k.Rules("")))
	}
	call(t, k, http.MethodGet, rulesPath+"/_find", nil)
	if got := call(t, k, http.MethodGet, rulesPath+"?rule_id=a", nil); got.body["id"] != first.body["id"] {
		t.Errorf("the first one should be found: %s", got.text)
	}
}

func TestKibanaFaults(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{})
	defer k.Close()
	k.Fail(elastictest.KibanaFault{Match: elastictest.OnPath("POST", "/rules"), Status: 503, AfterEffect: true})
	if got := call(t, k, http.MethodPost, rulesPath, minimal("a")); got.status != 503 || len(k.Rules("")) != 1 {
		t.Errorf("lost answer: %d, %d rules", got.status, len(k.Rules("")))
	}
	if got := call(t, k, http.MethodPost, rulesPath, minimal("b")); got.status != 200 {
		t.Errorf("after the fault: %d", got.status)
	}
	k.SaveInUI("", "a", func(r map[string]any) { r["note"] = "mine" })
	if r := k.Rules("")[0]; r["note"] != "mine" || r["meta"].(map[string]any)["from"] != "1m" {
		t.Errorf("edit: %v", r)
	}
}
