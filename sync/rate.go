package sync

import (
	"math"
	"time"
)

// rate is about how many changes have come within the last pace; older ones fade away.
type rate struct {
	items float64
	at    time.Time
}

// count notes a change.
func (r *rate) count(now time.Time) { r.items, r.at = r.recent(now)+1, now }

func (r *rate) recent(now time.Time) float64 {
	if r.items == 0 {
		return 0
	}
	return r.items * math.Exp(-float64(now.Sub(r.at))/float64(pace))
}
