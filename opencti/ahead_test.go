package opencti_test

import (
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// TestClockAheadHidesNothing: the platform's clock is 20 s ahead, an object changed just before the first
// start, and redis no longer has its event: only its date, which is beyond the end of the first recovery,
// tells of it.
func TestClockAheadHidesNothing(t *testing.T) {
	const ahead = 20 * time.Second
	changed := func(key string, at time.Time) openctitest.Event {
		return openctitest.Event{Name: "create", Data: indicator("create", key, key, at)}
	}
	for _, restarted := range []bool{false, true} {
		s := server(t, openctitest.Options{ClockAhead: ahead})
		s.Append(changed("old", time.Now().Add(-time.Hour)), changed("hidden", time.Now().Add(ahead-time.Second)), changed("last", time.Now().Add(-time.Minute)))
		s.Trim(1)
		got := newTarget()
		var from *sync.Checkpoint
		if restarted { // stopped before the clock was seen to be ahead
			from = &sync.Checkpoint{Position: s.Last()}
		}
		follow(t, newStream(t, s, nil), from, got, func(c sync.Change) bool { return c.Key == "hidden" })
		if got.objects["hidden"] == "" {
			t.Errorf("restarted %v: the object was not recovered", restarted)
		}
	}
}
