package record

import (
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
func upsertEvent(reason sync.Reason) string {
	switch reason {
	case sync.ReasonUpdated, sync.ReasonMerged:
		return sync.KindUpdate
	}
	return sync.KindCreate
}
