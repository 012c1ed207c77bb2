package kibana_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

func TestKibanaURL(t *testing.T) {
	tests := []struct{ name, elasticsearch, want string }{
		{"cloud", "https://my-deployment.es.eu-central-1.aws.cloud.es.io:9243", "https://my-deployment.kb.eu-central-1.aws.cloud.es.io"},
		{"cloud without port", "https://d.es.us-east-1.aws.found.io", "https://d.kb.us-east-1.aws.found.io"},
		{"cloud at 443", "https://d.es.us-east-1.aws.found.io:443/", "https://d.kb.us-east-1.aws.found.io:443"},
		{"own", "http://elastic.example.org:9200", "http://elastic.example.org:5601"},
		{"IPv6", "http://[::1]:9200", "http://[::1]:5601"},
		{"password", "https://elastic:secret@es01:9200", "https://es01:5601"},
		{"proxy", "https://elastic.example.org/", "https://elastic.example.org"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := kibana.Address(tt.elasticsearch)
			if err != nil || got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
	if _, err := kibana.Address("elastic:secret@es01"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

func TestKibanaConfig(t *testing.T) {
	tests := []struct {
		name   string
		config kibana.Config
		ok     bool
	}{
		{"good", kibana.Config{URL: "https://kibana:5601/base", Space: "soc-1", APIKey: "abc"}, true},
		{"no URL", kibana.Config{}, false},
		{"no scheme", kibana.Config{URL: "kibana:5601"}, false},
		{"space that leaves its place", kibana.Config{URL: "https://kibana", Space: "../api"}, false},
		{"half a user", kibana.Config{URL: "https://kibana", Username: "x"}, false},
		{"port 0", kibana.Config{URL: "http://kibana:0"}, false},
		{"port beyond all", kibana.Config{URL: "http://kibana:99999"}, false},
		{"control character", kibana.Config{URL: "https://kibana", APIKey: "a\x1bb"}, false},
		{"password with a space", kibana.Config{URL: "https://kibana", Username: "x", Password: "a b"}, true},
		{"line break", kibana.Config{URL: "https://kibana", APIKey: "a\nb"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.config.Validate(); (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestKibanaSpacesBasePathServerless(t *testing.T) {
	k := elastictest.NewKibana(elastictest.KibanaOptions{BasePath: "/kb", Spaces: []string{"soc"}, APIKey: "abc", Flavor: "serverless", Version: "9.2.0"})
	defer k.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client, err := kibana.NewClient(kibana.Config{URL: k.URL + "/", Space: "soc", APIKey: "abc", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	status, err := client.Status(t.Context())
	if err != nil || status.Version != "9.2.0" || !status.Serverless {
		t.Fatalf("%+v %v", status, err)
	}
	builder, err := rules.NewBuilder(rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := kibana.NewSink(kibana.SinkOptions{Kibana: client, Builder: builder, Settle: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, sink, ruleUpsert(t, 1, nil))
	if len(k.Rules("soc")) != 1 || len(k.Rules("")) != 0 {
		t.Error("the rule isn't in its space")
	}
	for _, r := range k.Requests() {
		if strings.HasSuffix(r.Path, "/api/status") && r.Path != "/kb/api/status" {
			t.Errorf("status asked at %s", r.Path)
		}
	}
}

func TestBulkActionNeedsIDs(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.kibana.Seed("", values{"name": "theirs", "description": "d", "risk_score": 1.0, "severity": "low", "type": "query"})
	for _, ids := range [][]string{nil, {}, {""}, {"a", ""}, make([]string, 101)} {
		if _, err := kt.client().BulkAction(t.Context(), kibana.BulkDelete, ids); err == nil {
			t.Errorf("%q: no error", ids)
		}
	}
	if n := len(kt.kibana.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestKibanaErrors(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
		class      sync.Class
		text       string
	}{
		{"platform", `{"statusCode":400,"error":"Bad Request","message":"[request body]: name: Required"}`, 400, sync.Permanent, "name: Required"},
		{"engine", `{"message":"rule_id: \"a\" already exists","status_code":409}`, 409, sync.Permanent, "already exists"},
		{"engine with a list", `{"message":["a is wrong","b too"],"status_code":400}`, 400, sync.Permanent, "a is wrong; b too"},
		{"html", "<html>Bad Gateway</html>", 502, sync.Transient, "502"},
		{"nothing", "", 503, sync.Transient, "503"},
		{"busy", `{"statusCode":429,"error":"Too Many Requests","message":"slow down"}`, 429, sync.Transient, "slow down"},
		{"no rights", `{"statusCode":403,"error":"Forbidden","message":"API [POST /api] is unauthorized"}`, 403, sync.Blocked, "unauthorized"},
		{"no key", "", 401, sync.Blocked, "401"},
		{"wrong URL", `{"statusCode":404,"error":"Not Found","message":"Not Found"}`, 404, sync.Blocked, "Not Found"},
		{"unknown version", `{"statusCode":400,"error":"Bad Request","message":"No version \"2023-10-31\" available for [post] [/api]"}`, 400, sync.Blocked, "No version"},
		{"redirect", "", 302, sync.Blocked, "302"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(tt.status)
				_, _ = fmt.Fprint(w, tt.body)
			}))
			defer server.Close()
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client, err := kibana.NewClient(kibana.Config{URL: server.URL, APIKey: "topsecret", Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.CreateRule(t.Context(), []byte("{}"))
			status, ok := errors.AsType[*elastic.StatusError](err)
			if !ok || status.Status != tt.status || sync.Classify(err) != tt.class || !strings.Contains(err.Error(), tt.text) || sync.RetryAfter(err) != 7*time.Second {
				t.Errorf("%v (class %v, after %v)", err, sync.Classify(err), sync.RetryAfter(err))
			}
			if strings.Contains(err.Error(), "topsecret") {
				t.Error("the key is in the error")
			}
		})
	}
}

func TestLookUpsFitTheURL(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{MaxURL: 2000})
	var changes []sync.Change
	for n := range 200 {
		changes = append(changes, ruleUpsert(t, n, nil))
	}
	sink := kt.sink()
	kt.write(sink, changes...)
	var ids []string
	for _, c := range changes {
		ids = append(ids, rules.RuleID("", c.Key))
	}
	found, err := kt.client().RulesByRuleID(t.Context(), ids)
	if err != nil || len(found) != 200 {
		t.Errorf("%d rules found, %v", len(found), err)
	}
}

func TestListBeyondTheWindow(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	const count = 10_300
	for n := range count {
		kt.kibana.Seed("", values{"rule_id": fmt.Sprint("r", n), "name": "n", "description": "d", "risk_score": 1.0, "severity": "low", "type": "query", "tags": []any{"t"}})
	}
	seen := map[string]bool{}
	for r, err := range kt.client().RulesByTag(t.Context(), "t") {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.RuleID] {
			t.Fatalf("%s comes twice", r.RuleID)
		}
		seen[r.RuleID] = true
	}
	if len(seen) != count {
		t.Errorf("%d rules, want %d", len(seen), count)
	}
}

func TestRulesStopWithTheContext(t *testing.T) {
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	kt.config.Settle = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := kt.sink().Write(ctx, []sync.Change{ruleUpsert(t, 1, nil)})
	if sync.Classify(err) != sync.Canceled {
		t.Errorf("%v", err)
	}
}

// TestStatusTellsKibanaFromOthers: at an address that was only guessed, anything can answer.
func TestStatusTellsKibanaFromOthers(t *testing.T) {
	const version = `{"name":"kibana","version":{"number":"8.19.0","build_flavor":"traditional"},"status":{"overall":{"level":"available"}}}`
	marked := map[string]string{"kbn-name": "kibana", "kbn-license-sig": "abc"}
	elasticsearch := map[string]string{"X-elastic-product": "Elasticsearch"}
	for _, tt := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		other  bool // it is something else for certain
		fault  bool // it may be Kibana, and can't say so now
	}{
		{"Kibana", 200, marked, version, false, false},
		{"Kibana behind a proxy that drops headers", 200, nil, version, false, false},
		{"Kibana that says little without privileges", 200, nil, `{"status":{"overall":{"level":"available"}}}`, false, false},
		{"Kibana refuses the key", 401, marked, `{"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}`, false, true},
		{"Kibana refuses the key, without its headers", 403, nil, `{"statusCode":403,"error":"Forbidden","message":"no"}`, false, true},
		{"Kibana starts", 503, nil, "Kibana server is not ready yet.", false, true},
		{"a proxy whose Kibana is down", 502, nil, "<html>", false, true},
		{"Elasticsearch", 405, elasticsearch, `{"error":"Incorrect HTTP method for uri [/api/status] and method [GET], allowed: [POST]","status":405}`, true, false},
		{"Elasticsearch refuses the key", 401, nil, `{"error":{"root_cause":[{"type":"security_exception"}],"type":"security_exception","reason":"unable to authenticate"},"status":401}`, true, false},
		{"Elasticsearch is full", 503, elasticsearch, `{"error":{"type":"cluster_block_exception","reason":"x"},"status":503}`, true, false},
		{"Elasticsearch has such an index", 200, elasticsearch, `{"_index":"api","_id":"status","found":true}`, true, false},
		{"a web server", 404, nil, "<html>not found", true, false},
		{"a web server that asks who we are", 401, nil, "<html>", true, false},
		{"a web page", 200, nil, "<html>welcome", true, false},
		{"some other program", 200, nil, `{"version":"1.0","status":"ok"}`, true, false},
		{"a redirect", 302, map[string]string{"Location": "/login"}, "", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, v := range tt.header {
					w.Header().Set(name, v)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer s.Close()
			client, err := kibana.NewClient(kibana.Config{URL: s.URL})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Status(t.Context())
			if other := errors.Is(err, kibana.ErrNotKibana); other != tt.other || (err != nil && !other) != tt.fault {
				t.Errorf("%v; something else: %v, want %v; a fault: want %v", err, other, tt.other, tt.fault)
			}
		})
	}
}
