package openctitest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

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
	case c.s.opts.OriginFilters && c.s.opts.NoOrganizationRights && c.recover:
		c.write(errorFrame(c.s.StreamID, "Cannot read properties of undefined (reading 'extensions')"))
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
	all := s.db.find(c.start.Millis, c.until.Millis)
	s.mu.Unlock()
	for page := range slices.Chunk(all, s.opts.PageSize) {
		s.mu.Lock()
		page = slices.DeleteFunc(page, func(f found) bool { return !s.db.still(f) })
		s.mu.Unlock()
		rand.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
		for _, f := range page {
			if !c.announce(f.key) {
				return false
			}
		}
	}
	return true
}

// announce sends an object of the database as it is now, unless it was sent or is gone; false if the connection is over.
func (c *conn) announce(key string) bool {
	c.s.mu.Lock()
	r := c.s.db.byKey[key]
	c.s.mu.Unlock()
	if r == nil || !r.matches || c.sent[r.object.ID] {
		return true
	}
	pos := sync.Position{Millis: r.updated}
	deps := c.dependencies(r.object.ID, r.refs)
	c.sent[r.object.ID] = true
	return c.group(pos, deps, frame(pos, sync.KindCreate, r.announcement("init-create")))
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

// after returns the next events, the channel that says when there are more, and whether access has ended.
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
