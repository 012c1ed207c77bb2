package opencti

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tmaxmax/go-sse"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// The names of events without an object.
const (
	kindConnected = "connected"
	kindHeartbeat = "heartbeat"
	kindNoRecover = "no-recover"
	kindError     = "error"
)

// rawLimit is how much of an event that was too large is kept for people to look at.
const rawLimit = 64 << 10

// event takes one event; an error ends the connection. Unknown names are ignored. The
// event's name rules: an envelope says what the platform did, not what it means for this stream.
func (r *run) event(in *reader, e sse.Event) error {
	switch e.Type {
	case sync.KindCreate, sync.KindUpdate, sync.KindDelete, sync.KindMerge, oversized:
		return r.object(e)
	case kindHeartbeat:
		return r.heartbeat(in, e)
	case kindConnected:
		return r.connected(in, e)
	case kindNoRecover:
		return r.noRecover(e)
	case kindError:
		return r.failed(&ServerError{Message: clean(text(e.Data, "message"), r.cfg.Token)})
	}
	return nil
}

// object takes an event about an object.
func (r *run) object(e sse.Event) error {
	pos, err := sync.ParsePosition(e.LastEventID)
	if err != nil {
		pos = r.cursor.top // no id: as if it belonged to what came before it
	}
	env, err := decode(e)
	verdict, version := r.cursor.event(pos, originOf(e, env))
	if verdict == skip {
		return nil
	}
	if verdict != take {
		return r.turn(verdict)
	}
	r.advance(pos)
	for _, h := range r.observers.event {
		h.OnEvent(Event{Name: e.Type, Position: pos, Recovered: version != 0, Bytes: len(e.Data)})
	}
	if err != nil {
		return r.invalid(e, pos, err)
	}
	r.cfg.References.learn(env)
	changes := sync.FromEvent(e.Type, env, pos)
	if o := r.cursor.overlap; o != nil {
		if o.over(pos) {
			r.cursor.overlap = nil
		} else if o.held(changes) {
			return nil
		}
	}
	for _, c := range changes {
		if version != 0 {
			c.Version = version
		}
		if err := r.emit(c); err != nil {
			return err
		}
	}
	return nil
}

// originOf returns where an event comes from. One that cannot be read can be from either.
func originOf(e sse.Event, env *stix.Envelope) origin {
	switch {
	case env == nil:
		return fromEither
	case e.Type != sync.KindCreate:
		return fromStream
	case env.Recovered():
		return fromDatabase
	case env.Dependency():
		return fromEither
	}
	return fromStream
}

// decode reads the envelope.
func decode(e sse.Event) (*stix.Envelope, error) {
	if e.Type == oversized {
		return nil, fmt.Errorf("the event has more than %d bytes: raise the maximum event size to read it", len(e.Data))
	}
	return stix.DecodeEnvelope([]byte(e.Data))
}

// invalid hands on an event that cannot be read, for the dead letters.
func (r *run) invalid(e sse.Event, pos sync.Position, err error) error {
	raw := e.Data
	if e.Type == oversized {
		raw = raw[:min(len(raw), rawLimit)]
	}
	return r.emit(sync.Change{
		Op: sync.Invalid, Position: pos, Version: pos.Version(), Reason: sync.ReasonUnreadable,
		Err: fmt.Errorf("event %s: %w", pos, err), Raw: stix.MaskUndecoded([]byte(raw)), Size: len(raw),
	})
}

// advance notes that the connection has brought something new.
func (r *run) advance(pos sync.Position) {
	if pos.Compare(r.best) > 0 {
		r.best, r.good = pos, true
	}
}

// turn goes on from another position, as the cursor has decided.
func (r *run) turn(v verdict) error {
	r.best, r.good = sync.Position{}, true
	switch v {
	case catchUp:
		r.cfg.Logger.Warn("OpenCTI's clock is ahead of this machine's: what changed shortly before the start is recovered once more")
		return errAgain
	case nextPart:
		return errAgain
	}
	return r.recovered()
}

// recovered turns from the database to the event stream.
func (r *run) recovered() error {
	r.cfg.Logger.Info("history from the database is complete", "live_from", r.cursor.from.String())
	for _, h := range r.observers.recovered {
		h.OnRecovered()
	}
	if err := r.progress(); err != nil {
		return err
	}
	return errAgain
}

func (r *run) heartbeat(in *reader, e sse.Event) error {
	for _, h := range r.observers.alive {
		h.OnAlive(time.Now())
	}
	id, err := sync.ParsePosition(e.LastEventID)
	if err != nil {
		return nil // platforms of version 4 send none
	}
	if r.buffering.heartbeat(id, in.watch) {
		r.cfg.Logger.Warn("a proxy in front of OpenCTI holds events back: switch its buffering off for /stream (nginx: proxy_buffering off)")
	}
	if v := r.cursor.heartbeat(id, time.Now()); v != take {
		return r.turn(v)
	}
	return r.progress()
}

func (r *run) connected(in *reader, e sse.Event) error {
	ends := streamEnds{first: positionOf(e.Data, "firstEventId"), last: positionOf(e.Data, "lastEventId")}
	size, sized := member(e.Data, "streamSize").Int()
	ends.empty = ends.last.IsZero() && (sized && size == 0 || text(e.Data, "lastEventId") != "")
	from := r.cursor.seen
	gap, verdict := r.cursor.connected(ends, in.date)
	if gap {
		r.cfg.Logger.Warn("events were trimmed from OpenCTI's stream before they were read: they are recovered from the database, but deletions among them may have been missed",
			"from", from.String(), "first", ends.first.String())
		for _, h := range r.observers.gap {
			h.OnGap(Gap{From: from, First: ends.first})
		}
	}
	if verdict == reconnect {
		return errAgain
	}
	return r.progress()
}

func (r *run) noRecover(e sse.Event) error {
	lost, verdict := r.cursor.refused()
	r.logRefused(lost, clean(text(e.Data, "message"), r.cfg.Token))
	if verdict == reconnect {
		return errAgain
	}
	return r.progress()
}

// failed takes an error event. The connection would live on, with heartbeats, but without data for ever.
func (r *run) failed(err *ServerError) error {
	refuses, lost := r.cursor.failed(time.Now())
	if !refuses {
		return err
	}
	if r.cursor.refusals == errorsRefuse {
		r.logRefused(lost, err.Message)
	}
	return errAgain
}

func (r *run) logRefused(lost bool, message string) {
	args := []any{"message", message}
	if lost {
		r.cfg.Logger.Error("OpenCTI gives no history for this stream: events that were trimmed are lost; re-create the stream without origin filters, or reset the connector's state", args...)
	} else {
		r.cfg.Logger.Warn("OpenCTI gives no history from its database for this stream: what its event stream still holds is read, and what happens from now on", args...)
	}
}

// member is a member of an event's data; absent if the data is no JSON object.
func member(data, name string) stix.Value {
	b := []byte(data)
	if !jsontext.Value(b).IsValid(jsontext.AllowInvalidUTF8(true)) {
		return nil
	}
	return stix.Value(b).Member(name)
}

func text(data, name string) string {
	s, _ := member(data, name).Text()
	return s
}

func positionOf(data, name string) sync.Position {
	p, _ := sync.ParsePosition(text(data, name))
	return p
}
