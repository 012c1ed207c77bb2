package stix

import (
	"bytes"
	"strconv"
)

// Envelope is the data of one stream event: OpenCTI's message around an object.
// The kind of the event is the SSE event's name, not [Envelope.Type].
type Envelope struct {
	// Version is the envelope's version, "4".
	Version string
	// Type is what the platform did (create, update, delete, merge). It is not what
	// the event means for this stream: an update that entered the filters comes as an SSE create.
	// Empty in recovered and dependency events.
	Type string
	// Scope is "external"; empty in recovered and dependency events.
	Scope string
	// Message is a text for people.
	Message string
	// Referer is origin.referer: "init-create" for an object recovered from the
	// database, "init-dependencies" for one sent because another refers to it.
	Referer string
	// EventID resembles the SSE id; newer platforms only.
	EventID string
	// Object is the object: its new state, or its last one in a delete.
	Object *Object
	// Patch and ReversePatch are RFC 6902 patches; the reverse one turns the
	// object into its previous state. Absent but in an update or merge, and where they may hold a secret.
	Patch, ReversePatch Value
	// Sources are the objects that a merge has removed. No delete event comes for them.
	Sources []*Object
	// Extra is the members not named here, under their names.
	Extra map[string]Value
}

// Recovered reports whether the object was read from the database to fill the
// stream's history; its event id is then the object's updated_at, by the platform's clock.
func (e *Envelope) Recovered() bool { return e.Referer == "init-create" }

// Dependency reports whether the object was sent because another one refers to it.
func (e *Envelope) Dependency() bool { return e.Referer == "init-dependencies" }

// DecodeEnvelope reads the data of one stream event. It keeps b, which must not be changed afterwards.
func DecodeEnvelope(b []byte) (*Envelope, error) {
	const what = "envelope"
	if err := validate(what, b); err != nil {
		return nil, err
	}
	v := Value(bytes.TrimSpace(b))
	if v.Kind() != '{' {
		return nil, &DecodeError{What: what, Err: errNotObject}
	}
	e := &Envelope{}
	var data, context Value
	for name, v := range v.Members() {
		switch name {
		case "version":
			if e.Version, _ = v.Text(); e.Version == "" {
				e.Version = v.number()
			}
		case "type":
			e.Type, _ = v.Text()
		case "scope":
			e.Scope, _ = v.Text()
		case "message":
			e.Message, _ = v.Text()
		case "origin":
			e.Referer, _ = v.Member("referer").Text()
		case "event_id":
			e.EventID, _ = v.Text()
		case "data":
			data = v
		case "context":
			context = v
		default:
			if e.Extra == nil {
				e.Extra = make(map[string]Value)
			}
			e.Extra[name] = v
		}
	}
	var err error
	if e.Object, err = newObject(what, "/data", data); err != nil {
		return nil, err
	}
	if err = e.readContext(context); err != nil {
		return e, err
	}
	if e.Object.hidden != nil {
		e.Message, e.Extra = e.Object.hidden(e.Message), nil
	}
	if e.Object.hidden != nil || namesSecret(context) {
		e.Patch, e.ReversePatch = nil, nil // they can hold a secret that the object had before
	}
	return e, nil
}

func (e *Envelope) readContext(context Value) error {
	for name, v := range context.Members() {
		switch name {
		case "patch":
			e.Patch = v
		case "reverse_patch":
			e.ReversePatch = v
		case "sources":
			for s := range v.Elements() {
				o, err := newObject("envelope", "/context/sources/"+strconv.Itoa(len(e.Sources)), s)
				if err != nil {
					return err
				}
				e.Sources = append(e.Sources, o)
			}
		}
	}
	return nil
}
