package opencti

import (
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// overlapKeys is the most objects an overlap remembers; beyond it, it leaves nothing out.
const overlapKeys = 1 << 16

// overlap is the part of the event stream that was published before a recovery began and is
// read again after it, since the recovery may lack the newest objects of it. It leaves out what the recovery held.
//
// An upsert is left out only if the database held it for sure: it was published before the
// recovery began, and its date is within the recovery's range. Once one change of an object
// is handed on, a deletion say, all later ones are, so that the last one always wins.
// Handing on more is never wrong: everything up to the present comes again, in order.
type overlap struct {
	last  sync.Position
	until time.Time
	keys  map[string]struct{}
}

func newOverlap(last sync.Position, until time.Time) *overlap {
	if last.IsZero() {
		return nil
	}
	return &overlap{last: last, until: until, keys: map[string]struct{}{}}
}

// over reports whether the stream has come to what happened after the recovery began.
func (o *overlap) over(pos sync.Position) bool { return pos.Compare(o.last) > 0 }

// held reports whether the recovery held all that the changes say.
func (o *overlap) held(changes []sync.Change) bool {
	if o.keys == nil {
		return false
	}
	for _, c := range changes {
		if _, passed := o.keys[c.Key]; passed || c.Op != sync.Upsert || !o.recovered(c.Object) {
			o.pass(changes)
			return false
		}
	}
	return true
}

func (o *overlap) recovered(object *stix.Object) bool {
	updated, ok := object.OCTI("updated_at").Time()
	return ok && !updated.After(o.until)
}

func (o *overlap) pass(changes []sync.Change) {
	for _, c := range changes {
		o.keys[c.Key] = struct{}{}
	}
	if len(o.keys) > overlapKeys {
		o.keys = nil
	}
}
