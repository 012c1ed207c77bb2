package sync

import "time"

// Stats is what an [Engine] has done so far and how it stands.
type Stats struct {
	// Read counts the changes that were read, Invalid those of them that could not be decoded.
	Read, Invalid uint64
	// Resets counts how often the state was reset from outside.
	Resets uint64
	// Position is the last one read, ReadAt when; zero before the first.
	Position Position
	ReadAt   time.Time
	// SaveErr is why the last save of checkpoints failed; nil if it did not.
	SaveErr error
	// Sinks stands in the order of [Options.Sinks].
	Sinks []SinkStats
}

// SinkStats is what the engine has done for one sink.
type SinkStats struct {
	Name string
	Counters
	// Unacknowledged is how many changes were read that the checkpoint cannot
	// move over yet. Pending is the number of keys that wait or are in a
	// request, PendingBytes the sum of their [Change.Size].
	Unacknowledged, Pending, PendingBytes int
	// InFlight is how many requests are under way.
	InFlight int
	// Lag is how long the oldest unacknowledged change has waited since it was read; of a sink that
	// reads alone, at least how far its checkpoint is behind what the others have read.
	Lag time.Duration
	// Alone is set while the sink is behind the others and reads the source by itself.
	Alone bool
	// Checkpoint is how far the sink has come; zero if it is new.
	Checkpoint Checkpoint
	// State is how the sink is. If it is not [Healthy], Since says since when and Err why.
	State State
	Since time.Time
	Err   error
}

// Counters only grow.
type Counters struct {
	// Requests counts calls of Write, Failed those that came to nothing.
	Requests, Failed uint64
	// Done, Superseded, Ignored and Refused count changes by their final result;
	// a refused one is among the dead letters.
	Done, Superseded, Ignored, Refused uint64
	// Coalesced counts changes that were acknowledged with a newer one of their
	// key, Skipped those that the sink had before, from an earlier run or a reading of its own.
	Coalesced, Skipped uint64
	// Readings counts the readings of the source that were opened for this sink alone.
	Readings uint64
	// Retried counts how often a change had to be tried again.
	Retried uint64
}

// Stats returns a snapshot; it may be called at any time.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	s := e.stats
	e.mu.Unlock()
	now := time.Now()
	for _, l := range e.lanes {
		k := l.stats(now)
		if at := k.Checkpoint; k.Alone && at.RecoverUntil.IsZero() && !at.IsZero() && s.Position.Millis > at.Position.Millis {
			k.Lag = max(k.Lag, time.Duration(s.Position.Millis-at.Position.Millis)*time.Millisecond)
		}
		s.Sinks = append(s.Sinks, k)
	}
	return s
}

func (l *lane) stats(now time.Time) SinkStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := SinkStats{
		Name: l.sink.Name(), Counters: l.count,
		Unacknowledged: l.tracker.open.len(), Pending: len(l.byKey), PendingBytes: l.bytes,
		InFlight: l.flying, Checkpoint: l.tracker.at, Alone: l.alone,
		State: l.trouble.state(), Since: l.trouble.since, Err: l.trouble.err,
	}
	if t := l.tracker.oldest(); !t.IsZero() {
		s.Lag = now.Sub(t)
	}
	return s
}
