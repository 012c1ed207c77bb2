package opencti

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// guard is an HTTP client that carries the token only to the configured server.
// It leaves the given client untouched.
func guard(client *http.Client, base *url.URL) *http.Client {
	if client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableCompression = true // the stream must not be held back by a decoder
		client = &http.Client{Transport: transport}
	}
	own := *client
	next := client.CheckRedirect
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if !sameServer(base, req.URL) || req.Method != via[0].Method {
			to := *req.URL
			to.RawQuery, to.User, to.Fragment = "", nil, ""
			return &RedirectError{To: to.String()}
		}
		if next != nil {
			return next(req, via)
		}
		if len(via) >= 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &own
}

// sameServer reports whether to is the same host and port as base, or the same host by https on its usual port.
func sameServer(base, to *url.URL) bool {
	if !strings.EqualFold(base.Hostname(), to.Hostname()) {
		return false
	}
	if base.Scheme == to.Scheme {
		return port(base) == port(to)
	}
	return to.Scheme == "https" && port(to) == "443"
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// clean makes a server's text fit for a log line: one line, short, without the secrets.
func clean(s string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return strings.TrimSpace(s)
}

// statusError makes the error of an answer that is not 200.
func statusError(op string, resp *http.Response, secrets ...string) *StatusError {
	reason := strings.TrimSpace(strings.TrimPrefix(resp.Status, strconv.Itoa(resp.StatusCode)))
	if strings.EqualFold(reason, http.StatusText(resp.StatusCode)) {
		reason = ""
	}
	return &StatusError{Op: op, Status: resp.StatusCode, Reason: clean(reason, secrets...), after: retryAfter(resp.Header.Get("Retry-After"))}
}

// requestError is why a request had no answer, without its address: a redirect's can hold anything.
func requestError(op string, err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Errorf("%s: %w", op, err)
}

// maxRetryAfter bounds what a server can make us wait: a longer wait is a mistake more often than a
// plan, and the end of an outage would be noticed too late.
const maxRetryAfter = 5 * time.Minute

func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(min(n, int(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}
