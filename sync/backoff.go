package sync

import (
	"math/rand/v2"
	"time"
)

// Backoff is how long to wait before the next try.
type Backoff struct {
	// Initial is the wait after the first failure; zero means 200 ms. Each
	// further failure doubles it.
	Initial time.Duration
	// Max is the longest wait, kept short so that the end of an outage is
	// noticed soon; zero means 10 s.
	Max time.Duration
}

// maxRetryAfter bounds what a target can make us wait by Retry-After: longer
// ones are a mistake or an attack more often than a plan.
const maxRetryAfter = 5 * time.Minute

func (b Backoff) withDefaults() Backoff {
	if b.Initial == 0 {
		b.Initial = 200 * time.Millisecond
	}
	if b.Max == 0 {
		b.Max = max(10*time.Second, b.Initial)
	}
	return b
}

// wait is the pause after the given number of failures in a row, at least what
// the target asked for. The jitter, a fifth up or down, keeps many clients of
// one target from coming back in step.
func (b Backoff) wait(failures int, asked time.Duration) time.Duration {
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
