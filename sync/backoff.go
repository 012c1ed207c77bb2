package sync

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"
)

// Backoff says how long to wait before the next try. The zero value is ready.
type Backoff struct {
	// Initial is the wait after the first failure, default 200 ms. Each further failure doubles it.
	Initial time.Duration
	// Max is the longest wait, default 10 s, or Initial if that is longer. It is kept short so
	// that the end of an outage is noticed soon.
	Max time.Duration
}

// maxRetryAfter bounds what a target can make us wait by Retry-After: longer
// ones are a mistake or an attack more often than a plan.
const maxRetryAfter = 5 * time.Minute

func (b Backoff) withDefaults() Backoff {
	b.Initial = cmp.Or(b.Initial, 200*time.Millisecond)
	b.Max = cmp.Or(b.Max, max(10*time.Second, b.Initial))
	return b
}

// Wait returns the pause after the given number of failures in a row, at least what the target asked
// for ([RetryAfter], or zero), but for that at most five minutes. The jitter, a fifth
// up or down, keeps many clients of one target from coming back in step.
func (b Backoff) Wait(failures int, asked time.Duration) time.Duration {
	b = b.withDefaults()
	d := b.Initial
	for range failures - 1 {
		if d *= 2; d >= b.Max || d <= 0 {
			d = b.Max
			break
		}
	}
	return max(jitter(d), min(asked, maxRetryAfter))
}

// jitter is d, a fifth up or down.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + rand.N(max(1, 2*(d/5)))
}

// Failure describes a failed try before the wait for the next one.
type Failure struct {
	Err error
	// Failures is how many tries in a row have failed.
	Failures int
	// Wait is how long until the next try.
	Wait time.Duration
}

// Retry calls try until it returns nil, and report before each wait. It returns an error only when
// ctx ends: the context's cause.
func (b Backoff) Retry(ctx context.Context, try func(context.Context) error, report func(Failure)) error {
	for failures := 1; ; failures++ {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			f := Failure{err, failures, b.Wait(failures, RetryAfter(err))}
			report(f)
			Sleep(ctx, f.Wait)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// Sleep waits, and reports whether it did so to the end: false means that ctx has ended.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
