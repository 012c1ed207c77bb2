package kibana

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"golang.org/x/time/rate"
)

// Config says how to reach a Kibana and which of its spaces.
type Config struct {
	// URL is Kibana's address, with its base path if it has one: "https://kibana.example.org:5601/kb".
	// [Address] derives it from Elasticsearch's.
	URL string
	// Space is the id of the space that the rules belong to; empty is the default one.
	Space string
	// APIKey is the encoded form of an API key. Every rule written with it runs
	// with its privileges, and fails once the key is deleted or expires.
	APIKey string
	// Username and Password are used when there is no APIKey.
	Username, Password string
	// Transport carries the requests; nil is [http.DefaultTransport].
	Transport http.RoundTripper
	// Timeout ends a request, default 1 minute; imports have ImportTimeout, default 10 minutes,
	// since Kibana overwrites rules one by one.
	Timeout, ImportTimeout time.Duration
	// RequestsPerSecond bounds what Kibana is asked, default 20; negative is without bound.
	RequestsPerSecond float64
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var errs []error
	if _, err := endpoint.ParseURL(c.URL); err != nil {
		errs = append(errs, fmt.Errorf("kibana: URL: %w", err))
	}
	if strings.Trim(c.Space, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		errs = append(errs, fmt.Errorf("kibana: space %q: an id has only lower-case letters, digits, _ and -", c.Space))
	}
	if c.APIKey == "" && (c.Username == "") != (c.Password == "") {
		errs = append(errs, errors.New("kibana: a user needs a password and a password a user"))
	}
	if err := endpoint.CheckToken(strings.TrimSpace(c.APIKey)); err != nil {
		errs = append(errs, fmt.Errorf("kibana: API key: %w", err))
	}
	for _, secret := range []string{c.Username, c.Password} {
		if err := endpoint.CheckPassword(secret); err != nil {
			errs = append(errs, fmt.Errorf("kibana: user or password: %w", err))
		}
	}
	if c.Timeout < 0 || c.ImportTimeout < 0 {
		errs = append(errs, errors.New("kibana: timeouts must not be negative"))
	}
	return errors.Join(errs...)
}

// Client is a client of the detection engine of one space. It retries nothing by
// itself. It is safe for concurrent use.
type Client struct {
	base    string // with the space, without a slash at the end
	root    string // without the space
	auth    string
	client  *http.Client
	limiter *rate.Limiter

	timeout, importTimeout time.Duration
	urlLimit               atomic.Int64 // longest request line that Kibana took so far

	mu     sync.Mutex
	status *Status
}

// NewClient makes a client. It sends nothing yet.
func NewClient(c Config) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	u, err := endpoint.ParseURL(c.URL)
	if err != nil {
		return nil, err
	}
	k := &Client{timeout: c.Timeout, importTimeout: c.ImportTimeout}
	switch {
	case c.APIKey != "":
		k.auth = "ApiKey " + strings.TrimSpace(c.APIKey)
	case c.Username != "":
		k.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
	case u.User != nil:
		password, _ := u.User.Password()
		k.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	u.User = nil
	k.root = strings.TrimRight(u.String(), "/")
	k.base = k.root
	if c.Space != "" && c.Space != "default" {
		k.base += "/s/" + c.Space
	}
	if k.timeout == 0 {
		k.timeout = time.Minute
	}
	if k.importTimeout == 0 {
		k.importTimeout = 10 * time.Minute
	}
	perSecond := c.RequestsPerSecond
	switch {
	case perSecond == 0:
		perSecond = defaultRequestsPerSecond
	case perSecond < 0:
		perSecond = float64(rate.Inf)
	}
	k.limiter = rate.NewLimiter(rate.Limit(perSecond), int(max(1, min(perSecond, 100))))
	k.urlLimit.Store(maxFindURL)
	k.client = &http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a redirect would lose the method, and could carry the key elsewhere
	}}
	return k, nil
}

// request is one request to Kibana.
type request struct {
	op, method, url string
	body            []byte
	contentType     string
	timeout         time.Duration
	// accept takes answers besides 200 whose body is worth reading.
	accept func(status int, body []byte) bool
}

// maxAnswer bounds what is read of an answer: a page of rules, or the deleted rules of a bulk action.
const maxAnswer = 512 << 20

// do sends a request and returns the body of the answer, or an error: a
// [*elastic.StatusError] if Kibana answered.
func (k *Client) do(ctx context.Context, r request) ([]byte, error) {
	a, err := k.send(ctx, r)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK && (r.accept == nil || !r.accept(a.status, a.body)) {
		return nil, newStatusError(r.op, a.status, a.header, a.body)
	}
	return a.body, nil
}

// answer is whatever a server answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request and returns the answer, or an error if there was none.
func (k *Client) send(ctx context.Context, r request) (answer, error) {
	if err := k.limiter.Wait(ctx); err != nil {
		return answer{}, fmt.Errorf("%s: %w", r.op, err)
	}
	if r.timeout == 0 {
		r.timeout = k.timeout
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, fmt.Errorf("%s: the URL is malformed", r.op)
	}
	req.Header.Set("kbn-xsrf", "opencti-elastic")
	req.Header.Set("elastic-api-version", apiVersion)
	req.Header.Set("Accept", "application/json, application/ndjson")
	req.Header.Set("User-Agent", "opencti-elastic")
	if k.auth != "" {
		req.Header.Set("Authorization", k.auth)
	}
	if r.body != nil {
		if r.contentType == "" {
			r.contentType = "application/json"
		}
		req.Header.Set("Content-Type", r.contentType)
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return answer{}, endpoint.RequestError(ctx, r.op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, endpoint.RequestError(ctx, r.op, err)
	}
	return answer{resp.StatusCode, resp.Header, b}, nil
}

const (
	apiVersion = "2023-10-31"
	rulesPath  = "/api/detection_engine/rules"

	defaultRequestsPerSecond = 20
)
