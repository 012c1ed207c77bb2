package opencti

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// ConnectObserver is called for each connection that the platform has accepted. An observer of a stream is any
// value that has this method, or that of one of its siblings below; they are called on the way of the data, and must be quick.
type ConnectObserver interface {
	OnConnect(Connected)
}

// Connected describes a new connection.
type Connected struct {
	// From is the position it was asked to begin at; zero with Live.
	From sync.Position
	// Live is true when it begins with what happens from now on.
	Live bool
	// RecoverUntil is the end of the history it was asked to take from the database; zero for none.
	RecoverUntil time.Time
}

// DisconnectObserver is called for each connection that ended or could not be made.
type DisconnectObserver interface {
	OnDisconnect(Disconnected)
}

// Disconnected describes an end.
type Disconnected struct {
	// Err is why.
	Err error
	// Wait is how long until the next attempt.
	Wait time.Duration
	// Blocked is true when someone has to act: rights, address, a stopped stream.
	Blocked bool
}

// GapObserver is called when events were trimmed from the stream before they were read. What
// they created and updated is recovered from the database; what they deleted is not known.
type GapObserver interface {
	OnGap(Gap)
}

// Gap describes what was missed.
type Gap struct {
	// From is the last position that was read, First the oldest one that the platform still has.
	From, First sync.Position
}

// EventObserver is called for each event that carries an object, when it has been decoded.
// It is on the hot path: it must be quick.
type EventObserver interface {
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

// AliveObserver is called for heartbeats: the stream is up though nothing happens.
type AliveObserver interface {
	OnAlive(time.Time)
}

// RecoveredObserver is called when the history from the database is complete.
type RecoveredObserver interface {
	OnRecovered()
}

// observers are those of a stream by what they implement.
type observers struct {
	connect    []ConnectObserver
	disconnect []DisconnectObserver
	gap        []GapObserver
	event      []EventObserver
	alive      []AliveObserver
	recovered  []RecoveredObserver
}

// newObservers sorts them; an error names those that cannot be told anything.
func newObservers(all []any) (o observers, err error) {
	for i, one := range all {
		fits := appendIf(&o.connect, one)
		fits = appendIf(&o.disconnect, one) || fits
		fits = appendIf(&o.gap, one) || fits
		fits = appendIf(&o.event, one) || fits
		fits = appendIf(&o.alive, one) || fits
		fits = appendIf(&o.recovered, one) || fits
		if !fits {
			err = errors.Join(err, unfit(i, one))
		}
	}
	return o, err
}

func unfit(i int, observer any) error {
	return fmt.Errorf("observer %d: %T has none of the observers' methods", i, observer)
}

func appendIf[T any](list *[]T, observer any) bool {
	o, ok := observer.(T)
	if ok {
		*list = append(*list, o)
	}
	return ok
}
