package main

import (
	"context"
	"maps"
	stdsync "sync"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// checkpoints is OpenCTI's connector state, of which one sink's part can be forgotten, so
// that the engine starts over and reads everything again for that sink.
type checkpoints struct {
	*opencti.State
	resets chan struct{}

	mu     stdsync.Mutex
	forget string // until the engine has loaded without it
}

var _ sync.Resetter = (*checkpoints)(nil)

func newCheckpoints(s *opencti.State) *checkpoints {
	return &checkpoints{State: s, resets: make(chan struct{}, 1)}
}

// Resets implements [sync.Resetter].
func (c *checkpoints) Resets() <-chan struct{} { return c.resets }

// run hands on the resets of the state until ctx ends.
func (c *checkpoints) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.State.Resets():
			c.reset()
		}
	}
}

// reset is one however often it is asked for before the engine hears of it.
func (c *checkpoints) reset() {
	select {
	case c.resets <- struct{}{}:
	default:
	}
}

// forgetSink makes a sink start anew. What the engine's old run still saves of it is left out.
func (c *checkpoints) forgetSink(name string) {
	c.mu.Lock()
	c.forget = name
	c.mu.Unlock()
	c.reset()
}

// Load implements [sync.Checkpoints].
func (c *checkpoints) Load(ctx context.Context) (map[string]sync.Checkpoint, error) {
	saved, err := c.State.Load(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forget != "" {
		saved = maps.Clone(saved)
		delete(saved, c.forget)
		c.forget = ""
	}
	return saved, nil
}

// Save implements [sync.Checkpoints].
func (c *checkpoints) Save(ctx context.Context, saved map[string]sync.Checkpoint) error {
	c.mu.Lock()
	forget := c.forget
	c.mu.Unlock()
	if forget != "" {
		saved = maps.Clone(saved)
		delete(saved, forget)
	}
	return c.State.Save(ctx, saved)
}
