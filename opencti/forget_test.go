package opencti_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// TestForget: one sink starts anew, and nothing that its old run still saves undoes it.
func TestForget(t *testing.T) {
	s := openctitest.NewServer(openctitest.Options{})
	defer s.Close()
	state := newConnector(t, s, nil).State()
	both := map[string]sync.Checkpoint{"index": {Position: sync.Position{Millis: 7}}, "rules": {Position: sync.Position{Millis: 5}}}
	index := map[string]sync.Checkpoint{"index": both["index"]}
	state.Forget("rules") // it is new, so that there is nothing to forget
	select {
	case <-state.Resets():
		t.Error("a reset for a sink without a checkpoint")
	default:
	}
	save(t, state, both)
	state.Forget("rules")
	save(t, state, both)
	select {
	case <-state.Resets():
	default:
		t.Error("no reset")
	}
	if diff := cmp.Diff(index, load(t, state)); diff != "" {
		t.Errorf("after Forget (-want +got):\n%s", diff)
	}
	save(t, state, both) // of the new run
	if diff := cmp.Diff(both, load(t, state)); diff != "" {
		t.Errorf("after a new run's save (-want +got):\n%s", diff)
	}
}

// TestStateKeepsPolicies: what a checkpoint says of the sink's policy is there again after a restart.
func TestStateKeepsPolicies(t *testing.T) {
	s := openctitest.NewServer(openctitest.Options{})
	defer s.Close()
	want := map[string]sync.Checkpoint{
		"index": {Position: sync.Position{Millis: 1795446740123}, Owed: sync.Position{Seq: 1}, Policy: "a"},
		"rules": {Position: sync.Position{Millis: 5}, RecoverUntil: time.UnixMilli(1795446740000).UTC(), Policy: `"r"`},
	}
	first := newConnector(t, s, nil)
	if err := first.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	save(t, first.State(), want)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the last ping alone
	if err := first.Run(ctx); err != nil {
		t.Fatal(err)
	}
	second := newConnector(t, s, nil)
	if err := second.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, load(t, second.State())); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}
