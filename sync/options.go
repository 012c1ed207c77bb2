package sync

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Options are what an [Engine] is made of. Source and Sinks are required; the
// zero value of everything else is the default that its comment names.
type Options struct {
	Source Source
	// Sinks are the targets; each has a name of its own.
	Sinks []Sink
	// Checkpoints keeps how far each sink has come; nil keeps it in memory.
	Checkpoints Checkpoints
	// Policies says by the sinks' names what they make of changes: filters, mappings, any text that is another when that is
	// another, such as a hash of the settings. It is saved with the checkpoint. A sink whose saved one differs starts anew, so
	// that it holds what it would if the policy had always been this. An empty one is as good as any other.
	Policies map[string]string
	// DeadLetters keeps what can never succeed; nil only logs it.
	DeadLetters DeadLetters
	// Observers are told what happens; see [ReadObserver] and its siblings.
	Observers []any
	// Logger receives faults and recoveries; nil means [slog.Default].
	Logger *slog.Logger

	// MaxItems is a hard cap on the changes of one request; default 500.
	MaxItems int
	// MaxBytes is a cap on the sum of [Change.Size] of one request; a single
	// larger change goes alone. Default 2 MiB.
	MaxBytes int
	// Concurrency is how many requests to one sink are under way at most; default 2.
	Concurrency int
	// MaxPending is how many changes a sink may have read but not acknowledged; default 10,000, or two
	// full requests for each of Concurrency if that is more. A sink that has come to it takes
	// nothing more, and if it would hold others by that it reads the source by itself until it has caught up.
	MaxPending int
	// MaxPendingBytes is the same for the sum of [Change.Size]; default 8 MiB, or
	// as above. Sinks that keep up with each other share the objects; one that reads by itself has its own.
	MaxPendingBytes int
	// SingleReading says that the source cannot be read more than once at a time, such as a pipe. A sink that has come to
	// its bound then holds all others.
	SingleReading bool

	// Backoff is the pause between tries at a fault that may pass.
	Backoff Backoff
	// BlockedRetry is the pause between tries at a fault that someone has to mend; default 30 s.
	BlockedRetry time.Duration
	// DrainTimeout is how long Run goes on writing after its context has ended; default 10 s.
	DrainTimeout time.Duration
	// SaveInterval is the least time between two saves of checkpoints; default 1 s.
	SaveInterval time.Duration
}

// Validate reports everything that is wrong with the options, or nil.
func (o Options) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if o.Source == nil {
		fault("no Source")
	}
	if len(o.Sinks) == 0 {
		fault("no Sinks")
	}
	names := make(map[string]bool)
	for i, s := range o.Sinks {
		switch {
		case s == nil:
			fault("sink %d is nil", i)
		case s.Name() == "":
			fault("sink %d has no name", i)
		case names[s.Name()]:
			fault("two sinks are named %q: each needs its own name, its checkpoint is kept by it", s.Name())
		default:
			names[s.Name()] = true
		}
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"MaxItems", int64(o.MaxItems)},
		{"MaxBytes", int64(o.MaxBytes)},
		{"Concurrency", int64(o.Concurrency)},
		{"MaxPending", int64(o.MaxPending)},
		{"MaxPendingBytes", int64(o.MaxPendingBytes)},
		{"Backoff.Initial", int64(o.Backoff.Initial)},
		{"Backoff.Max", int64(o.Backoff.Max)},
		{"BlockedRetry", int64(o.BlockedRetry)},
		{"DrainTimeout", int64(o.DrainTimeout)},
		{"SaveInterval", int64(o.SaveInterval)},
	} {
		if n.value < 0 {
			fault("%s is negative: leave it zero for the default", n.name)
		}
	}
	d := o.withDefaults()
	if o.MaxPending > 0 && o.MaxPending < d.MaxItems {
		fault("MaxPending %d is below MaxItems %d: no request could ever be full", o.MaxPending, d.MaxItems)
	}
	if o.MaxPendingBytes > 0 && o.MaxPendingBytes < d.MaxBytes {
		fault("MaxPendingBytes %d is below MaxBytes %d: no request could ever be full", o.MaxPendingBytes, d.MaxBytes)
	}
	if d.Backoff.Max < d.Backoff.Initial {
		fault("Backoff.Max %v is below Backoff.Initial %v", d.Backoff.Max, d.Backoff.Initial)
	}
	for name := range o.Policies {
		if !names[name] {
			fault("a policy for %q, which is no sink", name)
		}
	}
	if _, err := newHooks(o.Observers); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (o Options) withDefaults() Options {
	if o.Checkpoints == nil {
		o.Checkpoints = &MemoryCheckpoints{}
	}
	o.Logger = cmp.Or(o.Logger, slog.Default())
	o.MaxItems = cmp.Or(o.MaxItems, 500)
	o.MaxBytes = cmp.Or(o.MaxBytes, 2<<20)
	o.Concurrency = cmp.Or(o.Concurrency, 2)
	o.MaxPending = cmp.Or(o.MaxPending, max(10_000, 2*o.MaxItems*o.Concurrency))
	o.MaxPendingBytes = cmp.Or(o.MaxPendingBytes, max(8<<20, 2*o.MaxBytes*o.Concurrency))
	o.BlockedRetry = cmp.Or(o.BlockedRetry, 30*time.Second)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, 10*time.Second)
	o.SaveInterval = cmp.Or(o.SaveInterval, time.Second)
	o.Backoff = o.Backoff.withDefaults()
	return o
}
