package sync

import (
	"context"
	"time"
)

// patience is for how long a lane may hold the others in one go; it comes back as a tenth of the time that passes.
const patience = 500 * time.Millisecond

// patience counts the time since a wait began or was last asked about, and returns how long the lane may still hold others.
func (l *lane) patience(began time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if began.Before(l.credited) {
		began = l.credited
	}
	free := began.Sub(l.credited)
	l.credit = min(patience, l.credit+free/10) - now.Sub(began)
	l.credited = now
	return l.credit
}

// awaitRoom waits until there may be room, at most so long; false when ctx has ended.
func (l *lane) awaitRoom(ctx context.Context, most time.Duration) bool {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-l.room:
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// awaitHalf waits until at most half of the lane's bound is taken; false when ctx has ended.
func (l *lane) awaitHalf(ctx context.Context) bool {
	for {
		l.mu.Lock()
		half := l.halfFull()
		l.waiting, l.wantHalf = !half, !half
		l.mu.Unlock()
		if half {
			return ctx.Err() == nil
		}
		select {
		case <-l.room:
		case <-ctx.Done():
			return false
		}
	}
}

func (l *lane) full() bool {
	return l.tracker.open.len() >= l.opts.MaxPending || l.bytes >= l.opts.MaxPendingBytes
}

func (l *lane) halfFull() bool {
	return 2*l.tracker.open.len() <= l.opts.MaxPending && 2*l.bytes <= l.opts.MaxPendingBytes
}

// settled lets the reader go on if there is room.
func (l *lane) settled() {
	if !l.waiting || l.full() || l.wantHalf && !l.halfFull() {
		return
	}
	l.waiting = false
	select {
	case l.room <- struct{}{}:
	default:
	}
}

func (l *lane) setAlone(alone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alone = alone
}

// opened counts a reading of its own.
func (l *lane) opened() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.Readings++
}

// readUpTo is from where the lane has still to read; nil for everything.
func (l *lane) readUpTo() *Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := l.tracker.open.len(); {
	case n > 0:
		return &[]Checkpoint{l.tracker.open.at(n - 1).commit}[0]
	case l.tracker.known:
		return &[]Checkpoint{l.tracker.at}[0]
	}
	return nil
}

// join hands the lane what it lacks of a tail; false if it has no room.
func (l *lane) join(upTo Checkpoint, t *tail) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full() || l.mode != running {
		return false
	}
	l.skip = &upTo
	for i := range t.items.len() {
		item := t.items.at(i)
		switch c := &item.change; {
		case c.Op == Progress:
			l.progress(c.Commit)
		case l.acknowledgedEarlier(c):
		default:
			l.admit(c, item.read) // above the bound by no more than a tail
		}
	}
	l.alone = false
	l.credit, l.credited = patience, time.Now()
	return true
}
