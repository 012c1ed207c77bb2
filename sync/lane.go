package sync

import (
	"context"
	"log/slog"
	stdsync "sync"
	"time"
)

// lane is the way to one sink. It holds what was read and is not yet
// acknowledged, one entry a key, decides what goes when, and knows how far the
// sink has come. All of it is guarded by mu; run is its dispatcher.
//
//	add ──► ready ──► in flight ──► acknowledged ──► tracker ──► checkpoint
//	          ▲  (split, delayed)  │
//	          └──── try again ─────┘
type lane struct {
	sink     Sink
	selector Selector // the sink, if it is one
	opts     *Options
	hook     *hooks
	log      *slog.Logger
	bury     func(context.Context, DeadLetter) error

	wake chan struct{} // to the dispatcher: look again
	room chan struct{} // to the reader: there may be room

	mu      stdsync.Mutex
	mode    mode
	skip    *Checkpoint // what lies before it was acknowledged in an earlier run
	tracker tracker
	byKey   map[string]*entry // the entry in flight, if one is, else the one that waits
	bytes   int               // of all entries
	ready   ring[*entry]
	readyB  int        // bytes in ready
	split   [][]*entry // parts of a batch that was refused as a whole, each to go alone
	delayed delayQueue
	flying  int // requests under way
	started time.Time
	rate    rate
	// From how many items or bytes in ready on the dispatcher wants to be woken.
	wakeItems, wakeBytes int
	waiting              bool          // the reader waits for room
	wantHalf             bool          // it waits until half of what was there is written
	alone                bool          // the lane is fed by a reading of its own
	credit               time.Duration // how long it may still hold others
	credited             time.Time
	gaveUp               bool // no request is started any more
	trouble              trouble
	count                Counters
}

// mode is what a lane works towards.
type mode uint8

const (
	running   mode = iota
	draining       // the source has ended: write all that is left, however long it takes
	stopping       // the context has ended: try once what is left
	abandoned      // the state was reset: start nothing, keep nothing
)

// entry is a change on its way, with the tickets of all changes it stands for.
type entry struct {
	change   Change
	ticket   uint64
	more     []uint64 // tickets of the older changes that it has superseded
	next     *entry   // the newer change of the same key that waits while this one is in flight
	place    place
	failures int
	due      time.Time // when place is inDelayed
}

type place uint8

const (
	inReady place = iota
	inSplit
	inDelayed
	inFlight
	behind // waits for the one of its key that is in flight
	left   // not to be tried any more
)

func newLane(sink Sink, opts *Options, hook *hooks, bury func(context.Context, DeadLetter) error) *lane {
	selector, _ := sink.(Selector)
	return &lane{
		sink: sink, selector: selector, opts: opts, hook: hook, bury: bury,
		log:  opts.Logger.With("sink", sink.Name()),
		wake: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
}

// reset forgets everything but the counters and starts from a checkpoint, or
// anew from nil. Changes before skip were acknowledged in an earlier run.
func (l *lane) reset(from, skip *Checkpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mode, l.skip, l.gaveUp, l.waiting, l.alone = running, skip, false, false, false
	l.credit, l.credited = patience, time.Now()
	l.tracker = tracker{}
	if from != nil {
		l.tracker.at, l.tracker.known = *from, true
	}
	l.byKey = make(map[string]*entry)
	l.bytes, l.readyB, l.flying = 0, 0, 0
	l.ready, l.split, l.delayed = ring[*entry]{}, nil, nil
	l.wakeItems, l.wakeBytes = 1, 1
	l.trouble = trouble{}
}

// give takes a change over and reports whether it did; if not, the reader waits
// for room and offers it again.
func (l *lane) give(c *Change, read time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case c.Op == Progress:
		l.progress(c.Commit)
		return true
	case l.mode >= stopping:
		return false
	case l.acknowledgedEarlier(c):
		l.count.Skipped++
		return true
	case l.full():
		l.waiting, l.wantHalf = true, false
		l.signal() // a source that waits fills no batch: send what there is
		return false
	}
	l.admit(c, read)
	return true
}

// admit puts a change into the lane.
func (l *lane) admit(c *Change, read time.Time) {
	l.rate.count(read)
	ticket := l.tracker.issue(c.Commit, read)
	switch e := l.byKey[c.Key]; {
	case e == nil && l.selector != nil && !l.selector.Wants(*c):
		l.count.Ignored++
		l.tracker.done(ticket)
	case e == nil:
		e = l.newEntry(c, ticket)
		l.byKey[c.Key] = e
		l.queue(e, false)
	case e.place != inFlight:
		l.supersede(e, c, ticket)
	case e.next != nil:
		l.supersede(e.next, c, ticket)
	case c.Version < e.change.Version:
		e.more = append(e.more, ticket)
		l.count.Coalesced++
	default:
		e.next = l.newEntry(c, ticket)
		e.next.place = behind
	}
	if l.ready.len() >= l.wakeItems || l.readyB >= l.wakeBytes {
		l.signal()
	}
}

// progress moves the checkpoint once everything before it is acknowledged.
func (l *lane) progress(commit Checkpoint) {
	if !l.skips(commit) {
		l.tracker.progress(commit)
	}
}

// skips reports whether what a source resumes from commit with was acknowledged in
// an earlier run. During a recovery positions come from another clock, so only
// checkpoints of the same phase are compared; repeating is harmless.
func (l *lane) skips(commit Checkpoint) bool {
	if l.skip == nil {
		return false
	}
	if commit.RecoverUntil.Equal(l.skip.RecoverUntil) && commit.Position.Compare(l.skip.Position) < 0 {
		return true
	}
	if commit.RecoverUntil.Equal(l.skip.RecoverUntil) {
		l.skip = nil // it has caught up, for good
	}
	return false
}

// acknowledgedEarlier reports whether the lane had the change before, in an earlier run or by a reading of its own: by its own position, since the
// checkpoint can be anywhere between the change and the one before it. What was recovered from the
// database, or came because another object refers to it, has a position of another kind.
func (l *lane) acknowledgedEarlier(c *Change) bool {
	switch {
	case l.skip == nil, c.Reason == ReasonRecovered, c.Reason == ReasonDependency,
		!c.Commit.RecoverUntil.Equal(l.skip.RecoverUntil):
		return false
	case c.Position.Compare(l.skip.Position) <= 0:
		return true
	}
	l.skip = nil // it has caught up, for good
	return false
}

func (l *lane) newEntry(c *Change, ticket uint64) *entry {
	l.bytes += c.Size
	return &entry{change: *c, ticket: ticket}
}

// supersede puts a newer change in the place of one that waits; both are
// acknowledged by the write of the newer. A source that reads some events again
// brings old ones after new ones: then the one that waits stays.
func (l *lane) supersede(e *entry, c *Change, ticket uint64) {
	l.count.Coalesced++
	e.more = append(e.more, ticket)
	if c.Version < e.change.Version {
		return
	}
	grown := c.Size - e.change.Size
	l.bytes += grown
	if e.place == inReady {
		l.readyB += grown
	}
	e.change = *c
}

// queue puts an entry that is the one of its key into ready.
func (l *lane) queue(e *entry, front bool) {
	e.place = inReady
	l.readyB += e.change.Size
	if front {
		l.ready.pushFront(e)
	} else {
		l.ready.pushBack(e)
	}
}

func (l *lane) signal() {
	l.wakeItems, l.wakeBytes = never, never
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// setMode changes what the lane works towards; it only ever goes up.
func (l *lane) setMode(m mode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m <= l.mode {
		return
	}
	l.mode = m
	if m == stopping {
		// Once more, whatever the back-off says: the target may be back.
		l.trouble.hold = time.Time{}
		for l.delayed.Len() > 0 {
			l.queue(l.delayed.pop(), true)
		}
	}
	l.signal()
}
