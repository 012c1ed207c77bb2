package opencti_test

import (
	"errors"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// TestStream reads a history in each of the ways it can begin.
func TestStream(t *testing.T) {
	tests := []struct {
		name string
		edit func(*opencti.Config)
		opts openctitest.Options
	}{
		{"recovered from the database", nil, openctitest.Options{}},
		{"from the event stream alone", noRecover, openctitest.Options{}},
		{"partly recovered", func(c *opencti.Config) { c.Recover.Until = time.Date(2026, 1, 5, 8, 4, 0, 0, time.UTC) }, openctitest.Options{}},
		{"with metrics, an event a chunk", nil, openctitest.Options{Version: "7.260817.0", ConsumerMetrics: true, ChunkPerEvent: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.opts)
			s.Append(openctitest.HistoryConfig{Seed: 3, Events: 3000, Hostile: true}.Make()...)
			got := newTarget()
			follow(t, newStream(t, s, tt.edit), nil, got, committed(s.Last()))
			got.check(t, s)
		})
	}
}

// TestStreamSlowly reads from a slow server, one that stalls, and one behind a proxy that buffers.
func TestStreamSlowly(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault openctitest.Fault
		ends  int
	}{
		{"slow", openctitest.Fault{Kind: openctitest.Slow, Duration: time.Millisecond}, 0},
		{"buffered", openctitest.Fault{Kind: openctitest.Buffer, Duration: 20 * time.Millisecond}, 0},
		{"stalled", openctitest.Fault{Kind: openctitest.Stall, After: 30}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, openctitest.Options{})
			s.Append(openctitest.History(4, 100)...)
			s.Fail(tt.fault)
			ends, got := &disconnects{}, newTarget()
			follow(t, newStream(t, s, func(c *opencti.Config) {
				noRecover(c)
				c.SilenceTimeout, c.Observers = time.Second, []any{ends}
			}), nil, got, committed(s.Last()))
			got.check(t, s)
			if len(ends.all) < tt.ends || tt.ends > 0 && !errors.Is(ends.all[0].Err, opencti.ErrSilence) {
				t.Errorf("disconnects %v, want %d for silence", ends.all, tt.ends)
			}
		})
	}
}
