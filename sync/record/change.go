package record

import (
	"context"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// envelope4 is the envelope, of OpenCTI's version 4, that means a change.
func envelope4(c sync.Change, kind string) []byte {
	b := []byte(`{"version":"4"`)
	switch c.Reason {
	case sync.ReasonRecovered:
		b = append(b, `,"origin":{"referer":"init-create"}`...)
	case sync.ReasonDependency:
		b = append(b, `,"origin":{"referer":"init-dependencies"}`...)
	case sync.ReasonEntered:
		b = append(b, `,"type":"update","scope":"external","origin":{}`...)
	default:
		b = append(quote(append(b, `,"type":`...), kind), `,"scope":"external","origin":{}`...)
	}
	b = append(b, `,"data":`...)
	if c.Object != nil {
		return append(append(b, c.Object.Raw()...), '}')
	}
	// A delete that knows no more than the key.
	b = quote(append(b, `{"type":"x-unknown","id":`...), c.Key)
	b = quote(append(b, `,"extensions":{"`+stix.ExtensionOCTI+`":{"id":`...), c.Key)
	return append(b, `}}}}`...)
}

// upsertEvent is the name of the event that brings an upsert for that reason.
func upsertEvent(reason string) string {
	switch reason {
	case sync.ReasonUpdated, sync.ReasonMerged:
		return sync.KindUpdate
	}
	return sync.KindCreate
}

// Sink records what an engine brings it. A change counts as done once it is on the
// disk. States that an engine has coalesced are not in the recording, and changes of
// different objects can stand in another order than they came: their ids tell the right one.
type Sink struct {
	w *Writer
}

var _ sync.Sink = (*Sink)(nil)

// NewSink makes a sink that writes to w, which stays the caller's to close.
func NewSink(w *Writer) *Sink { return &Sink{w} }

// Name implements [sync.Sink].
func (s *Sink) Name() string { return "recording" }

// Write implements [sync.Sink].
func (s *Sink) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, c := range changes {
		if err := s.w.Change(c); err != nil {
			return nil, err
		}
	}
	return make([]sync.Result, len(changes)), s.w.Flush()
}
