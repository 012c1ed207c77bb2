package opencti

import (
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// refused takes a no-recover event. The platform goes on live from then on; but its event stream
// can still be had from the beginning by asking again without a recovery. lost reports whether more
// than the database's history is missing: a gap.
func (c *cursor) refused() (lost bool, v verdict) {
	r := c.recovery
	c.noRecovery = true
	if r == nil {
		return false, take
	}
	c.recovery = nil
	if r.gap {
		c.moveTo(r.base)
		return c.owed == nil, reconnect
	}
	c.moveTo(r.floor)
	return false, reconnect
}

// owed is a recovery that errors have ended. They can be the platform's way of refusing it, and they can pass. So
// it is kept in the checkpoint: a later run asks for it too.
type owed struct {
	// from is where it begins, next is when to ask for it once more.
	from sync.Position
	next time.Time
}

const (
	// errorsRefuse is how many recoveries in a row an error must end before anything has come, to be taken for refusals.
	errorsRefuse = 4
	// owedInterval is the time between attempts at a recovery that is owed.
	owedInterval = time.Hour
)

// failed takes an error event. refuses reports whether it is to be taken for a refusal: it was not the
// first one to end a recovery before anything had come.
func (c *cursor) failed(now time.Time) (refuses, lost bool) {
	r := c.recovery
	if r == nil || !r.low.IsZero() {
		return false, false
	}
	if c.refusals++; c.refusals < errorsRefuse {
		return false, false
	}
	from := c.from
	if from.IsZero() {
		from = almostZero // zero is that nothing is owed
	}
	lost, _ = c.refused()
	c.owed = &owed{from: from, next: now.Add(owedInterval)}
	return true, lost
}

// startOwed asks again for a recovery that is owed, once it is time. It goes on like that of a gap, behind which the stream is.
func (c *cursor) startOwed(now time.Time) bool {
	if c.owed == nil || c.recovery != nil || now.Before(c.owed.next) {
		return false
	}
	c.noRecovery = false
	c.startGap(now)
	c.place(c.owed.from)
	return true
}
