package sync

import "context"

// Checkpoints keeps how far each sink has come, by the sink's name. The engine
// calls Save from one goroutine at a time and only with checkpoints that every
// change up to them was acknowledged for.
type Checkpoints interface {
	// Load returns the saved checkpoints; a sink that is not in it starts new.
	Load(ctx context.Context) (map[string]Checkpoint, error)
	// Save keeps them. A checkpoint that goes backwards is no fault (a reset).
	Save(ctx context.Context, checkpoints map[string]Checkpoint) error
}

// Resetter is a [Checkpoints] that can be told from outside to forget, such as
// OpenCTI's connector state ("reset state" in its user interface). Each receive
// from Resets asks the engine to stop reading, to drop what is not yet written, and to start
// again from what Load then gives; a Save that is under way or was queued for the old run must not
// undo the reset.
type Resetter interface {
	Checkpoints
	Resets() <-chan struct{}
}
