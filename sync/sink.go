package sync

import (
	"context"
	"time"
)

// Sink is a target of changes.
type Sink interface {
	// Name tells the sink from others, in states, logs and metrics: "index", "rules".
	Name() string
	// Write brings the changes, at most one a key, all Upsert or Delete, to the
	// target. It returns a result for each, in their order: nothing is Done
	// before the target's own answer said so. An error means that none of them
	// is known to be done; [Classify] tells what it asks for. Write is called
	// from several goroutines at a time, never with one key in two of them.
	Write(ctx context.Context, changes []Change) ([]Result, error)
}

// Selector is what a sink can be besides that has no use for many of the changes. What it does not want is
// acknowledged, and counted as ignored, before it takes a place in a batch or in memory; only where an
// older change of the same key is still on its way, Write sees it all the same.
type Selector interface {
	// Wants reports whether Write has a use for the change. It must be quick, and always the same for a change.
	Wants(c Change) bool
}

// Outcome is what became of one change.
type Outcome uint8

// The outcomes.
const (
	// Done: the target holds it.
	Done Outcome = iota
	// Superseded: the target holds something newer. Success.
	Superseded
	// Ignored: the sink has no use for this object. Success.
	Ignored
	// Refused: it can never succeed; Err says why. It goes to the dead letters.
	Refused
	// Again: it may succeed later.
	Again
)

// Result is the answer for one change of a batch.
type Result struct {
	Outcome Outcome
	// Err is the reason of Refused and Again, or a note on Done and Ignored for the observer.
	Err error
	// After is how long the target asked to wait before an Again; zero if it did not say.
	After time.Duration
}
