package opencti

import (
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// ConnectHook is told of each connection that the platform has accepted.
type ConnectHook interface {
	OnConnect(Connected)
}

// Connected describes a new connection.
type Connected struct {
	// From is the position it was asked to begin at; zero with Live.
	From sync.Position
	// Live tells that it begins with what happens from now on.
	Live bool
	// RecoverUntil is the end of the history it was asked to take from the database; zero for none.
	RecoverUntil time.Time
}

// DisconnectHook is told of each connection that ended or could not be made.
type DisconnectHook interface {
	OnDisconnect(Disconnected)
}

// Disconnected describes an end.
type Disconnected struct {
	// Err is why.
	Err error
	// Wait is how long until the next attempt.
	Wait time.Duration
	// Blocked tells that someone has to act: rights, address, a stopped stream.
	Blocked bool
}

// GapHook is told that events were trimmed from the stream before they were read. What
// they created and updated is recovered from the database; what they deleted is not known.
type GapHook interface {
	OnGap(Gap)
}

// Gap describes what was missed.
type Gap struct {
	// From is the last position that was read, First the oldest one that the platform still has.
	From, First sync.Position
}

// EventHook is told of each event that carries an object, when it has been decoded.
// It is on the hot path: it must be quick.
type EventHook interface {
	OnEvent(Event)
}

// Event describes an event.
type Event struct {
	// Name is the SSE event's name.
	Name string
	// Position is its id; with Recovered, the object's updated_at by the platform's clock.
	Position  sync.Position
	Recovered bool
	// Bytes is the size of its data.
	Bytes int
}

// AliveHook is told of heartbeats: the stream is up though nothing happens.
type AliveHook interface {
	OnAlive(time.Time)
}

// RecoveredHook is told that the history from the database is complete.
type RecoveredHook interface {
	OnRecovered()
}

// hooks is the configured hooks by what they implement.
type hooks struct {
	connect    []ConnectHook
	disconnect []DisconnectHook
	gap        []GapHook
	event      []EventHook
	alive      []AliveHook
	recovered  []RecoveredHook
}

func newHooks(all []any) hooks {
	var h hooks
	for _, one := range all {
		h.connect = appendIf(h.connect, one)
		h.disconnect = appendIf(h.disconnect, one)
		h.gap = appendIf(h.gap, one)
		h.event = appendIf(h.event, one)
		h.alive = appendIf(h.alive, one)
		h.recovered = appendIf(h.recovered, one)
	}
	return h
}

func appendIf[T any](list []T, hook any) []T {
	if h, ok := hook.(T); ok {
		return append(list, h)
	}
	return list
}
