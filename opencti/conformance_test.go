package opencti_test

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSource runs the suite that every source must pass, on both ways that a history can come. The history has no
// authors, which each connection announces anew, and no deletions, which come again after a recovery.
func TestSource(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*opencti.Config)
		live bool
	}{
		{"from the event stream", noRecover, true},
		{"from the database", func(c *opencti.Config) { c.Recover.Until = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var events []openctitest.Event
			for i := range 200 {
				date := time.Date(2026, 1, 5, 8, 0, i, 0, time.UTC)
				name := [...]string{"create", "update"}[i/150]
				key := fmt.Sprint("object-", i%150)
				events = append(events, openctitest.Event{
					Position: sync.Position{Millis: uint64(date.UnixMilli()), Seq: uint64(i % 3)}, Name: name, Data: indicator(name, key, key, date),
				})
			}
			synctest.TestSource(t, func(t *testing.T) synctest.SourceHarness {
				s := server(t, openctitest.Options{})
				s.Append(events...)
				n := len(s.Live())
				if tt.live {
					n = len(events)
				}
				return synctest.SourceHarness{Source: newStream(t, s, tt.edit), Changes: n}
			})
		})
	}
}
