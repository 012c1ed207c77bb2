package openctitest

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

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

// release hands what was written to the network. A client that has gone ends the handler.
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
