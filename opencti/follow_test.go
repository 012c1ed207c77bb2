package opencti_test

import (
	"context"
	"errors"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// TestFollow: what goes on beside the stream ends after it, its faults are not lost, and the last ping
// carries what was saved last.
func TestFollow(t *testing.T) {
	s := openctitest.NewServer(openctitest.Options{})
	defer s.Close()
	c := newConnector(t, s, nil)
	fault, want := errors.New("fault"), sync.Position{Millis: 1795446740123}
	ended := false
	err := c.Follow(t.Context(), func(context.Context) error { return nil },
		func(ctx context.Context) error {
			<-ctx.Done()
			save(t, c.State(), map[string]sync.Checkpoint{"index": {Position: want}})
			ended = true
			return ctx.Err()
		},
		func(context.Context) error { return fault })
	if !errors.Is(err, fault) || errors.Is(err, context.Canceled) || !ended {
		t.Errorf("got %v, ended %v; want the fault alone", err, ended)
	}
	next := newConnector(t, s, nil)
	if err := next.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := load(t, next.State())["index"].Position; got != want {
		t.Errorf("the state after the last ping: %v, want %v", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newConnector(t, s, nil).Follow(ctx, func(context.Context) error { t.Error("it is run"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the context has ended", err)
	}
}
