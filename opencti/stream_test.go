package opencti_test

import (
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
	}{
		{"recovered from the database", nil},
		{"from the event stream alone", func(c *opencti.Config) { c.Recover.Disable = true }},
		{"partly recovered", func(c *opencti.Config) { c.Recover.Until = time.Date(2026, 1, 5, 8, 4, 0, 0, time.UTC) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, openctitest.Options{})
			s.Append(openctitest.HistoryConfig{Seed: 3, Events: 5000, Hostile: true}.Make()...)
			got := newTarget()
			follow(t, newStream(t, s, tt.edit), nil, got, committed(s.Last()))
			got.check(t, s)
			t.Log(got.got, len(got.objects), s.Requests())
		})
	}
}
