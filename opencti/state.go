package opencti

import (
	"context"
	"log/slog"
	"maps"
	stdsync "sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// State keeps the sinks' checkpoints in OpenCTI's connector state: Save only
// remembers, and the connector's next ping carries them. When the platform says that
// the state was reset, by its user interface, what is remembered is dropped, Resets says so, and nothing is
// saved until Load is called again. It is safe for concurrent use.
type State struct {
	sinks  []string
	log    *slog.Logger
	resets chan struct{}
	// urgent asks for a ping at once.
	urgent chan struct{}

	mu          stdsync.Mutex
	checkpoints map[string]sync.Checkpoint
	// dropped is set from a reset on until Load has seen it, forgotten has the sinks that were forgotten meanwhile.
	dropped   bool
	forgotten map[string]bool
	// sent are the last texts that were sent, which a late answer may still echo.
	sent [4]string
}

var _ sync.Resetter = (*State)(nil)

func newState(sinks []string, log *slog.Logger) *State {
	return &State{sinks: sinks, log: log, resets: make(chan struct{}, 1), urgent: make(chan struct{}, 1), checkpoints: map[string]sync.Checkpoint{}}
}

// Load implements [sync.Checkpoints]. It obeys all resets that have come so far.
func (s *State) Load(context.Context) (map[string]sync.Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped, s.forgotten = false, nil
	select {
	case <-s.resets:
	default:
	}
	return maps.Clone(s.checkpoints), nil
}

// Save implements [sync.Checkpoints]. It does not wait for the platform.
func (s *State) Save(_ context.Context, checkpoints map[string]sync.Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dropped {
		s.hurry(checkpoints)
		s.checkpoints = maps.Clone(checkpoints)
		for name := range s.forgotten {
			delete(s.checkpoints, name)
		}
	}
	return nil
}

// hurry asks for a ping at once where the end of a recovery is known or has changed: a run that does not know it would
// recover anew and miss what was deleted since.
func (s *State) hurry(checkpoints map[string]sync.Checkpoint) {
	for name, c := range checkpoints {
		if !c.RecoverUntil.Equal(s.checkpoints[name].RecoverUntil) {
			select {
			case s.urgent <- struct{}{}:
			default:
			}
		}
	}
}

// Forget makes one sink start anew, without the others, as Resets then says. A sink that has no checkpoint does so anyway.
func (s *State) Forget(sink string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.checkpoints[sink]; !ok {
		return
	}
	delete(s.checkpoints, sink)
	if s.forgotten == nil {
		s.forgotten = map[string]bool{}
	}
	s.forgotten[sink] = true
	select {
	case s.resets <- struct{}{}:
	default:
	}
}

// Resets implements [sync.Resetter].
func (s *State) Resets() <-chan struct{} { return s.resets }

// registered takes the state that the platform gave at registration.
func (s *State) registered(text string) {
	checkpoints, err := parseState(text, s.sinks)
	if err != nil {
		s.log.Warn("the connector's state in OpenCTI cannot be read: starting anew", "error", err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkpoints = checkpoints
}

// text is the state to send.
func (s *State) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := formatState(s.checkpoints)
	if t != s.sent[0] {
		copy(s.sent[1:], s.sent[:])
		s.sent[0] = t
	}
	return t
}

// answered compares the platform's answer with what was sent; true if it ordered a reset.
func (s *State) answered(sent, got string) bool {
	if sameState(sent, got) || emptyState(sent) && emptyState(got) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range s.sent {
		if !emptyState(got) && sameState(old, got) {
			s.log.Warn("OpenCTI answered a ping with an older state of ours: another instance with the same connector id may be running")
			return false
		}
	}
	s.checkpoints = map[string]sync.Checkpoint{}
	s.dropped = true
	select {
	case s.resets <- struct{}{}:
	default:
	}
	return true
}

// sameState compares two states as JSON, not as text.
func sameState(a, b string) bool {
	if a == b {
		return true
	}
	va, vb := jsontext.Value(a), jsontext.Value(b)
	return va.Canonicalize() == nil && vb.Canonicalize() == nil && string(va) == string(vb)
}

func emptyState(s string) bool { return s == "" || s == "null" || s == "{}" || s == `""` }
