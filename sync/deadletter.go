package sync

import (
	"context"
	"time"
)

// DeadLetter is a change that can never succeed.
type DeadLetter struct {
	// Time is when it was given up.
	Time time.Time
	// Sink is the sink that refused it; empty for an Invalid change of the source.
	Sink string
	// Change is what was refused.
	Change Change
	// Reason says why, without secrets.
	Reason string
}

// DeadLetters keeps them. The change counts as acknowledged once Put has returned nil;
// until then the engine tries again.
type DeadLetters interface {
	Put(ctx context.Context, letter DeadLetter) error
}
