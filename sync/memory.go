package sync

import (
	"cmp"
	"context"
	"maps"
	stdsync "sync"
)

// MemoryCheckpoints keeps checkpoints for as long as the process lives. The zero
// value is empty and ready; it is safe for concurrent use.
type MemoryCheckpoints struct {
	mu   stdsync.Mutex
	kept map[string]Checkpoint
}

var _ Checkpoints = (*MemoryCheckpoints)(nil)

// Load implements [Checkpoints].
func (m *MemoryCheckpoints) Load(context.Context) (map[string]Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.kept), nil
}

// Save implements [Checkpoints].
func (m *MemoryCheckpoints) Save(_ context.Context, checkpoints map[string]Checkpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = maps.Clone(checkpoints)
	return nil
}

// MemoryDeadLetters keeps the newest dead letters for as long as the process
// lives. The zero value is empty and ready; it is safe for concurrent use.
type MemoryDeadLetters struct {
	// Max is how many are kept at most; zero means 1000.
	Max int

	mu    stdsync.Mutex
	kept  ring[DeadLetter]
	total int
}

var _ DeadLetters = (*MemoryDeadLetters)(nil)

// Put implements [DeadLetters]. The oldest letter goes when there is no room.
func (m *MemoryDeadLetters) Put(_ context.Context, letter DeadLetter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	limit := cmp.Or(m.Max, 1000)
	for m.kept.len() >= limit {
		m.kept.popFront()
	}
	m.kept.pushBack(letter)
	m.total++
	return nil
}

// Letters returns the kept letters, oldest first.
func (m *MemoryDeadLetters) Letters() []DeadLetter {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]DeadLetter, m.kept.len())
	for i := range out {
		out[i] = *m.kept.at(i)
	}
	return out
}

// Total is how many letters were ever put.
func (m *MemoryDeadLetters) Total() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total
}
