package record

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// shape is what a JSON value can be.
type shape struct {
	id, event, kind, op string
	data, objects       stix.Value
	version             int64 // 0: that of the id
}

// decode returns the events of one well-formed JSON value, each with its id or the zero
// position. What cannot be read is one change with the operation Invalid.
func decode(v []byte) iter.Seq2[sync.Position, []sync.Change] {
	return func(yield func(sync.Position, []sync.Change) bool) {
		s := look(v)
		id, err := sync.ParsePosition(s.id)
		if err != nil {
			id = sync.Position{} // an id of another kind says nothing about the place
		}
		switch {
		case s.op != "" && s.kind == "" && s.event == "":
			yield(letter(v))
		case s.event != "":
			changes := event(s, v)
			for i := range changes {
				changes[i].Version = s.version
			}
			yield(id, changes)
		case s.kind == "bundle" || s.kind == "" && s.objects.Kind() == '[':
			for o := range s.objects.Elements() {
				if !yield(sync.Position{}, object(o)) {
					return
				}
			}
		case s.data.Kind() == '{' && !strings.Contains(s.id, "--"):
			yield(id, envelope(s.kind, v))
		default:
			yield(sync.Position{}, object(v))
		}
	}
}

func look(v stix.Value) (s shape) {
	for name, m := range v.Members() {
		switch name {
		case "id":
			s.id, _ = m.Text()
		case "event":
			s.event, _ = m.Text()
		case "type":
			s.kind, _ = m.Text()
		case "change_version":
			s.version, _ = m.Int()
		case "op":
			s.op, _ = m.Text()
		case "data":
			s.data = m
		case "objects":
			s.objects = m
		}
	}
	return s
}

// event reads a recorded stream event. Heartbeats and their like carry nothing.
func event(s shape, v []byte) []sync.Change {
	switch s.event {
	case sync.KindCreate, sync.KindUpdate, sync.KindDelete, sync.KindMerge:
	case kindInvalid:
		return invalid(errors.New("the event was unreadable already when it was recorded"), v)
	default:
		return nil
	}
	data := s.data
	if text, ok := data.Text(); ok {
		data = stix.Value(text) // the SSE data line as it came
	}
	if data.Kind() == 0 {
		return invalid(errors.New("the event has no data"), v)
	}
	if data.Member("data").Kind() == 0 && data.Member("type").Kind() == '"' {
		return bare(s.event, data)
	}
	return envelope(s.event, data)
}

// envelope reads OpenCTI's envelope; without an event's name its own type decides.
func envelope(kind string, v []byte) []sync.Change {
	env, err := stix.DecodeEnvelope(v)
	if err != nil {
		return invalid(err, v)
	}
	if kind == "" {
		kind = sync.KindCreate // recovered and dependency events have no type
	}
	changes := sync.FromEvent(kind, env, sync.Position{})
	if changes == nil {
		return invalid(fmt.Errorf("envelope of the type %.40q: want create, update, delete or merge", kind), v)
	}
	return changes
}

// object reads a bare STIX object: the state as it is now.
func object(v []byte) []sync.Change { return bare(sync.KindCreate, v) }

func bare(kind string, v []byte) []sync.Change {
	o, err := stix.DecodeObject(v)
	if err != nil {
		return invalid(err, v)
	}
	return sync.FromEvent(kind, &stix.Envelope{Object: o}, sync.Position{})
}

// letter reads a dead letter, so that what was refused can be tried again: at its
// old place, where it changes nothing that has been overtaken.
func letter(v []byte) (sync.Position, []sync.Change) {
	l, err := sync.ParseLetter(v)
	if err != nil {
		return sync.Position{}, invalid(err, v)
	}
	c := l.Change
	switch {
	case c.Op == sync.Progress:
		return c.Position, nil
	case c.Op != sync.Invalid:
		return c.Position, []sync.Change{c}
	case !wellFormed(c.Raw):
		return c.Position, invalid(c.Err, c.Raw)
	}
	// It could not be read then; perhaps it can be now.
	for id, changes := range decode(c.Raw) {
		if id.IsZero() {
			id = c.Position
		}
		return id, changes
	}
	return c.Position, invalid(c.Err, c.Raw)
}

func wellFormed(v []byte) bool { return jsontext.Value(v).IsValid(lenient) }

// kindInvalid is the name under which [Writer.Change] keeps what could not be read.
const kindInvalid = "invalid"

func invalid(err error, raw []byte) []sync.Change {
	return []sync.Change{{Op: sync.Invalid, Err: err, Raw: raw}}
}
