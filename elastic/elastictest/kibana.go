package elastictest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// KibanaOptions says what kind of Kibana a [Kibana] is. The zero value is a
// self-managed 8.19 with a Platinum licence, the default space, and no authentication.
type KibanaOptions struct {
	// Version is version.number of the status API; default "8.19.0".
	Version string
	// Flavor is version.build_flavor: "traditional" (default) or "serverless",
	// which refuses requests without elastic-api-version.
	Flavor string
	// BasePath is server.basePath, such as "/kibana"; default none.
	BasePath string
	// Spaces are the ids of the spaces that exist besides "default".
	Spaces []string
	// APIKey, when set, is demanded as "Authorization: ApiKey <APIKey>".
	APIKey string
	// BasicLicence refuses alert suppression with 403.
	BasicLicence bool
	// RefreshAfter is how many further requests it takes until a write is seen
	// by searches and by look-ups of a rule_id; 0: at once. Look-ups by id are real-time.
	RefreshAfter int
	// RefreshInterval is the same in time; a write is seen once both have passed.
	RefreshInterval time.Duration
	// MaxImportBytes is the limit of an import's body; default 10 MiB.
	MaxImportBytes int64
	// MaxImportRules is the limit of an import's rules; default 10,000.
	MaxImportRules int
	// MaxURL is the longest request line that is taken, in bytes; default 16,000. A longer one is a 414.
	MaxURL int
}

// Kibana is a stand-in for Kibana's detection engine and exception lists. It is
// as strict as Kibana where Kibana is strict, and as kind where Kibana is kind:
// it doesn't look into queries, and it acts on every rule of the space when a
// bulk action names none.
type Kibana struct {
	// URL is its address, base path included.
	URL string

	server *httptest.Server
	opts   KibanaOptions

	mu       sync.Mutex
	requests []KibanaRequest
	count    int
	serial   int
	faults   []*KibanaFault
	refuse   func(rule map[string]any) (status int, message string)
	spaces   map[string]*kibanaSpace
	schemas  map[string]props
}

// KibanaRequest is one request that a [Kibana] has answered.
type KibanaRequest struct {
	Method, Path, Query string
	// Status is the answer's; 0 if the connection was cut.
	Status int
	// Bytes is the size of the request's body, Rules how many rules an import held.
	Bytes, Rules int
}

// NewKibana starts a stand-in. Close it when done.
func NewKibana(opts KibanaOptions) *Kibana {
	k := &Kibana{opts: opts, spaces: make(map[string]*kibanaSpace), schemas: ruleSchemas()}
	setDefault(&k.opts.Version, "8.19.0")
	setDefault(&k.opts.Flavor, "traditional")
	setDefault(&k.opts.MaxImportBytes, 10<<20)
	setDefault(&k.opts.MaxImportRules, 10_000)
	setDefault(&k.opts.MaxURL, 16_000)
	for _, id := range append([]string{"default"}, opts.Spaces...) {
		k.spaces[id] = newKibanaSpace()
	}
	k.server = httptest.NewServer(http.HandlerFunc(k.serve))
	k.URL = k.server.URL + opts.BasePath
	return k
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// Close stops the server.
func (k *Kibana) Close() { k.server.Close() }

// Requests gives the requests answered so far, in their order.
func (k *Kibana) Requests() []KibanaRequest {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.requests)
}

// ForgetRequests empties what [Kibana.Requests] gives.
func (k *Kibana) ForgetRequests() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.requests = nil
}

// kibanaCall is one request while it is handled, under the lock.
type kibanaCall struct {
	k     *Kibana
	space *kibanaSpace
	r     *http.Request
	path  string // below the space, "/api/…"
	body  []byte
}

// reply is an answer; a nil body is sent as an empty one.
type reply struct {
	status int
	body   any
	ndjson []byte
	header http.Header
}

func platformError(status int, format string, args ...any) reply {
	return reply{status: status, body: map[string]any{
		"statusCode": status, "error": http.StatusText(status), "message": fmt.Sprintf(format, args...),
	}}
}

func engineError(status int, format string, args ...any) reply {
	return reply{status: status, body: map[string]any{"message": fmt.Sprintf(format, args...), "status_code": status}}
}

func (k *Kibana) serve(w http.ResponseWriter, r *http.Request) {
	body, readErr := readAll(r)
	k.mu.Lock()
	entry := KibanaRequest{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Bytes: len(body)}
	k.count++
	for _, s := range k.spaces {
		s.refresh(k.count-k.opts.RefreshAfter, time.Now().Add(-k.opts.RefreshInterval))
	}
	fault := k.takeFault(r)
	var ans reply
	switch {
	case readErr != nil:
		ans = platformError(http.StatusBadRequest, "read body: %v", readErr)
	case fault != nil && !fault.AfterEffect:
		ans = fault.reply()
	default:
		ans = k.answer(r, body)
		if fault != nil {
			ans = fault.reply()
		}
	}
	cut := fault != nil && fault.Cut
	if cut {
		ans.status = 0
	}
	entry.Status = ans.status
	if answer, ok := ans.body.(map[string]any); ok && strings.HasSuffix(r.URL.Path, "/_import") {
		entry.Rules, _ = answer["rules_count"].(int)
	}
	k.requests = append(k.requests, entry)
	k.mu.Unlock()
	if fault != nil && fault.Delay > 0 {
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
		}
	}
	if cut {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("kbn-name", "kibana")
	w.Header().Set("kbn-license-sig", "0c1f6f0f9a4e0b7d")
	ans.send(w)
}

func (a reply) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	var b []byte
	switch {
	case a.ndjson != nil:
		w.Header().Set("Content-Type", "application/ndjson")
		b = a.ndjson
	case a.body != nil:
		if text, ok := a.body.(string); ok {
			b = []byte(text)
			break
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		b, _ = json.Marshal(a.body)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(b)
}

// answer does what every request goes through before its route: length,
// authentication, space, headers.
func (k *Kibana) answer(r *http.Request, body []byte) reply {
	if len(r.RequestURI) > k.opts.MaxURL {
		return reply{status: http.StatusRequestURITooLong, body: "URI Too Long"}
	}
	path, ok := strings.CutPrefix(r.URL.Path, k.opts.BasePath)
	if !ok {
		return platformError(http.StatusNotFound, "Not Found")
	}
	if k.opts.APIKey != "" && r.Header.Get("Authorization") != "ApiKey "+k.opts.APIKey {
		return platformError(http.StatusUnauthorized, "[security_exception]: unable to authenticate")
	}
	space := "default"
	if rest, found := strings.CutPrefix(path, "/s/"); found {
		space, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	s := k.spaces[space]
	if s == nil {
		return platformError(http.StatusNotFound, "Not Found")
	}
	if r.Method != http.MethodGet && r.Header.Get("kbn-xsrf") == "" {
		return platformError(http.StatusBadRequest, "Request must contain a kbn-xsrf header.")
	}
	if path == "/api/status" {
		return k.status()
	}
	switch version := r.Header.Get("elastic-api-version"); {
	case version == "" && k.opts.Flavor == "serverless":
		return platformError(http.StatusBadRequest, "Please specify a version via elastic-api-version header. Available versions: [2023-10-31]")
	case version != "" && version != "2023-10-31":
		return platformError(http.StatusBadRequest, "No version %q available for [%s] [%s]. Available versions are: 2023-10-31", version, strings.ToLower(r.Method), path)
	}
	return k.route(&kibanaCall{k: k, space: s, r: r, path: path, body: body})
}

func (k *Kibana) status() reply {
	return reply{status: http.StatusOK, body: map[string]any{
		"name":    "kibana",
		"version": map[string]any{"number": k.opts.Version, "build_flavor": k.opts.Flavor},
		"status":  map[string]any{"overall": map[string]any{"level": "available"}},
	}}
}

func (k *Kibana) route(c *kibanaCall) reply {
	const rules = "/api/detection_engine/rules"
	if !strings.HasPrefix(c.path, rules) && !strings.HasPrefix(c.path, "/api/exception_lists") &&
		!strings.HasPrefix(c.path, "/api/detection_engine/") {
		return platformError(http.StatusNotFound, "Not Found")
	}
	routes := map[string]func(*kibanaCall) reply{
		"POST " + rules:                        createRule,
		"GET " + rules:                         getRule,
		"PUT " + rules:                         putRule,
		"PATCH " + rules:                       patchRule,
		"DELETE " + rules:                      deleteRule,
		"GET " + rules + "/_find":              findRules,
		"POST " + rules + "/_bulk_action":      bulkAction,
		"POST " + rules + "/_import":           importRules,
		"POST " + rules + "/_export":           exportRules,
		"GET /api/detection_engine/tags":       listTags,
		"GET /api/detection_engine/privileges": privileges,
		"POST /api/exception_lists":            createList,
		"GET /api/exception_lists":             getList,
		"DELETE /api/exception_lists":          deleteList,
		"GET /api/exception_lists/_find":       findLists,
		"POST /api/exception_lists/items":      createItem,
		"GET /api/exception_lists/items":       getItem,
		"DELETE /api/exception_lists/items":    deleteItem,
		"GET /api/exception_lists/items/_find": findItems,
	}
	if h := routes[c.r.Method+" "+c.path]; h != nil {
		return h(c)
	}
	return platformError(http.StatusNotFound, "Not Found")
}
