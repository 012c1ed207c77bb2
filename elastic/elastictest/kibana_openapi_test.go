package elastictest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
)

// contract loads Kibana's API description, which isn't part of the project.
func contract(t *testing.T) *openapi3.T {
	t.Helper()
	dir := os.Getenv("OPENCTI_ELASTIC_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	file := filepath.Join(dir, "contracts", "kibana-detections.openapi.yaml")
	if _, err := os.Stat(file); err != nil {
		t.Skip("Kibana's API description is not here: set OPENCTI_ELASTIC_SHARED to the directory of the contracts")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// fits checks an answer against the schema that the contract has for it.
func fits(t *testing.T, doc *openapi3.T, method, path string, status int, body []byte) {
	t.Helper()
	operation := doc.Paths.Find(path).GetOperation(method)
	if operation == nil {
		t.Fatalf("no %s %s in the contract", method, path)
	}
	response := operation.Responses.Status(status)
	if response == nil {
		t.Errorf("%s %s: no answer %d in the contract", method, path, status)
		return
	}
	media := response.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	if err := media.Schema.Value.VisitJSON(value); err != nil {
		t.Errorf("%s %s, %d: %v", method, path, status, err)
	}
}

func TestKibanaAnswersFitTheContract(t *testing.T) {
	doc := contract(t)
	k := elastictest.NewKibana(elastictest.KibanaOptions{})
	defer k.Close()
	mapping := []any{rule{"entries": []any{rule{"field": "a", "type": "mapping", "value": "b"}}}}
	rules := []rule{
		minimal("query", "query", "a: b", "required_fields", []any{rule{"name": "a", "type": "keyword"}}),
		minimal("eql", "type", "eql", "query", "any where true", "language", "eql"),
		minimal("esql", "type", "esql", "query", "FROM x", "language", "esql"),
		minimal("threshold", "type", "threshold", "query", "*", "threshold", rule{"field": "a", "value": 2}),
		minimal("match", "type", "threat_match", "query", "*", "threat_query", "*", "threat_index", []any{"x"}, "threat_mapping", mapping),
		minimal("terms", "type", "new_terms", "query", "*", "new_terms_fields", []any{"a"}, "history_window_start", "now-7d"),
	}
	check := func(method, path, query string, body any) answer {
		t.Helper()
		a := call(t, k, method, path+query, body)
		fits(t, doc, method, path, a.status, []byte(a.text))
		return a
	}
	ids := []any{"nix"}
	for _, r := range rules {
		ids = append(ids, check(http.MethodPost, rulesPath, "", r).body["id"])
		check(http.MethodGet, rulesPath, "?rule_id="+r["rule_id"].(string), nil)
		check(http.MethodPut, rulesPath, "", r)
		check(http.MethodPatch, rulesPath, "", rule{"rule_id": r["rule_id"], "note": "n"})
	}
	check(http.MethodPost, rulesPath, "", rules[0])
	check(http.MethodPost, rulesPath, "", minimal("bad", "name", ""))
	check(http.MethodGet, rulesPath, "?rule_id=nix", nil)
	check(http.MethodGet, rulesPath+"/_find", "?per_page=10", nil)
	check(http.MethodGet, rulesPath+"/_find", "?filter=nonsense", nil)
	check(http.MethodGet, "/api/detection_engine/tags", "", nil)
	check(http.MethodGet, "/api/detection_engine/privileges", "", nil)
	check(http.MethodGet, "/api/status", "", nil)
	check(http.MethodPost, "/api/exception_lists", "", rule{"list_id": "l", "name": "n", "description": "d", "type": "detection"})
	check(http.MethodPost, "/api/exception_lists/items", "", rule{"list_id": "l", "name": "n", "description": "d", "type": "simple",
		"entries": []any{rule{"field": "a", "operator": "included", "type": "match", "value": "b"}}})
	check(http.MethodGet, "/api/exception_lists/_find", "", nil)
	check(http.MethodGet, "/api/exception_lists/items/_find", "?list_id=l", nil)
	imported := importFile(t, k, "", "r.ndjson", line(minimal("i")), line(minimal("j", "risk_score", "x")), line(rules[0]))
	fits(t, doc, http.MethodPost, rulesPath+"/_import", imported.status, []byte(imported.text))
	check(http.MethodPost, rulesPath+"/_bulk_action", "", rule{"action": "disable", "ids": ids[1:]})
	check(http.MethodPost, rulesPath+"/_bulk_action", "", rule{"action": "delete", "ids": ids})
	exported := call(t, k, http.MethodPost, rulesPath+"/_export", rule{"objects": []any{rule{"rule_id": "i"}, rule{"rule_id": "nix"}}})
	if lines := bytes.Count([]byte(exported.text), []byte("\n")); lines != 2 {
		t.Errorf("export: %s", exported.text)
	}
}
