package elastictest

import (
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Options are the options of [NewElasticsearch]; the zero value is a server without security.
type Options struct {
	// APIKey, in the encoded form, is what requests must carry; empty for none.
	APIKey string
	// Username and Password are taken as well, if set.
	Username, Password string
	// MaxBody is http.max_content_length: a larger body is answered by 413. Default 100 MiB.
	MaxBody int64
	// Version is the version number that the server names, default "8.19.0".
	Version string
	// Serverless makes it refuse what Elastic's serverless offer does not have.
	Serverless bool
	// IgnoreFilterPath gives whole answers, as some proxies and older servers do.
	IgnoreFilterPath bool
	// ManualRefresh makes writes visible to searches by a refresh only, never by the passing of time.
	ManualRefresh bool
	// TLS serves HTTPS with httptest's certificate.
	TLS bool
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// Elasticsearch is a server in this process that behaves like Elasticsearch in what a
// client of threat indices can notice. It is safe for concurrent use.
type Elasticsearch struct {
	// URL is the server's address.
	URL string
	// Server is the HTTP server underneath, for its certificate and client.
	Server *httptest.Server

	o      Options
	faults faults
	counts counters

	mu         sync.RWMutex
	indices    map[string]*esIndex
	aliases    map[string]string
	streams    map[string]*esStream
	components map[string]*esComponent
	templates  map[string]*esTemplate
	pipelines  map[string]bool
}

// NewElasticsearch starts a server. The caller must close it.
func NewElasticsearch(o Options) *Elasticsearch {
	if o.MaxBody == 0 {
		o.MaxBody = 100 << 20
	}
	if o.Version == "" {
		o.Version = "8.19.0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Elasticsearch{
		o: o, indices: make(map[string]*esIndex), aliases: make(map[string]string), streams: make(map[string]*esStream),
		components: make(map[string]*esComponent), templates: builtinTemplates(), pipelines: make(map[string]bool),
	}
	s.Server = httptest.NewUnstartedServer(s)
	if o.TLS {
		s.Server.StartTLS()
	} else {
		s.Server.Start()
	}
	s.URL = s.Server.URL
	return s
}

// Close stops the server and cuts all connections.
func (s *Elasticsearch) Close() {
	s.faults.clear()
	s.Server.CloseClientConnections()
	s.Server.Close()
}

// ServeHTTP implements [http.Handler], so that the server can be put behind another.
func (s *Elasticsearch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := operation(r)
	s.counts.request(op)
	fault := s.faults.pick(r)
	if fault != nil && !fault.apply(w, r) {
		return
	}
	body, status := s.body(r)
	if status != 0 {
		s.fail(w, status, "http_error", http.StatusText(status))
		return
	}
	if fault != nil && fault.Item == nil && fault.Status != 0 {
		fault.answer(w)
		return
	}
	if !s.authorized(r) {
		w.Header().Set("WWW-Authenticate", `ApiKey`)
		s.fail(w, http.StatusUnauthorized, "security_exception", "missing or wrong authentication credentials for REST request ["+r.URL.Path+"]")
		return
	}
	c := &esCall{server: s, w: w, r: r, body: body, op: op}
	if fault != nil {
		c.itemFault, c.loseReply = fault.Item, fault.ResetAfter
	}
	c.route()
}

// body reads a request's body, unpacked; status is set if it cannot be taken.
func (s *Elasticsearch) body(r *http.Request) (body []byte, status int) {
	if r.ContentLength > s.o.MaxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	var reader io.Reader = http.MaxBytesReader(nil, r.Body, s.o.MaxBody)
	size := r.ContentLength
	switch enc := r.Header.Get("Content-Encoding"); enc {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(reader)
		if err != nil {
			return nil, http.StatusBadRequest
		}
		reader, size = io.LimitReader(z, s.o.MaxBody+1), 4*size
	default:
		return nil, http.StatusUnsupportedMediaType
	}
	body = make([]byte, 0, max(size, 0)+512)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err == io.EOF {
			break
		}
		if err != nil || int64(len(body)) > s.o.MaxBody {
			return nil, http.StatusRequestEntityTooLarge
		}
	}
	s.counts.bytes.Add(int64(len(body)))
	return body, 0
}

func (s *Elasticsearch) authorized(r *http.Request) bool {
	if s.o.APIKey == "" && s.o.Username == "" {
		return true
	}
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch strings.ToLower(scheme) {
	case "apikey":
		return s.o.APIKey != "" && value == s.o.APIKey
	case "basic":
		want := base64.StdEncoding.EncodeToString([]byte(s.o.Username + ":" + s.o.Password))
		return s.o.Username != "" && value == want
	}
	return false
}

// fail answers with an error in Elasticsearch's form.
func (s *Elasticsearch) fail(w http.ResponseWriter, status int, kind, reason string) {
	s.answer(w, status, errorAnswer(status, kind, reason))
}

// answer sends a JSON answer with the headers of Elasticsearch.
func (s *Elasticsearch) answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
