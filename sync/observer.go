package sync

import (
	"errors"
	"fmt"
	"time"
)

// An observer of an [Engine] is any value that implements at least one of the interfaces
// below. Their methods are called from the engine's goroutines, several at a
// time, and hold it up while they run: they must be quick and must not call back.
type (
	// ReadObserver is called for each change that was read, in order, Progress too.
	ReadObserver interface{ OnRead(Change) }
	// WriteObserver is called for each request to a sink that has ended.
	WriteObserver interface{ OnWrite(WriteReport) }
	// RetryObserver is called when a sink waits before it tries again.
	RetryObserver interface{ OnRetry(RetryReport) }
	// DeadLetterObserver is called for each dead letter that was kept.
	DeadLetterObserver interface{ OnDeadLetter(DeadLetter) }
	// CheckpointObserver is called for each checkpoint that was saved anew.
	CheckpointObserver interface {
		OnCheckpoint(sink string, checkpoint Checkpoint)
	}
	// StateObserver is called when a sink's state changes; err says why, nil for [Healthy].
	StateObserver interface {
		OnState(sink string, state State, err error)
	}
)

// WriteReport is what became of one request to a sink.
type WriteReport struct {
	Sink string
	// Changes and Bytes are how much the request held.
	Changes, Bytes int
	// Done to Again count the results; all are zero if Err is set.
	Done, Superseded, Ignored, Refused, Again int
	// Latency is how long the sink took.
	Latency time.Duration
	// Err is the fault of the request as a whole.
	Err error
}

func (r *WriteReport) count(o Outcome) {
	switch o {
	case Done:
		r.Done++
	case Superseded:
		r.Superseded++
	case Ignored:
		r.Ignored++
	case Refused:
		r.Refused++
	default:
		r.Again++
	}
}

// RetryReport says why and for how long a sink waits.
type RetryReport struct {
	Sink  string
	Err   error
	Class Class
	// Wait is how long, Failures how many requests in a row have failed, Since
	// when the first of them did.
	Wait     time.Duration
	Failures int
	Since    time.Time
}

// State is how a sink is.
type State uint8

// The states.
const (
	// Healthy: the last request was answered.
	Healthy State = iota
	// Retrying: requests fail in a way that may pass.
	Retrying
	// Stuck: requests fail in a way that someone has to mend ([Blocked]).
	Stuck
)

// String returns the state's name.
func (s State) String() string {
	switch s {
	case Healthy:
		return "healthy"
	case Retrying:
		return "retrying"
	default:
		return "stuck"
	}
}

// hooks are the observers, sorted by what they can be told.
type hooks struct {
	read       []ReadObserver
	write      []WriteObserver
	retry      []RetryObserver
	letter     []DeadLetterObserver
	checkpoint []CheckpointObserver
	state      []StateObserver
}

// newHooks sorts the observers; an error names those that cannot be told anything.
func newHooks(observers []any) (*hooks, error) {
	h := &hooks{}
	var faults []error
	for i, o := range observers {
		fits := appendIf(&h.read, o)
		fits = appendIf(&h.write, o) || fits
		fits = appendIf(&h.retry, o) || fits
		fits = appendIf(&h.letter, o) || fits
		fits = appendIf(&h.checkpoint, o) || fits
		fits = appendIf(&h.state, o) || fits
		if !fits {
			faults = append(faults, fmt.Errorf("observer %d: %T has none of the observers' methods", i, o))
		}
	}
	return h, errors.Join(faults...)
}

func appendIf[T any](list *[]T, observer any) bool {
	o, ok := observer.(T)
	if ok {
		*list = append(*list, o)
	}
	return ok
}
