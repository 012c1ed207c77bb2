package openctitest

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// batch is how many events the platform reads from redis at a time.
const batch = 100

func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	from := cmp.Or(q.Get("from"), r.Header.Get("from"), r.Header.Get("Last-Event-ID"))
	until := cmp.Or(q.Get("recover"), r.Header.Get("recover"), r.Header.Get("recover-date"))
	c := &conn{
		s: s, w: w, r: r, flusher: http.NewResponseController(w), fault: s.nextFault(), sent: map[string]bool{},
		deletes: option(r, "listen-delete", true, "false"),
	}
	c.start, c.started = parsePosition(from)
	end, hasEnd := parsePosition(until)
	c.until = end
	c.recover = hasEnd && c.started && end.Compare(c.start) > 0 && end.Millis > c.start.Millis
	status := s.streamStatus(r, c, hasEnd)
	s.change(func() {
		s.requests = append(s.requests, Request{From: from, Recover: until, Header: r.Header.Clone(), Status: status, Time: time.Now()})
	})
	switch {
	case status == 0:
		panic(http.ErrAbortHandler)
	case c.fault != nil && c.fault.Kind == HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>OpenCTI</title>")
	case c.fault != nil && c.fault.Kind == Redirect:
		http.Redirect(w, r, c.fault.Text, http.StatusTemporaryRedirect)
	case status != http.StatusOK:
		if c.fault != nil && c.fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(c.fault.RetryAfter))
		}
		w.WriteHeader(status)
	default:
		s.change(func() { s.open++ })
		defer s.change(func() { s.open-- })
		c.serve(hasEnd)
	}
}

func (s *Server) streamStatus(r *http.Request, c *conn, recover bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := c.fault
	switch {
	case f != nil && f.Kind == Refuse:
		return 0
	case f != nil && f.Kind == Status:
		return f.Code
	case f != nil && f.Kind == Redirect:
		return http.StatusTemporaryRedirect
	case s.revoked || r.Header.Get("Authorization") != "Bearer "+s.Token || r.PathValue("id") != s.StreamID:
		return http.StatusUnauthorized
	case s.stopped:
		return http.StatusGone
	case recover && !c.started && !s.version7():
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

func (s *Server) version7() bool { return strings.HasPrefix(s.opts.Version, "7.") }

// option reads a switch; the query wins over the header, and only the exact text turns it away from its default.
func option(r *http.Request, name string, value bool, other string) bool {
	if cmp.Or(r.URL.Query().Get(name), r.Header.Get(name)) == other {
		return !value
	}
	return value
}

var idForm = regexp.MustCompile(`^\d+-\d+$`)

// parsePosition reads from and recover: the beginning, an id, or a date. What cannot be read counts as absent.
func parsePosition(s string) (sync.Position, bool) {
	if s == "0" || s == "0-0" {
		return sync.Position{}, true
	}
	if idForm.MatchString(s) {
		p, err := sync.ParsePosition(s)
		return p, err == nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.UnixMilli() >= 0 {
			return sync.Position{Millis: uint64(t.UnixMilli())}, true
		}
	}
	return sync.Position{}, false
}
