package sync

import (
	"context"
	"iter"
)

// Source yields changes. The one in package opencti is an OpenCTI live stream.
type Source interface {
	// Changes yields all changes after the checkpoint, in order, until ctx ends,
	// the source has no more (a recording), or the consumer breaks off. nil
	// starts new. It rides out every fault that may pass by itself; an error is
	// yielded only when there is no use in going on, and ends the sequence. Several
	// sequences can be under way at a time, unless [Options.SingleReading] says otherwise.
	Changes(ctx context.Context, from *Checkpoint) iter.Seq2[Change, error]
}
