package opencti

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ClientConfig describes a GraphQL client. The zero value of every field but URL and Token is its default.
type ClientConfig struct {
	// URL is OpenCTI's address; it may have a path and end in "/".
	URL string
	// Token is the API token of the connector's user.
	Token string
	// Headers are sent with each request; for proxies that want some of their own.
	Headers map[string]string
	// Timeout bounds a request. Default 30 s.
	Timeout time.Duration
	// HTTPClient makes the requests. Default: one of its own.
	HTTPClient *http.Client
}

// Validate names all that is wrong with the configuration.
func (c ClientConfig) Validate() error {
	var errs []error
	if _, err := parseURL(c.URL); err != nil {
		errs = append(errs, err)
	}
	if c.Token == "" {
		errs = append(errs, errors.New("OpenCTI token: missing: copy it from the user's profile"))
	}
	if err := checkToken(c.Token); err != nil {
		errs = append(errs, err)
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout: %v: must not be negative", c.Timeout))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if !validHeader(name, c.Headers[name]) {
			errs = append(errs, fmt.Errorf("header %q: its name or value cannot be sent", name))
		}
	}
	return errors.Join(errs...)
}

func validHeader(name, value string) bool {
	req := http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: "x"}, Header: http.Header{name: {value}}}
	return name != "" && req.Write(io.Discard) == nil && !bytes.ContainsAny([]byte(name), " :\r\n\t") && !bytes.ContainsAny([]byte(value), "\r\n\x00")
}

// Client speaks the few operations of OpenCTI's GraphQL interface that a
// connector needs, with no field that a platform from 5.12 on does not know. It is safe for concurrent use.
type Client struct {
	cfg    ClientConfig
	url    string
	client *http.Client
}

// NewClient makes a client.
func NewClient(cfg ClientConfig) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	base, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	return &Client{cfg: cfg, url: base.JoinPath("graphql").String(), client: guard(cfg.HTTPClient, base)}, nil
}

// GraphQLError is the platform's refusal of an operation; the HTTP status was 200.
type GraphQLError struct {
	// Op is the operation: "registerConnector".
	Op string
	// Name is the platform's name of the error, such as AUTH_REQUIRED or FORBIDDEN_ACCESS; it can be empty.
	Name string
	// Message is what the platform says.
	Message string
}

// Error implements error.
func (e *GraphQLError) Error() string {
	s := e.Op + ": OpenCTI refuses: " + e.Message
	if e.Name != "" {
		s += " (" + e.Name + ")"
	}
	if e.Denied() {
		s += ": check the token and the rights of its user"
	}
	return s
}

// Denied reports whether the token is not known or lacks the right.
func (e *GraphQLError) Denied() bool {
	return e.Name == "AUTH_REQUIRED" || e.Name == "FORBIDDEN_ACCESS" || e.Name == "AUTH_FAILURE"
}

// Blocked reports whether someone has to act before another attempt can succeed.
func (e *GraphQLError) Blocked() bool { return e.Denied() }

// maxAnswer bounds an answer; the largest holds a connector's state.
const maxAnswer = 16 << 20

// do sends one operation and decodes its data into out.
func (c *Client) do(ctx context.Context, op, query string, variables, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return fmt.Errorf("%s: encode: %w", op, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: the OpenCTI URL makes no valid address", op)
	}
	for name, value := range c.cfg.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "opencti-elastic")
	resp, err := c.client.Do(req)
	if err != nil {
		return requestError(op, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return c.decode(op, resp, answer, out)
}

func (c *Client) decode(op string, resp *http.Response, answer []byte, out any) error {
	var got struct {
		Data   jsontext.Value `json:"data"`
		Errors []struct {
			Message    string `json:"message"`
			Name       string `json:"name"`
			Extensions struct {
				Code string `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	err := json.Unmarshal(answer, &got, lenient)
	if err == nil && len(got.Errors) > 0 {
		first := got.Errors[0]
		name := first.Name
		name = cmp.Or(name, first.Extensions.Code)
		return &GraphQLError{Op: op, Name: clean(name, c.secrets()...), Message: clean(first.Message, c.secrets()...)}
	}
	if resp.StatusCode != http.StatusOK {
		return statusError(op, resp, c.secrets()...)
	}
	if err != nil {
		ct := resp.Header.Get("Content-Type")
		if media, _, _ := mime.ParseMediaType(ct); media != "application/json" {
			return &ContentTypeError{Op: op, Got: clean(ct, c.secrets()...)}
		}
		return fmt.Errorf("%s: decode the answer: %w", op, err)
	}
	if err := json.Unmarshal(got.Data, out, lenient); err != nil {
		return fmt.Errorf("%s: decode the answer: %w", op, err)
	}
	return nil
}

// lenient takes what Node's JSON writer can produce.
var lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// secrets is what must not come back in an error.
func (c *Client) secrets() []string {
	out := []string{c.cfg.Token}
	for _, value := range c.cfg.Headers {
		if len(value) >= 8 {
			out = append(out, value)
		}
	}
	return out
}
