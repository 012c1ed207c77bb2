package elastic

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
)

// A StatusError is an answer of a server that is no success, of a whole request or of one
// item of a bulk request. It tells the engine by its methods what to do.
type StatusError struct {
	// Op is what was tried: "bulk", "put index template".
	Op string
	// Status is the HTTP status, or the item's.
	Status int
	// Type is the server's name for the fault, "mapper_parsing_exception"; empty if it gave none.
	Type string
	// Reason is the server's words, cut to a length that fits a log line.
	Reason string
	// Wait is the server's Retry-After; zero if there was none.
	Wait time.Duration
}

// Error implements error.
func (e *StatusError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: status %d", e.Op, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if e.Type != "" {
		b.WriteString(": " + e.Type)
	}
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	if advice := e.advice(); advice != "" {
		b.WriteString(" (" + advice + ")")
	}
	return b.String()
}

// advice says what a person can do, where the status tells.
func (e *StatusError) advice() string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "check the API key or the user and password"
	case e.Status == http.StatusForbidden && !e.blockedIndex():
		return "check the privileges of the API key or user"
	case e.wrongURL():
		return "check the URL"
	}
	return ""
}

// Retryable tells whether the same request can succeed later: not after a 4xx that speaks of the
// request itself. A missing index is made anew.
func (e *StatusError) Retryable() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status < 400 || e.Status >= 500 || e.Blocked() || e.indexMissing()
}

// Blocked tells whether someone has to act: rights, credentials, a wrong URL, a missing pipeline.
func (e *StatusError) Blocked() bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusPaymentRequired:
		return true
	}
	return e.wrongURL() || e.Type == typeUnknownProduct || e.misconfigured()
}

// RetryAfter is how long the server asked to wait, or zero.
func (e *StatusError) RetryAfter() time.Duration { return e.Wait }

// wrongURL: something answered that has no such path. Elasticsearch's own 404 names a
// missing index, alias or template by its type.
func (e *StatusError) wrongURL() bool {
	switch e.Status {
	case http.StatusNotFound:
		return e.Type == ""
	case http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusGone, http.StatusUnsupportedMediaType:
		return true
	}
	return e.Status >= 300 && e.Status < 400
}

// misconfigured: the ingest pipeline does not exist, or the alias has no index to write to. Elasticsearch
// says so for each item, as if the documents were at fault.
func (e *StatusError) misconfigured() bool {
	return e.Status == http.StatusBadRequest && e.Type == "illegal_argument_exception" &&
		(strings.HasPrefix(e.Reason, "pipeline with id [") || strings.HasPrefix(e.Reason, "no write index is defined for alias"))
}

// unsupported: the server, or what stands before it, does not offer the endpoint, or not to us.
func (e *StatusError) unsupported() bool {
	switch e.Status {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusNotFound:
		return e.Type == ""
	}
	return e.Status == http.StatusBadRequest && strings.HasPrefix(e.Reason, "no handler found")
}

func (e *StatusError) indexMissing() bool {
	return e.Status == http.StatusNotFound && e.Type == "index_not_found_exception"
}

func (e *StatusError) blockedIndex() bool { return e.Type == "cluster_block_exception" }

const typeUnknownProduct = "unknown_product"

// errorBody is the two forms in which Elasticsearch and Kibana describe a fault.
type errorBody struct {
	Error   errorCause `json:"error"`
	Message string     `json:"message"`
}

// errorCause is Elasticsearch's description of a fault; it can also be a mere text.
type errorCause struct {
	Type, Reason string
}

// UnmarshalJSON takes an object or a text.
func (c *errorCause) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Reason)
	}
	var full struct {
		Type     string `json:"type"`
		Reason   string `json:"reason"`
		CausedBy struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
		} `json:"caused_by"`
	}
	if err := json.Unmarshal(b, &full); err != nil {
		return nil // a form that is not known costs the words, not the error
	}
	c.Type, c.Reason = full.Type, full.Reason
	if r := full.CausedBy.Reason; r != "" {
		c.Reason += ": " + r
	}
	return nil
}

// newStatusError reads what the server said; a body that is no JSON counts for nothing.
func newStatusError(op string, status int, header http.Header, body []byte) *StatusError {
	e := &StatusError{Op: op, Status: status, Wait: endpoint.RetryAfter(header, time.Now())}
	var parsed errorBody
	if json.Unmarshal(body, &parsed) == nil {
		e.Type, e.Reason = parsed.Error.Type, parsed.Error.Reason
		if e.Type == "" && parsed.Message != "" {
			e.Reason = parsed.Message
		}
	}
	e.Reason = endpoint.Clip(e.Reason)
	return e
}
