package opencti_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// target holds what changes say, in the manner of a sink with versioned writes: what is
// older than what it has, or has deleted, is refused.
type target struct {
	objects  map[string]string
	versions map[string]int64
	commit   sync.Checkpoint
	// got is how many changes came, by operation; last the last one.
	got     map[sync.Op]int
	invalid []sync.Change
	changes []sync.Change
}

func newTarget() *target {
	return &target{objects: map[string]string{}, versions: map[string]int64{}, got: map[sync.Op]int{}}
}

func (t *target) apply(c sync.Change) {
	t.got[c.Op]++
	t.commit = c.Commit
	if len(t.changes) < 10_000 {
		t.changes = append(t.changes, c)
	}
	switch {
	case c.Op == sync.Invalid:
		t.invalid = append(t.invalid, c)
	case c.Op == sync.Progress:
	case c.Version < t.versions[c.Key]:
	default:
		t.versions[c.Key] = c.Version
		if c.Op == sync.Delete {
			delete(t.objects, c.Key)
		} else {
			t.objects[c.Key] = string(c.Object.Raw())
		}
	}
}

// want is what the target must hold: what lives on the server; authors and markings are
// not counted, they can come as dependencies only.
func want(s *openctitest.Server) map[string]string {
	out := map[string]string{}
	for key, o := range s.Live() {
		if counts(o.Object.Type) {
			out[key] = string(o.Object.Raw())
		}
	}
	return out
}

func counts(stixType string) bool { return stixType != "identity" && stixType != "marking-definition" }

func (t *target) check(tb testing.TB, s *openctitest.Server) {
	tb.Helper()
	got := map[string]string{}
	for key, raw := range t.objects {
		if o := s.Object(key); o == nil || counts(o.Type) {
			got[key] = raw
		}
	}
	if diff := cmp.Diff(want(s), got); diff != "" {
		tb.Errorf("target (-want +got):\n%.2000s", diff)
	}
}

// newStream makes a stream of the server with short waits.
func newStream(tb testing.TB, s *openctitest.Server, edit func(*opencti.Config)) *opencti.Stream {
	tb.Helper()
	cfg := opencti.Config{
		URL: s.URL, Token: s.Token, StreamID: s.StreamID,
		Backoff:         sync.Backoff{Initial: time.Millisecond, Max: 10 * time.Millisecond},
		BlockedInterval: 10 * time.Millisecond,
		SilenceTimeout:  5 * time.Second,
	}
	if edit != nil {
		edit(&cfg)
	}
	stream, err := opencti.NewStream(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return stream
}

// follow applies changes until done says so.
func follow(tb testing.TB, stream *opencti.Stream, from *sync.Checkpoint, t *target, done func(sync.Change) bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	for c, err := range stream.Changes(ctx, from) {
		if err != nil {
			tb.Fatal(err)
		}
		t.apply(c)
		if done(c) {
			return
		}
	}
	tb.Fatalf("the stream did not come so far within 30 s: %v, commit %v", t.got, t.commit)
}

// committed is true when everything up to the position is committed.
func committed(p sync.Position) func(sync.Change) bool {
	return func(c sync.Change) bool {
		return c.Commit.RecoverUntil.IsZero() && c.Commit.Position.Compare(p) >= 0
	}
}

// server starts a server with quick heartbeats.
func server(tb testing.TB, opts openctitest.Options) *openctitest.Server {
	tb.Helper()
	if opts.Heartbeat == 0 {
		opts.Heartbeat = 10 * time.Millisecond
	}
	if opts.IdleRead == 0 {
		opts.IdleRead = 10 * time.Millisecond
	}
	s := openctitest.NewServer(opts)
	tb.Cleanup(s.Close)
	return s
}

// indicator is an envelope of an indicator.
func indicator(kind, key, name string, updated time.Time) []byte {
	date := updated.UTC().Format("2006-01-02T15:04:05.000Z")
	return fmt.Appendf(nil, `{"version":"4","type":%q,"scope":"external","message":"m","origin":{},"data":{"id":"indicator--%s","spec_version":"2.1","type":"indicator","name":%q,"created":%q,"modified":%q,"pattern":"[ipv4-addr:value = '203.0.113.77']","pattern_type":"stix","extensions":{"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba":{"extension_type":"property-extension","id":%q,"type":"Indicator","updated_at":%q}}}}`,
		kind, key, name, date, date, key, date)
}

func event(name, kind, key, text string) openctitest.Event {
	return openctitest.Event{Name: name, Data: indicator(kind, key, text, time.Now())}
}
