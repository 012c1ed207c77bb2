package sync

import (
	"context"
	"math"
	stdsync "sync"
	"time"
)

const (
	never = math.MaxInt

	// quickItems and pace keep a burst at few requests without a setting. When
	// nothing is under way a change goes at once, unless more than fewItems have come within about pace and
	// the last request was started less than pace ago: then changes gather until pace has passed or
	// quickItems are there. So a change waits for nothing in a stream of up to 250 a second; one
	// of up to 2,500 makes at most ten requests a second, and a
	// faster one requests of 256 or more, even if the target answers in no time.
	quickItems = 256
	fewItems   = 25
	pace       = 100 * time.Millisecond
)

// run dispatches until the lane has done what its mode asks for and all its
// requests have ended. The context is that of the requests.
func (l *lane) run(ctx context.Context) {
	var writers stdsync.WaitGroup
	defer writers.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait, ended := l.dispatch(ctx, &writers)
		if ended {
			return
		}
		timer.Reset(wait)
		select {
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// dispatch starts the requests that are due, and says how long there is nothing more to do.
func (l *lane) dispatch(ctx context.Context, writers *stdsync.WaitGroup) (wait time.Duration, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for {
		var batch []*entry
		if batch, wait = l.take(ctx, now); batch == nil {
			return wait, l.ended()
		}
		for _, e := range batch {
			e.place = inFlight
		}
		l.flying++
		l.started = now
		l.count.Requests++
		writers.Go(func() { l.write(ctx, batch) })
	}
}

func (l *lane) ended() bool {
	if l.flying > 0 || l.mode == running {
		return false
	}
	return l.gaveUp || l.ready.len() == 0 && len(l.split) == 0 && l.delayed.Len() == 0
}

// take returns the next batch if one is due. If not, it says how long to wait, and
// sets from when on add is to wake the dispatcher before that.
func (l *lane) take(ctx context.Context, now time.Time) (batch []*entry, wait time.Duration) {
	for l.delayed.Len() > 0 && !l.delayed[0].due.After(now) {
		l.queue(l.delayed.pop(), true)
	}
	if l.mode == abandoned || ctx.Err() != nil {
		l.gaveUp = true
	}
	wait = time.Hour
	if l.delayed.Len() > 0 {
		wait = l.delayed[0].due.Sub(now)
	}
	l.wakeItems, l.wakeBytes = never, never
	switch {
	case l.gaveUp, l.flying >= l.opts.Concurrency:
		return nil, wait
	case l.trouble.failures > 0 && l.flying > 0:
		return nil, wait // one request is enough to see whether the target is back
	case l.trouble.hold.After(now):
		return nil, min(wait, l.trouble.hold.Sub(now))
	case len(l.split) > 0:
		batch, l.split = l.split[0], l.split[1:]
		return batch, 0
	}
	if due := l.due(now); due > 0 {
		return nil, min(wait, due)
	}
	return l.fill(), 0
}

// due is how long what is ready has still to wait, zero if it is to go.
func (l *lane) due(now time.Time) time.Duration {
	n := l.ready.len()
	switch {
	case n >= l.opts.MaxItems || l.readyB >= l.opts.MaxBytes:
		return 0
	case n == 0:
		l.wakeItems, l.wakeBytes = 1, 1
		if l.flying > 0 {
			l.wakeItems, l.wakeBytes = l.opts.MaxItems, l.opts.MaxBytes
		}
		return time.Hour
	case l.mode != running:
		return 0
	case l.flying > 0:
		l.wakeItems, l.wakeBytes = l.opts.MaxItems, l.opts.MaxBytes
		return time.Hour
	case n >= quickItems, l.waiting, l.rate.recent(now) <= fewItems:
		return 0
	}
	l.wakeItems, l.wakeBytes = min(quickItems, l.opts.MaxItems), l.opts.MaxBytes
	return max(0, pace-now.Sub(l.started))
}

// fill takes a batch out of ready, within the limits but at least one entry.
func (l *lane) fill() []*entry {
	batch := make([]*entry, 0, min(l.ready.len(), l.opts.MaxItems))
	bytes := 0
	for l.ready.len() > 0 && len(batch) < l.opts.MaxItems {
		size := (*l.ready.at(0)).change.Size
		if len(batch) > 0 && bytes+size > l.opts.MaxBytes {
			break
		}
		batch = append(batch, l.ready.popFront())
		bytes += size
	}
	l.readyB -= bytes
	return batch
}
