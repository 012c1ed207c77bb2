package sync

import (
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Op is what a change asks of a target.
type Op uint8

// The operations. There is no create: every create is an upsert, since a stream
// announces known objects again and updates unknown ones.
const (
	// Progress says only that the source has come to [Change.Commit]; no sink sees it.
	Progress Op = iota
	// Upsert makes the target hold the object's state.
	Upsert
	// Delete makes the target hold nothing of the object; deleting what is not there is success.
	Delete
	// Invalid is an event that could not be read: [Change.Err] says why. The
	// engine hands it to the dead letters; no sink sees it.
	Invalid
)

// Change is one step of one object, in the order of the stream.
type Change struct {
	Op Op
	// Key names the object for ever: OpenCTI's internal id, or else the STIX id.
	// Changes of one key keep their order; those of different keys do not.
	Key string
	// Object is the new state of an Upsert, the last known one of a Delete (it
	// can be nil there).
	Object *stix.Object
	// Position is the event's place in the stream, for people and for [Change.Version].
	Position Position
	// Version grows along the stream for one key. A target that can, refuses a
	// write whose version is below the one it holds.
	Version int64
	// Reason says why there is a change.
	Reason Reason
	// Commit is from where a source can be resumed once this change and all
	// before it are acknowledged. Many changes can carry the same one.
	Commit Checkpoint
	// Size is about how many bytes the change holds in memory.
	Size int
	// Err and Raw are the fault and the data of an Invalid change.
	Err error
	Raw []byte
}

// Checkpoint is from where a source resumes.
type Checkpoint struct {
	// Position is the last one that needs not be read again.
	Position Position
	// RecoverUntil is the end of a recovery from the source's database that was
	// under way; zero when there is none.
	RecoverUntil time.Time
	// Owed is where a recovery begins that the source has put off, and must try again though Position is beyond
	// it; zero when there is none.
	Owed Position
	// Policy is [Options.Policies]' of the sink that has come so far; only what is saved has it.
	Policy string
}

// IsZero reports whether c is the beginning of everything.
func (c Checkpoint) IsZero() bool { return c.Position.IsZero() && c.RecoverUntil.IsZero() }
