package sync

import "github.com/opencti-elastic/opencti-elastic/stix"

// The kinds of event that carry an object: the names of OpenCTI's SSE events.
const (
	KindCreate = "create"
	KindUpdate = "update"
	KindDelete = "delete"
	KindMerge  = "merge"
)

// FromEvent returns the changes that one stream event means, in order; none for a
// kind that carries no object (heartbeats, names of the future). The kind is the
// SSE event's name and rules over the envelope's own type: an update that left
// the filters comes as a delete. A merge deletes each source, since no
// other event will, and then updates the survivor.
//
// Each change has the event's position, and its version from it. The caller
// sets Commit; and Version where it knows better: the ids of recovered objects
// come from another clock than those of the live events after them.
func FromEvent(kind string, env *stix.Envelope, pos Position) []Change {
	upsert := Change{Op: Upsert, Reason: upsertReason(kind, env)}
	switch kind {
	case KindCreate, KindUpdate:
		return []Change{upsert.about(env.Object, pos)}
	case KindDelete:
		reason := ReasonDeleted
		if env.Type == KindUpdate {
			reason = ReasonLeft
		}
		return []Change{Change{Op: Delete, Reason: reason}.about(env.Object, pos)}
	case KindMerge:
		changes := make([]Change, 0, len(env.Sources)+1)
		for _, source := range env.Sources {
			// A source that is the survivor itself would delete what was just kept.
			if source.Key() != env.Object.Key() {
				changes = append(changes, Change{Op: Delete, Reason: ReasonMergedAway}.about(source, pos))
			}
		}
		return append(changes, upsert.about(env.Object, pos))
	}
	return nil
}

func upsertReason(kind string, env *stix.Envelope) Reason {
	switch {
	case kind == KindMerge:
		return ReasonMerged
	case env.Recovered():
		return ReasonRecovered
	case env.Dependency():
		return ReasonDependency
	case kind == KindCreate && env.Type == KindUpdate:
		return ReasonEntered
	case kind == KindUpdate:
		return ReasonUpdated
	}
	return ReasonCreated
}

// overhead is about what a decoded object holds beside its JSON: the tables of its members.
const overhead = 2 << 10

func (c Change) about(o *stix.Object, pos Position) Change {
	c.Key, c.Object = o.Key(), o
	c.Position, c.Version = pos, pos.Version()
	c.Size = len(o.Raw()) + overhead
	return c
}
