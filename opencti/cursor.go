package opencti

import (
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// verdict is what a cursor makes of an event.
type verdict uint8

const (
	// take: hand it on.
	take verdict = iota
	// skip: it was handed on before.
	skip
	// reconnect: the connection has done its part, the next one begins where the cursor now says.
	reconnect
	// catchUp: as reconnect, to recover what a clock ahead of ours has hidden from the first recovery.
	catchUp
	// nextPart: as reconnect, and the recovery goes on.
	nextPart
)

// cursor keeps where a stream is: what the next connection asks for, and from
// where a later run may resume. It knows nothing of HTTP; all of the thinking about ids is here.
//
// A stream is either live, reading redis, or recovering, reading the database. Ids in
// recovery are dates by the platform's clock, in live they are redis'.
type cursor struct {
	margin time.Duration
	// pageSize is how many objects the platform reads from its database at a time, at most.
	pageSize int

	// commit is from where to resume once all that was handed on is acknowledged.
	commit sync.Checkpoint
	// from is where the next connection begins; without known, with what happens from then on.
	from  sync.Position
	known bool
	// top is the greatest id of an object's event on this connection, or where it began.
	top sync.Position
	// idle counts the heartbeats in a row that are the platform's clock; beat is the last one.
	idle int
	beat sync.Position
	// newest is the greatest id by redis' clock that is known; trusted is true when it was within the
	// margin of the platform's clock once, ahead that an event came behind the position all the same.
	newest         sync.Position
	trusted, ahead bool

	// seen is the position up to which nothing can be missing; what is trimmed beyond it is a gap. Zero is unknown.
	seen sync.Position

	recovery *recovery
	overlap  *overlap
	// covered is a date up to which, by the platform's clock, nothing of the database is missing, as long as
	// nobody knows whether that clock is ahead of ours; zero when there is no more to find out.
	covered time.Time
	// noRecovery reports whether the platform refuses recovery for this stream; refusals counts the connections in
	// a row that it ended by an error before anything had come, which is how some platforms refuse.
	noRecovery bool
	refusals   int
	// owed is a recovery that such errors have ended; it is tried again now and then, since they can also pass.
	owed *owed
}

// recovery is a history being read from the database.
type recovery struct {
	until time.Time
	// floor is what the live part after it never goes before: the user's start.
	floor sync.Position
	// gap is true when it fills a gap behind the live position base, from which the live part then goes on.
	gap  bool
	base sync.Position
	// asked is the end that this connection asked for; until can have come nearer since.
	asked time.Time
	// page is from where to resume, start from where this connection reads. high and low are the greatest and the
	// least id that have come on it.
	page             page
	start, low, high sync.Position
	// stuck counts the connections in a row that ended before there was a later place to resume from. part is then
	// an earlier end to ask for, so that what is asked for comes whole before the next cut; zero for none.
	stuck int
	part  time.Time
	// first is the beginning of the event stream, last its end when the recovery began.
	first, last sync.Position
	// version is the version of what this connection recovers.
	version int64
}

// newCursor places a run at a saved checkpoint, or at the configured start.
func newCursor(cfg Config, saved *sync.Checkpoint, now time.Time) *cursor {
	c := &cursor{margin: cfg.ClockMargin, pageSize: cfg.RecoveryWindow}
	if saved != nil && !saved.IsZero() {
		c.place(saved.Position)
		c.commit.Position = saved.Position
		// A recovery that ends at or before the position is over: OpenCTI's own client keeps its date for ever.
		if saved.RecoverUntil.After(positionTime(saved.Position)) {
			c.commit.RecoverUntil = saved.RecoverUntil
			c.recovery = &recovery{until: saved.RecoverUntil, floor: least(timePosition(cfg.Start.At), saved.Position)}
		} else {
			if !saved.Owed.IsZero() {
				c.owed = &owed{from: saved.Owed, next: now}
			}
			c.seen = saved.Position
			c.covered = positionTime(saved.Position).Add(-c.margin)
		}
		return c
	}
	if cfg.Start.Live {
		return c
	}
	start := timePosition(cfg.Start.At)
	c.place(start)
	c.commit.Position = start
	if cfg.Recover.Disable {
		return c
	}
	until := cfg.Recover.Until
	if until.IsZero() || until.After(now) {
		until = nextSecond(now)
	}
	if until.After(positionTime(start)) {
		c.commit.RecoverUntil = until
		c.recovery = &recovery{until: until, floor: start}
	}
	return c
}

func (c *cursor) place(p sync.Position) {
	c.from, c.known = p, true
}

// checkpoint is from where to resume once all that was handed on is acknowledged.
func (c *cursor) checkpoint() sync.Checkpoint {
	at := c.commit
	if c.owed != nil {
		at.Owed = c.owed.from
	}
	return at
}

// recoverUntil is the end of recovery that the next connection asks for; zero for none.
func (c *cursor) recoverUntil() time.Time {
	switch r := c.recovery; {
	case r == nil:
		return time.Time{}
	case r.part.IsZero():
		return r.until
	default:
		return r.part
	}
}

// begin starts a connection.
func (c *cursor) begin() {
	c.top, c.idle = c.from, 0
	if r := c.recovery; r != nil {
		r.divide(c.from)
		r.asked = c.recoverUntil()
		r.start, r.page = c.from, page{size: max(c.pageSize, r.page.size)}
		r.low, r.high = sync.Position{}, sync.Position{}
	}
}

// streamEnds is what a connected event says.
type streamEnds struct {
	first, last sync.Position
	// empty is true when there are no events at all.
	empty bool
}

// connected takes the connected event. gap is true when events were trimmed before they were read;
// reconnect then recovers them.
func (c *cursor) connected(ends streamEnds, now time.Time) (gap bool, v verdict) {
	c.sighted(ends.last)
	switch {
	case c.recovery != nil:
		c.recoveryConnected(ends, now)
	case !c.known:
		// Live only: from now on it resumes from the last event that had happened.
		if !ends.last.IsZero() {
			c.moveTo(ends.last)
		} else if ends.empty {
			c.moveTo(almostZero)
		}
		c.top = c.from
	case c.missing(ends):
		c.startGap(now)
		return true, reconnect
	}
	return false, take
}

// almostZero stands for the beginning where a zero position would mean that there is none.
var almostZero = sync.Position{Seq: 1}

// sighted takes an id by redis' clock.
func (c *cursor) sighted(p sync.Position) {
	if p.Compare(c.newest) > 0 {
		c.newest = p
	}
}

func (c *cursor) moveTo(p sync.Position) {
	c.place(p)
	c.commit = sync.Checkpoint{Position: p}
	c.seen = p
}

// missing reports whether events after the position were trimmed.
func (c *cursor) missing(ends streamEnds) bool {
	if c.seen.IsZero() || c.seen == almostZero || c.noRecovery {
		return false
	}
	return ends.empty || !ends.first.IsZero() && before(ends.first).Compare(c.seen) > 0
}

func (c *cursor) startGap(now time.Time) {
	base := c.commit.Position
	// The platform's clock may be ahead of ours, or behind redis': what was missed can have later and
	// earlier dates than its time. Other than at a first start, there are no events to fall back on.
	c.recovery = &recovery{until: nextSecond(now.Add(c.margin)), gap: true, base: base}
	c.overlap = nil
	c.place(minus(base, c.margin))
}

// recoveryConnected notes what the database holds: everything up to the last event. Its objects' dates,
// by the platform's clock, are therefore before that event plus the margin, so that the recovery needs to go no
// further; and with its end, the place where the live part begins is known to a later run too.
func (c *cursor) recoveryConnected(ends streamEnds, now time.Time) {
	r := c.recovery
	r.first = ends.first
	// Without a last event the version must be below that of all to come.
	r.version = minus(timePosition(now), c.margin).Version()
	if ends.last.IsZero() {
		return
	}
	r.version = ends.last.Version()
	if r.last.IsZero() {
		r.last = ends.last
	}
	if end := positionTime(ends.last).Add(c.margin).Truncate(time.Second); end.Before(r.until) {
		r.until = end
		if !r.gap {
			c.commit.RecoverUntil = end
		}
	}
}

// origin is where an object's event comes from.
type origin uint8

const (
	// fromStream: from the event stream, so that a recovery is over.
	fromStream origin = iota
	// fromDatabase: from the database.
	fromDatabase
	// fromEither: a dependency, or what cannot be read.
	fromEither
)

// event takes the id of an object's event. version is the one to give to its changes, 0 for the event's own.
func (c *cursor) event(pos sync.Position, from origin) (v verdict, version int64) {
	c.idle = 0
	if c.recovery != nil {
		return c.recover(pos, from)
	}
	switch cmp := pos.Compare(c.top); {
	case cmp < 0:
		// The platform reads a batch again when it has failed inside it: these were handed on.
		return skip, 0
	case cmp > 0:
		c.complete()
		if pos.Compare(c.commit.Position) <= 0 {
			c.commit.Position, c.ahead = c.top, true
			c.place(c.top)
		}
		c.top = pos
		c.sighted(pos)
	}
	return take, 0
}

// recover takes an event while a recovery goes on. An object's date can be beyond the end that was asked for: the
// platform finds a page's objects first and reads them then, when they may have changed once more.
func (c *cursor) recover(pos sync.Position, from origin) (v verdict, version int64) {
	r := c.recovery
	if from == fromStream {
		return c.endRecovery(), 0
	}
	c.refusals = 0
	c.top = pos
	if from == fromDatabase {
		c.arrived(pos)
	}
	if r.version == 0 { // no connected event came
		r.version = pos.Version()
	}
	return take, r.version
}

// arrived takes the id of an object from the database and moves the place to resume from.
func (c *cursor) arrived(pos sync.Position) {
	r := c.recovery
	if r.low.IsZero() || pos.Compare(r.low) < 0 {
		r.low = pos
	}
	if pos.Compare(r.high) > 0 {
		r.high = pos
	}
	if pos.Compare(c.from) < 0 && c.from.Compare(r.start) > 0 {
		// Pages are larger than we were told. Nothing is certain but where this connection began.
		r.page.grow()
		c.resumeFrom(r.start)
	}
	r.page.add(pos)
	if p, ok := r.page.least(); ok && p.Compare(c.from) > 0 {
		c.resumeFrom(p)
	}
}

// resumeFrom sets from where a recovery is resumed: by the next connection, and, unless it fills a gap, by a later run.
func (c *cursor) resumeFrom(p sync.Position) {
	r := c.recovery
	if !positionTime(p).Before(r.until) {
		return
	}
	c.place(p)
	if !r.gap {
		c.commit.Position = p
	}
}

// patience is how many connections in a row may end without a later place to resume from
// before less is asked for at a time.
const patience = 2

// divide decides how much the next connection asks for. Where connections are cut before a page has come, no
// later place to resume from is ever found: half of the time that has come on the last one is asked for then.
func (r *recovery) divide(from sync.Position) {
	if r.low.IsZero() {
		return // nothing has come: the cut has nothing to do with how much it is
	}
	if from.Compare(r.start) > 0 {
		r.stuck, r.part = 0, time.Time{}
		return
	}
	if r.stuck++; r.stuck < patience {
		return
	}
	if half := r.low.Millis + (r.high.Millis-r.low.Millis)/2; half > from.Millis {
		r.part = positionTime(sync.Position{Millis: half})
	}
}

// complete makes the group of top the place to resume from, as all of it has come.
func (c *cursor) complete() {
	if c.top.Compare(c.commit.Position) > 0 {
		c.commit = sync.Checkpoint{Position: c.top}
		c.seen = c.top
		c.place(c.top)
	}
}

// quiet is how many heartbeats in a row, without an event between them, make the stream idle.
const quiet = 2

// heartbeat takes a heartbeat's id. reconnect means that recovery is over.
//
// The id of a heartbeat is that of the last event sent, which can be inside a group; or, when a read
// of 5 s has found no event, so that no group can be half sent, the platform's clock. It
// is told by its being another id than the last event's and by its going on. In
// recovery the platform does not read events, so that an idle read means the end of it.
func (c *cursor) heartbeat(id sync.Position, now time.Time) verdict {
	last := c.beat
	c.beat = id
	if c.startOwed(now) {
		return nextPart
	}
	if c.clockAhead(id, now) {
		c.startCatchUp(id)
		return catchUp
	}
	switch {
	case id == c.top:
		c.idle = 0
		return take
	case c.idle > 0 && id.Compare(last) <= 0:
		c.idle = 1
		return take
	}
	if c.idle++; c.idle < quiet {
		return take
	}
	if c.recovery != nil {
		return c.endRecovery()
	}
	c.overlap = nil
	c.complete()
	c.drift(minus(id, c.margin))
	return take
}

// aheadBy is by how much a heartbeat must be ahead of our clock to count: more than the way and rounding take.
const aheadBy = 2 * time.Second

// clockAhead reports whether a heartbeat shows that the platform's clock is ahead of ours. The recovery of
// a first start then ended, by that clock, before the start: what changed in between is missing, unless
// the event stream still had it.
func (c *cursor) clockAhead(id sync.Position, now time.Time) bool {
	return !c.covered.IsZero() && c.recovery == nil && !c.noRecovery && positionTime(id).Sub(now) > aheadBy
}

// startCatchUp recovers what the clock's being ahead has hidden, once in a run, and then goes on where the stream was.
func (c *cursor) startCatchUp(id sync.Position) {
	from := timePosition(c.covered)
	c.startGap(positionTime(id))
	c.place(from)
	c.covered = time.Time{}
}

// drift moves the position of an idle stream on by the platform's clock, less the margin, so that
// it does not fall behind what redis keeps. That is safe only if redis' clock is not further behind, as
// it has shown by an event of about now: where events are rare nothing is trimmed either.
func (c *cursor) drift(p sync.Position) {
	if p.Compare(c.newest) <= 0 {
		c.trusted = true
	}
	if c.trusted && !c.ahead && p.Compare(c.commit.Position) > 0 {
		c.commit = sync.Checkpoint{Position: p}
		c.place(p)
	}
}

// endRecovery turns to the live part. It begins before the recovery's end by the margin: objects
// with a later date, by the platform's clock, were not recovered, and their events can be that much older by redis'.
// If only a part was asked for, the next connection goes on where it ended.
func (c *cursor) endRecovery() verdict {
	r := c.recovery
	if !r.part.IsZero() && r.part.Before(r.until) {
		c.resumeFrom(timePosition(r.part))
		r.stuck, r.part, r.low = 0, time.Time{}, sync.Position{}
		return nextPart
	}
	start := minus(timePosition(r.until), c.margin)
	switch {
	case r.gap:
		start = r.base
	case r.floor.Compare(start) > 0:
		start = r.floor
	}
	if !r.gap {
		c.covered = r.asked.Add(-time.Second)
	}
	// Nothing is before the first event, so it would be no gap either.
	if p := before(r.first); p.Compare(start) > 0 {
		start = p
	}
	c.moveTo(start)
	c.recovery, c.overlap, c.owed = nil, newOverlap(r.last, r.until), nil
	c.seen = r.last
	return reconnect
}

// nextSecond is a date that OpenCTI's own client could have sent, in whole seconds, and not before t.
func nextSecond(t time.Time) time.Time {
	return t.UTC().Add(time.Second - 1).Truncate(time.Second)
}

func timePosition(t time.Time) sync.Position {
	if t.IsZero() || t.UnixMilli() <= 0 {
		return sync.Position{}
	}
	return sync.Position{Millis: uint64(t.UnixMilli())}
}

func positionTime(p sync.Position) time.Time {
	return time.UnixMilli(int64(min(p.Millis, 1<<53))).UTC()
}

func least(a, b sync.Position) sync.Position {
	if a.Compare(b) < 0 {
		return a
	}
	return b
}

// minus is the position d earlier.
func minus(p sync.Position, d time.Duration) sync.Position {
	ms := uint64(d / time.Millisecond)
	if p.Millis <= ms {
		return sync.Position{}
	}
	return sync.Position{Millis: p.Millis - ms}
}

// before is a position from which the event at p is the next.
func before(p sync.Position) sync.Position {
	switch {
	case p.Seq > 0:
		p.Seq--
	case p.Millis > 0:
		p.Millis--
	}
	return p
}
