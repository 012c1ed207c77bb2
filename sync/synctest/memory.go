package synctest

import (
	"context"
	"fmt"
	"maps"
	stdsync "sync"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Memory is the reference sink. It holds the newest state of each key, refuses
// to go back to an older version as Elasticsearch does with version_type
// external_gte, and remembers the versions of what was deleted. Make one with [NewMemory].
type Memory struct {
	name string

	mu        stdsync.Mutex
	held      map[string]sync.Change
	versions  map[string]int64
	busy      map[string]bool
	requests  []int
	flying    int
	maxFlying int
	breaches  []error
	intercept Interceptor
}

var _ sync.Sink = (*Memory)(nil)

// An Interceptor stands between the engine and a [Memory], to delay, refuse or
// lie. apply does what would be done without it; it can be left out, or its results thrown away.
type Interceptor func(ctx context.Context, changes []sync.Change, apply func() []sync.Result) ([]sync.Result, error)

// NewMemory makes an empty sink of that name.
func NewMemory(name string) *Memory {
	return &Memory{name: name, held: make(map[string]sync.Change), versions: make(map[string]int64), busy: make(map[string]bool)}
}

// Name implements [sync.Sink].
func (m *Memory) Name() string { return m.name }

// Intercept sets the interceptor for the requests that follow; nil takes it away.
func (m *Memory) Intercept(i Interceptor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.intercept = i
}

// Write implements [sync.Sink].
func (m *Memory) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	i := m.enter(changes)
	defer m.leave(changes)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	apply := func() []sync.Result { return m.apply(changes) }
	if i != nil {
		return i(ctx, changes, apply)
	}
	return apply(), nil
}

func (m *Memory) enter(changes []sync.Change) Interceptor {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests = append(m.requests, len(changes))
	m.flying++
	m.maxFlying = max(m.maxFlying, m.flying)
	if len(changes) == 0 {
		m.breach("an empty request")
	}
	for _, c := range changes {
		switch {
		case m.busy[c.Key]:
			m.breach("key %s is written twice at a time", c.Key)
		case c.Op != sync.Upsert && c.Op != sync.Delete:
			m.breach("key %s: operation %d reached a sink", c.Key, c.Op)
		case c.Key == "" || c.Op == sync.Upsert && c.Object == nil:
			m.breach("key %q: a change without key or object reached a sink", c.Key)
		}
		m.busy[c.Key] = true
	}
	return m.intercept
}

func (m *Memory) leave(changes []sync.Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flying--
	for _, c := range changes {
		delete(m.busy, c.Key)
	}
}

func (m *Memory) breach(format string, args ...any) {
	m.breaches = append(m.breaches, fmt.Errorf(format, args...))
}

func (m *Memory) apply(changes []sync.Change) []sync.Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	results := make([]sync.Result, len(changes))
	for i, c := range changes {
		if v, known := m.versions[c.Key]; known && c.Version < v {
			results[i].Outcome = sync.Superseded
			continue
		}
		m.versions[c.Key] = c.Version
		if c.Op == sync.Delete {
			delete(m.held, c.Key)
		} else {
			m.held[c.Key] = c
		}
	}
	return results
}

// Held returns the version of each key that the sink holds.
func (m *Memory) Held(context.Context) (map[string]int64, error) {
	out := make(map[string]int64)
	for key, c := range m.Changes() {
		out[key] = c.Version
	}
	return out, nil
}

// Changes returns the newest change of each key that the sink holds.
func (m *Memory) Changes() map[string]sync.Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.held)
}

// Requests returns the number of changes of each request so far.
func (m *Memory) Requests() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]int(nil), m.requests...)
}

// MaxConcurrent is how many requests were under way at most at one time.
func (m *Memory) MaxConcurrent() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.maxFlying
}

// Breaches are the engine's broken promises, seen from here: one key in two
// requests at a time or twice in one, an empty request, a change that no sink should see.
func (m *Memory) Breaches() []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]error(nil), m.breaches...)
}
