package openctitest

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
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

// conn is one stream that is being sent.
type conn struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	flusher *http.ResponseController
	fault   *Fault

	start, until     sync.Position
	started, recover bool
	deletes          bool

	buf    []byte
	beat   *time.Ticker
	let    <-chan time.Time // lets a buffer go
	sent   map[string]bool  // the STIX ids of objects that were sent
	last   sync.Position    // what a heartbeat carries
	lasts  bool
	count  int      // events about objects so far
	frames [][]byte // those of a connection that is to resend them
	after  sync.Position
}

// abort ends the connection without an end of the chunks.
func (c *conn) abort() {
	c.flush()
	panic(http.ErrAbortHandler)
}

func (c *conn) serve(wantsRecovery bool) {
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-transform")
	c.w.WriteHeader(http.StatusOK)
	c.beat = time.NewTicker(c.s.opts.Heartbeat)
	defer c.beat.Stop()
	if c.is(Buffer) {
		t := time.NewTicker(c.fault.Duration)
		defer t.Stop()
		c.let = t.C
	}
	c.write(c.connected())
	c.flush()
	if c.started {
		c.last, c.lasts = c.start, true
	}
	switch {
	case wantsRecovery && !c.started:
		c.write(errorFrame(c.s.StreamID, "Recovery mode is only possible with a start date."))
		c.dead()
		return
	case c.s.opts.OriginFilters && c.recover:
		c.after = c.until
		c.write(fmt.Appendf(nil, "id: %s\nevent: no-recover\ndata: {\"stream\":%q,\"message\":\"Recovery from history is disabled on streams configured with origin filters; resuming from live events only.\",\"resume_from\":%q}\n\n",
			c.s.platformNow(), c.s.StreamID, c.after))
	case c.recover:
		if !c.recovery() {
			return
		}
		c.after = c.until
	case c.started:
		c.after = c.start
	default:
		c.after = c.s.Last()
	}
	c.live()
}

func (c *conn) is(kind FaultKind) bool { return c.fault != nil && c.fault.Kind == kind }

func (s *Server) platformNow() sync.Position {
	return sync.Position{Millis: uint64(time.Now().Add(s.opts.ClockAhead).UnixMilli())}
}

func (c *conn) connected() []byte {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var first, last sync.Position
	if n := len(s.log); n > 0 {
		first, last = s.log[0].pos, s.log[n-1].pos
	}
	date := func(p sync.Position) string {
		return time.UnixMilli(int64(p.Millis)).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return fmt.Appendf(nil, "event: connected\ndata: {\"lastEventId\":%q,\"firstEventId\":%q,\"firstEventDate\":%q,\"lastEventDate\":%q,\"streamSize\":%d,\"connectionId\":\"cfbd88ca-d5e7-41e3-bcfc-e95ddfe73df0\"}\n\n",
		last, first, date(first), date(last), len(s.log))
}

func errorFrame(stream, message string) []byte {
	return fmt.Appendf(nil, "event: error\ndata: {\"stream\":%q,\"message\":%q}\n\n", stream, message)
}

// recovery sends the history from the database; false if the connection is over.
func (c *conn) recovery() bool {
	s := c.s
	s.mu.Lock()
	rows := s.db.recovered(time.UnixMilli(int64(c.start.Millis)), time.UnixMilli(int64(c.until.Millis)))
	s.mu.Unlock()
	for _, r := range rows {
		if c.sent[r.object.ID] {
			continue
		}
		pos := sync.Position{Millis: r.updated}
		deps := c.dependencies(r.object.ID, r.refs)
		c.sent[r.object.ID] = true
		if !c.group(pos, deps, frame(pos, sync.KindCreate, r.announcement("init-create"))) {
			return false
		}
	}
	return true
}

// live sends redis' stream until the connection is over.
func (c *conn) live() {
	s := c.s
	idle := time.NewTimer(s.opts.IdleRead)
	defer idle.Stop()
	for {
		entries, wake, ended := s.after(c.after)
		if ended {
			c.flush()
			return
		}
		for _, e := range entries {
			if !c.entry(e) {
				return
			}
			c.after = e.pos
		}
		if len(entries) > 0 {
			idle.Reset(s.opts.IdleRead)
			continue
		}
		c.flush()
		select {
		case <-wake:
		case <-c.beat.C:
			c.heartbeat()
			c.flush()
		case <-idle.C:
			c.last, c.lasts = s.platformNow(), true
			idle.Reset(s.opts.IdleRead)
		case <-c.let:
			c.release()
		case <-c.r.Context().Done():
			return
		case <-s.done:
			return
		}
	}
}

// after gives the next events, the channel that says when there are more, and whether access has ended.
func (s *Server) after(p sync.Position) (entries []entry, wake <-chan struct{}, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.log, p, func(e entry, p sync.Position) int {
		return cmp.Or(e.pos.Compare(p), -1)
	})
	end := min(i+batch, len(s.log))
	for end > i && end < len(s.log) && s.log[end].pos == s.log[end-1].pos {
		end++ // a group is not torn by the end of a batch
	}
	return s.log[i:end], s.wake, s.stopped || s.revoked
}

func (c *conn) entry(e entry) bool {
	if e.event.Name == sync.KindDelete && !c.deletes {
		return true
	}
	var deps [][]byte
	if e.event.Name != sync.KindDelete {
		deps = c.dependencies(e.object, e.refs)
	}
	for _, change := range e.changes {
		c.sent[change.Object.ID] = true
	}
	return c.group(e.pos, deps, e.frame)
}

// dependencies are the frames' data of what an object refers to and was not yet sent, deepest first.
func (c *conn) dependencies(of string, refs []string) [][]byte {
	var out [][]byte
	for _, ref := range refs {
		if c.sent[ref] || ref == of {
			continue
		}
		c.s.mu.Lock()
		r := c.s.db.byID[ref]
		c.s.mu.Unlock()
		if r == nil {
			continue
		}
		c.sent[ref] = true
		out = append(out, c.dependencies(ref, r.refs)...)
		out = append(out, r.announcement("init-dependencies"))
	}
	return out
}

// group sends the events of one id; false if the connection is over.
func (c *conn) group(pos sync.Position, deps [][]byte, main []byte) bool {
	for _, d := range deps {
		if !c.send(pos, frame(pos, sync.KindCreate, d)) {
			return false
		}
	}
	if c.is(CutInGroup) && len(deps) > 0 && c.count >= c.fault.After {
		c.abort()
	}
	return c.send(pos, main)
}

// send sends one event about an object, and the fault when it is due.
func (c *conn) send(pos sync.Position, frame []byte) bool {
	select {
	case <-c.beat.C:
		c.heartbeat()
	case <-c.let:
		c.release()
	case <-c.r.Context().Done():
		return false
	default:
	}
	if c.fault != nil && c.count >= c.fault.After && !c.strike(frame) {
		return false
	}
	c.write(frame)
	c.last, c.lasts = pos, true
	c.count++
	if c.is(Resend) && c.count <= c.fault.After {
		c.frames = append(c.frames, frame)
	}
	if len(c.buf) > 32<<10 || c.s.opts.ChunkPerEvent || c.is(Slow) {
		c.flush()
	}
	return true
}

// strike lets the fault happen before the event; false if the connection is over.
func (c *conn) strike(frame []byte) bool {
	switch c.fault.Kind {
	case Cut:
		c.abort()
	case CutInLine:
		c.write(frame[:len(frame)*2/3])
		c.abort()
	case End:
		c.flush()
		return false
	case Stall:
		c.flush()
		c.wait(false)
		return false
	case ErrorEvent:
		c.write(errorFrame(c.s.StreamID, cmp.Or(c.fault.Text, "database error")))
		c.dead()
		return false
	case Resend:
		again := c.frames
		if n := c.fault.Count; n > 0 {
			again = again[max(0, len(again)-n):]
		}
		for _, f := range again {
			c.write(f)
		}
		c.fault = nil
	case Slow:
		select {
		case <-time.After(c.fault.Duration):
		case <-c.r.Context().Done():
			return false
		}
	}
	return true
}

// dead keeps the connection open with heartbeats alone.
func (c *conn) dead() {
	c.flush()
	c.wait(true)
}

func (c *conn) wait(beat bool) {
	for {
		select {
		case <-c.r.Context().Done():
			return
		case <-c.s.done:
			return
		case <-c.beat.C:
			if beat {
				c.heartbeat()
				c.flush()
			}
		}
	}
}

func (c *conn) heartbeat() {
	if !c.lasts {
		return
	}
	date := time.UnixMilli(int64(c.last.Millis)).UTC().Format("2006-01-02T15:04:05.000Z")
	c.write(fmt.Appendf(nil, "id: %s\nevent: heartbeat\ndata: %q\n\n", c.last, date))
	if c.s.opts.ConsumerMetrics {
		c.write(fmt.Appendf(nil, "id: %s\nevent: consumer_metrics\ndata: {\"deliveryRate\":3.2,\"processingRate\":11.5,\"resolutionRate\":0,\"productionRate\":12}\n\n", c.last))
	}
}

func (c *conn) write(b []byte) { c.buf = append(c.buf, b...) }

func (c *conn) flush() {
	if c.let == nil {
		c.release()
	}
}

// release gives what was written to the network. A client that has gone ends the handler.
func (c *conn) release() {
	if len(c.buf) == 0 {
		return
	}
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	if err == nil {
		err = c.flusher.Flush()
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}
