package openctitest

import (
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Event is one event of a history.
type Event struct {
	// Position is its id. [Server.Append] gives one to an event whose Position is zero.
	Position sync.Position
	// Name is the SSE event's name: create, update, delete, merge.
	Name string
	// Data is the envelope, one line of JSON.
	Data []byte
}

// Object is what [Server.Live] says of one object.
type Object struct {
	// Position is that of the last event about it.
	Position sync.Position
	// Object is its state.
	Object *stix.Object
}

func envelope(e Event) *stix.Envelope {
	env, err := stix.DecodeEnvelope(e.Data)
	if err != nil {
		panic(fmt.Sprintf("openctitest: event %s: %v", e.Position, err))
	}
	return env
}
