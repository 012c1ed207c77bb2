package opencti

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

var (
	// ErrSilence ends a connection on which no byte has come for [Config.SilenceTimeout].
	ErrSilence = errors.New("no byte from OpenCTI, not even a heartbeat")
	// ErrEnd is the platform's own end of a stream: it restarts, or the collection was deleted,
	// stopped or is no longer shared with the connector's user.
	ErrEnd = errors.New("OpenCTI ended the stream")
)

// StatusError is an HTTP status other than 200.
type StatusError struct {
	// Op is what was asked: "stream", "graphql".
	Op string
	// Status is the code, Reason the rest of the status line, if it says more than the code.
	Status int
	Reason string

	after time.Duration
}

// statusHints says what to do; a row each.
var statusHints = map[int]string{
	http.StatusUnauthorized:       "check the token, that its user may access data sharing, and that the stream exists and is shared with it",
	http.StatusForbidden:          "check the rights of the token's user, and any proxy in front of OpenCTI",
	http.StatusNotFound:           "check the OpenCTI URL (a path, a proxy) and the stream's id",
	http.StatusGone:               "the stream is stopped: start it in OpenCTI (Data > Data sharing > Live streams)",
	http.StatusServiceUnavailable: "OpenCTI, or the proxy in front of it, is not available",
	http.StatusBadGateway:         "the proxy in front of OpenCTI cannot reach it",
	http.StatusGatewayTimeout:     "the proxy in front of OpenCTI cannot reach it",
}

// Error implements error.
func (e *StatusError) Error() string {
	s := e.Op + ": OpenCTI answered " + strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	if hint := statusHints[e.Status]; hint != "" {
		s += ": " + hint
	}
	return s
}

// Blocked reports whether someone has to act before another attempt can succeed.
func (e *StatusError) Blocked() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.Status < 500
}

// Retryable reports whether the status may pass by itself.
func (e *StatusError) Retryable() bool { return !e.Blocked() }

// RetryAfter is how long the server asked to wait; zero if it did not.
func (e *StatusError) RetryAfter() time.Duration { return e.after }

// RedirectError is a redirect that was not followed, since the token would go to another server than the
// configured one, or the request would be another one.
type RedirectError struct {
	// To is the address that was named, without its query.
	To string
}

// Error implements error.
func (e *RedirectError) Error() string {
	return fmt.Sprintf("OpenCTI redirects to %s, which was not followed, so that the token goes nowhere else: if it is right, set the OpenCTI URL to it", e.To)
}

// Blocked is true when someone has to act.
func (e *RedirectError) Blocked() bool { return true }

// ContentTypeError is an answer that is no event stream or no JSON, though its status was 200.
type ContentTypeError struct {
	// Op is what was asked: "stream", "graphql".
	Op string
	// Got is the content type.
	Got string
}

// Error implements error.
func (e *ContentTypeError) Error() string {
	return fmt.Sprintf("%s: the answer is of type %q: check the OpenCTI URL (a path, a proxy, a log-in page)", e.Op, e.Got)
}

// Blocked is true when someone has to act.
func (e *ContentTypeError) Blocked() bool { return true }

// ServerError is an error event: the platform's stream has failed though the
// connection lives on.
type ServerError struct {
	// Message is what the platform says.
	Message string
}

// Error implements error.
func (e *ServerError) Error() string { return "OpenCTI reports an error on the stream: " + e.Message }
