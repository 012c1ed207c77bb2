package elastic

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/go-json-experiment/json"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
)

// Config says how to reach an Elasticsearch. URLs are needed.
type Config struct {
	// URLs are the nodes or the one address of a cluster, "https://es.example.org:9200"; a path is kept.
	URLs []string
	// APIKey is the encoded form of an API key, as Kibana shows it.
	APIKey string
	// Username and Password are used when there is no APIKey.
	Username, Password string
	// TLS is how to check the server.
	TLS TLS
	// Gzip compresses bulk requests: a tenth to a quarter of the bytes for about half as much CPU
	// again as a write takes here. For links that are slow or paid for.
	Gzip bool
	// StallTimeout ends a request on whose connection no byte moves, default 90 seconds.
	// There is no limit for a whole request.
	StallTimeout time.Duration
	// Transport replaces the connection pool, for tests; nil makes one from TLS.
	Transport http.RoundTripper
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var errs []error
	if len(c.URLs) == 0 {
		errs = append(errs, errors.New("elasticsearch: a URL is needed"))
	}
	for _, raw := range c.URLs {
		if _, err := endpoint.ParseURL(raw); err != nil {
			errs = append(errs, fmt.Errorf("elasticsearch: URL: %w", err))
		}
	}
	if c.APIKey == "" && (c.Username == "") != (c.Password == "") {
		errs = append(errs, errors.New("elasticsearch: a user needs a password and a password a user"))
	}
	if err := endpoint.CheckToken(strings.TrimSpace(c.APIKey)); err != nil {
		errs = append(errs, fmt.Errorf("elasticsearch: API key: %w", err))
	}
	for _, secret := range []string{c.Username, c.Password} {
		if err := endpoint.CheckPassword(secret); err != nil {
			errs = append(errs, fmt.Errorf("elasticsearch: user or password: %w", err))
		}
	}
	return errors.Join(append(errs, c.TLS.Validate())...)
}

// Client talks to one Elasticsearch over one pool of connections. It retries nothing by
// itself: that is the engine's work. It is safe for concurrent use.
type Client struct {
	base *elasticsearch.BaseClient
	pool *http.Transport
	gzip bool
}

// NewClient makes a client. It sends nothing yet.
func NewClient(c Config) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	client := &Client{gzip: c.Gzip}
	if c.Transport == nil {
		pool, err := NewTransport(c.TLS, c.StallTimeout)
		if err != nil {
			return nil, err
		}
		pool.DisableCompression = !c.Gzip
		client.pool, c.Transport = pool, pool
	}
	addresses := c.addresses()
	base, err := elasticsearch.NewBaseClient(elasticsearch.Config{
		Addresses: addresses, APIKey: strings.TrimSpace(c.APIKey), Username: c.Username, Password: c.Password,
		DisableRetry: true, DisableMetaHeader: true, Transport: c.Transport,
	})
	if err != nil {
		return nil, errors.New("elasticsearch: a URL is malformed")
	}
	client.base = base
	return client, nil
}

// addresses gives the URLs without a user and password, which move to where the other credentials are.
func (c *Config) addresses() []string {
	out := make([]string, 0, len(c.URLs))
	for _, raw := range c.URLs {
		u, err := endpoint.ParseURL(raw)
		if err != nil {
			continue // Validate has refused it
		}
		if password, ok := u.User.Password(); ok && c.APIKey == "" && c.Username == "" {
			c.Username, c.Password = u.User.Username(), password
		}
		u.User = nil
		out = append(out, u.String())
	}
	return out
}

// Close gives up the idle connections.
func (c *Client) Close() {
	if c.pool != nil {
		c.pool.CloseIdleConnections()
	}
}

// Info is what a cluster says of itself.
type Info struct {
	// Name is the cluster's, Version the number, "8.19.21".
	Name, Version string
	// Serverless tells whether it is Elastic's serverless offer, which has no shards, replicas and lifecycle policies.
	Serverless bool
}

// Info asks the cluster who it is.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var out struct {
		ClusterName string `json:"cluster_name"`
		Version     struct {
			Number      string `json:"number"`
			BuildFlavor string `json:"build_flavor"`
		} `json:"version"`
	}
	err := c.call(ctx, request{op: "ask for the version", method: http.MethodGet, path: "/"}, &out)
	return Info{Name: out.ClusterName, Version: out.Version.Number, Serverless: out.Version.BuildFlavor == "serverless"}, err
}

// request is one call. The path is of our own making: names in it are checked before.
type request struct {
	op     string
	method string
	path   string
	query  url.Values
	body   []byte
	ndjson bool
}

// call sends a request and reads the JSON answer into out, which may be nil.
func (c *Client) call(ctx context.Context, r request, out any) error {
	buf := bufferPool.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	if err := c.send(ctx, r, buf); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	return decodeAnswer(r.op, buf.Bytes(), out)
}

// decodeAnswer reads a success. One that is not what Elasticsearch says comes from
// something in between, a proxy's page, and can be gone the next time.
func decodeAnswer(op string, body []byte, out any) error {
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: the answer is not Elasticsearch's: %w", op, err)
	}
	return nil
}

// send does the round trip and puts the body of a success into answer.
func (c *Client) send(ctx context.Context, r request, answer *bytes.Buffer) error {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return err
	}
	res, err := c.base.Perform(req)
	if err != nil {
		if strings.HasPrefix(err.Error(), unknownProduct) {
			return &StatusError{Op: r.op, Status: http.StatusOK, Type: typeUnknownProduct,
				Reason: "what answers at this URL does not say that it is Elasticsearch; check the URL, and that no proxy removes the X-Elastic-Product header"}
		}
		return endpoint.RequestError(ctx, r.op, err)
	}
	defer res.Body.Close()
	if n := res.ContentLength; n > 0 && n <= maxAnswer {
		answer.Grow(int(n) + bytes.MinRead)
	}
	n, err := answer.ReadFrom(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return endpoint.RequestError(ctx, r.op, fmt.Errorf("read the answer: %w", err))
	}
	if n > maxAnswer {
		return fmt.Errorf("%s: the answer is larger than %d MiB", r.op, maxAnswer>>20)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return newStatusError(r.op, res.StatusCode, res.Header, answer.Bytes())
	}
	return nil
}

// unknownProduct is how go-elasticsearch's product check begins.
const unknownProduct = "the client noticed that the server is not Elasticsearch"

// maxAnswer bounds what one answer may hold in memory.
const maxAnswer = 64 << 20

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	u := url.URL{Path: r.path, RawQuery: r.query.Encode()}
	body := r.body
	zip := c.gzip && r.ndjson
	if zip {
		var err error
		if body, err = compress(body); err != nil {
			return nil, fmt.Errorf("%s: %w", r.op, err)
		}
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), reader)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.op, err)
	}
	req.Header.Set("Accept", "application/json")
	switch {
	case r.ndjson:
		req.Header.Set("Content-Type", "application/x-ndjson")
	case body != nil:
		req.Header.Set("Content-Type", "application/json")
	}
	if zip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	return req, nil
}

var bufferPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// putBuffer keeps a buffer for the next use unless it grew beyond what is usual.
func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 1<<20 {
		b.Reset()
		bufferPool.Put(b)
	}
}

var gzipPool = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return w
}}

func compress(b []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(b)/4 + 512)
	w := gzipPool.Get().(*gzip.Writer)
	defer gzipPool.Put(w)
	w.Reset(&out)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
