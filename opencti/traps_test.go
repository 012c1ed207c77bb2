package opencti_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// The traps of a live stream, one test each, in the order in which OpenCTI's own sources show them.

func noRecover(c *opencti.Config) { c.Recover.Disable = true }

// author is an identity's object, and an envelope of an indicator that refers to it.
const author = `{"id":"identity--a1","spec_version":"2.1","type":"identity","name":"ACME","identity_class":"organization","extensions":{"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba":{"extension_type":"property-extension","id":"auth-1","type":"Organization"}}}`

func authored(key string) openctitest.Event {
	data := strings.Replace(string(indicator("create", key, key, time.Now())), `"pattern_type"`, `"created_by_ref":"identity--a1","pattern_type"`, 1)
	return openctitest.Event{Name: "create", Data: []byte(data)}
}

func TestTrap01IDsRepeat(t *testing.T) {
	s := server(t, openctitest.Options{})
	s.Store([]byte(author))
	s.Append(event("create", "create", "a", "first"), authored("b"), event("create", "create", "c", "last"))
	s.Fail(openctitest.Fault{Kind: openctitest.CutInGroup})
	got := newTarget()
	var half sync.Checkpoint
	follow(t, newStream(t, s, noRecover), nil, got, func(c sync.Change) bool {
		if c.Op == sync.Upsert && c.Commit.Position.Compare(c.Position) >= 0 {
			t.Errorf("the change at %v may be committed as %v: its group can still be half delivered", c.Position, c.Commit.Position)
		}
		if c.Op == sync.Upsert && c.Key == "auth-1" && half.IsZero() {
			half = c.Commit
		}
		return committed(s.Last())(c)
	})
	got.check(t, s)
	// A process that died after the dependency resumes from what came with it.
	resumed := newTarget()
	follow(t, newStream(t, s, noRecover), &half, resumed, committed(s.Last()))
	if _, ok := resumed.objects["b"]; !ok {
		t.Errorf("resuming from %v lost the main event of the half-delivered group: got %v", half.Position, resumed.objects)
	}
}

func TestTrap02HeartbeatIDsAreAnotherClock(t *testing.T) {
	s := server(t, openctitest.Options{ClockAhead: 20 * time.Second})
	s.Append(event("create", "create", "a", "before"))
	got := newTarget()
	beats := 0
	follow(t, newStream(t, s, noRecover), nil, got, func(c sync.Change) bool {
		if c.Op == sync.Progress {
			beats++
		}
		return committed(s.Last())(c)
	})
	saved := got.commit
	if limit := uint64(time.Now().Add(-time.Minute).UnixMilli()); saved.Position != s.Last() && saved.Position.Millis > limit {
		t.Errorf("commit %v: taken from a heartbeat as it came", saved.Position)
	}
	s.Append(event("create", "create", "b", "after")) // its id is behind the heartbeats'
	follow(t, newStream(t, s, noRecover), &saved, got, committed(s.Last()))
	got.check(t, s)
}

func TestTrap03TheNameOfTheEventRules(t *testing.T) {
	s := server(t, openctitest.Options{})
	s.Append(
		openctitest.Event{Name: "annotate", Data: indicator("create", "e", "a name of the future", time.Now())},
		event("create", "create", "a", "created"), event("create", "update", "b", "entered the filters"), event("update", "update", "c", "never announced"),
		event("delete", "update", "a", "left the filters"), event("delete", "delete", "d", "never announced"), event("create", "update", "b", "known already"),
	)
	got := newTarget()
	follow(t, newStream(t, s, noRecover), nil, got, committed(s.Last()))
	var steps []string
	for _, c := range got.changes {
		if c.Op != sync.Progress {
			steps = append(steps, fmt.Sprint(int(c.Op), c.Key, " ", c.Reason))
		}
	}
	want := []string{
		"1a created", "1b entered the stream's filters", "1c updated",
		"2a left the stream's filters", "2d deleted", "1b entered the stream's filters",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestTrap04MergeSourcesAreDeleted(t *testing.T) {
	s := server(t, openctitest.Options{})
	data := string(indicator("merge", "a", "survivor", time.Now()))
	source := `{"id":"indicator--b","type":"indicator","extensions":{"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba":{"id":"b"}}}`
	data = strings.TrimSuffix(data, "}") + `,"context":{"patch":[],"reverse_patch":[],"sources":[` + source + `]}}`
	s.Append(event("create", "create", "a", "x"), event("create", "create", "b", "y"), openctitest.Event{Name: "merge", Data: []byte(data)})
	got := newTarget()
	follow(t, newStream(t, s, noRecover), nil, got, committed(s.Last()))
	got.check(t, s)
	if _, ok := got.objects["b"]; ok || len(got.objects) != 1 {
		t.Errorf("objects %v: want the survivor alone", got.objects)
	}
}

func TestTrap05TrimmedStream(t *testing.T) {
	s := server(t, openctitest.Options{})
	s.Append(event("create", "create", "a", "kept"), event("create", "create", "b", "deleted while away, seen"))
	got := newTarget()
	follow(t, newStream(t, s, noRecover), nil, got, committed(s.Last()))
	saved := got.commit
	later := func(ms uint64, e openctitest.Event) openctitest.Event {
		e.Position = sync.Position{Millis: saved.Position.Millis + ms}
		return e
	}
	s.Append(later(5, event("create", "create", "c", "created while away")), later(6, event("update", "update", "a", "updated while away")))
	s.Trim(0)
	s.Append(later(7, event("delete", "delete", "b", "deleted")), later(8, event("create", "create", "d", "created after the trim")))

	var gaps []opencti.Gap
	stream := newStream(t, s, func(c *opencti.Config) {
		c.Observers = []any{gapObserver(func(g opencti.Gap) { gaps = append(gaps, g) })}
	})
	follow(t, stream, &saved, got, committed(s.Last()))
	got.check(t, s)
	if len(gaps) != 1 || gaps[0].From != saved.Position || gaps[0].First.Compare(saved.Position) <= 0 {
		t.Errorf("gaps %v: want one, from %v", gaps, saved.Position)
	}
	if got.commit.Position != s.Last() || !got.commit.RecoverUntil.IsZero() {
		t.Errorf("commit %+v: want to be live at %v", got.commit, s.Last())
	}
}

type gapObserver func(opencti.Gap)

func (h gapObserver) OnGap(g opencti.Gap) { h(g) }

func TestTrap06ErrorEventLeavesADeadConnection(t *testing.T) {
	s := server(t, openctitest.Options{Version: "7.260817.0"})
	s.Append(event("create", "create", "a", "1"), event("create", "create", "b", "2"))
	s.Fail(openctitest.Fault{Kind: openctitest.ErrorEvent, After: 1, Text: "database is down, token openctitest-token"})
	got, ends := newTarget(), &disconnects{}
	follow(t, newStream(t, s, func(c *opencti.Config) { noRecover(c); c.Observers = []any{ends} }), nil, got, committed(s.Last()))
	got.check(t, s)
	if len(ends.all) == 0 {
		t.Fatal("no disconnect was told")
	}
	e, ok := errors.AsType[*opencti.ServerError](ends.all[0].Err)
	if !ok || e.Message != "database is down, token ***" {
		t.Errorf("disconnected by %v: want the server's error, without the token", ends.all[0].Err)
	}
}

// disconnects remembers them.
type disconnects struct{ all []opencti.Disconnected }

func (d *disconnects) OnDisconnect(e opencti.Disconnected) { d.all = append(d.all, e) }

func TestTrap07EndOfAccessIsACleanEnd(t *testing.T) {
	for _, tt := range []struct {
		name   string
		take   func(*openctitest.Server, bool)
		status int
		says   string
	}{
		{"stopped", (*openctitest.Server).SetStopped, 410, "start it in OpenCTI"},
		{"no longer shared", (*openctitest.Server).SetRevoked, 401, "check the token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, openctitest.Options{})
			s.Append(event("create", "create", "a", "1"))
			got, ends := newTarget(), &disconnects{}
			stream := newStream(t, s, func(c *opencti.Config) {
				noRecover(c)
				c.Observers = []any{ends, disconnectObserver(func(d opencti.Disconnected) {
					if d.Blocked { // someone acts
						tt.take(s, false)
						s.Append(event("create", "create", "b", "2"))
					}
				})}
			})
			follow(t, stream, nil, got, func(c sync.Change) bool {
				if c.Key == "a" {
					tt.take(s, true)
				}
				return c.Key == "b"
			})
			if len(ends.all) < 2 || !errors.Is(ends.all[0].Err, opencti.ErrEnd) {
				t.Fatalf("disconnects %v: want the clean end first", ends.all)
			}
			e, ok := errors.AsType[*opencti.StatusError](ends.all[1].Err)
			if !ok || e.Status != tt.status || !ends.all[1].Blocked || !strings.Contains(e.Error(), tt.says) {
				t.Errorf("then %v (blocked: %v): want %d, blocked, and what to do", ends.all[1].Err, ends.all[1].Blocked, tt.status)
			}
		})
	}
}

type disconnectObserver func(opencti.Disconnected)

func (h disconnectObserver) OnDisconnect(d opencti.Disconnected) { h(d) }

// An edit of the filters sends nothing for what no longer matches: the stream goes on, and a new
// start (a reset of the state) gives what matches now, and nothing else.
func TestTrap08FilterEditsSendNothing(t *testing.T) {
	s := server(t, openctitest.Options{})
	s.Append(event("create", "create", "a", "1"), event("create", "create", "b", "2"))
	got := newTarget()
	edited := false
	follow(t, newStream(t, s, nil), nil, got, func(c sync.Change) bool {
		if c.Key == "b" && !edited {
			edited = true
			s.Unmatch("a")
			s.Append(event("create", "create", "c", "3"))
		}
		return committed(s.Last())(c)
	})
	if len(got.objects) != 3 || got.got[sync.Delete] != 0 {
		t.Errorf("objects %d, deletions %d: want all three, and no deletion", len(got.objects), got.got[sync.Delete])
	}
	anew := newTarget()
	follow(t, newStream(t, s, nil), nil, anew, committed(s.Last()))
	if _, ok := anew.objects["c"]; !ok {
		t.Error("a new start misses what matches")
	}
}

func TestTrap09AuthorsAndMarkingsComeWithoutDependencies(t *testing.T) {
	s := server(t, openctitest.Options{})
	s.Store([]byte(author))
	s.Append(authored("b"))
	refs := opencti.NewReferences(0)
	got := newTarget()
	known := false
	follow(t, newStream(t, s, func(c *opencti.Config) { noRecover(c); c.References = refs }), nil, got, func(c sync.Change) bool {
		if c.Key == "b" { // when the main object comes, its author is known
			name, class, ok := refs.Author("identity--a1")
			known = ok && name == "ACME" && class == "organization"
		}
		return c.Key == "b"
	})
	if got := s.Requests()[0].Header.Get("no-dependencies"); got != "true" {
		t.Errorf("no-dependencies: %q, want true", got)
	}
	if !known {
		t.Error("the author was not known when its indicator came")
	}
}

func TestTrap10ScoreLabelsAuthorSitInThreePlaces(t *testing.T) {
	octi := `"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"`
	sco := `"extension-definition--f93e2c80-4231-4f9a-af8b-95c9bd566a82"`
	s := server(t, openctitest.Options{})
	for _, data := range []string{
		`{"id":"indicator--1","type":"indicator","pattern":"x","labels":["l"],"created_by_ref":"identity--x","extensions":{` + octi + `:{"id":"i","score":7}}}`,
		`{"id":"file--1","type":"file","name":"x","extensions":{` + octi + `:{"id":"f"},` + sco + `:{"score":7,"labels":["l"],"created_by_ref":"identity--x"}}}`,
		`{"id":"hostname--1","type":"hostname","value":"x","score":7,"labels":["l"],"created_by_ref":"identity--x","extensions":{` + octi + `:{"id":"h"},` + sco + `:{"extension_type":"new-sco"}}}`,
	} {
		s.Append(openctitest.Event{Name: "create", Data: []byte(`{"version":"4","type":"create","origin":{},"data":` + data + `}`)})
	}
	n := 0
	follow(t, newStream(t, s, noRecover), nil, newTarget(), func(c sync.Change) bool {
		if c.Op == sync.Upsert {
			n++
			score, ok := c.Object.Score()
			if !ok || score != 7 || !cmp.Equal(c.Object.Labels(), []string{"l"}) || c.Object.Author() != "identity--x" {
				t.Errorf("%s: score %d, labels %v, author %q", c.Key, score, c.Object.Labels(), c.Object.Author())
			}
		}
		return n == 3
	})
}

func TestTrap11UnknownFieldsBreakRegistration(t *testing.T) {
	s := server(t, openctitest.Options{Version: "5.12.33"}) // refuses all that not every version knows
	c := newConnector(t, s, nil)
	if err := c.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"registerConnector", "about", "pingConnector", "vocabularies", "vocabularyAdd", "vocabularies", "vocabularies", "vocabularyAdd"}
	if diff := cmp.Diff(want, s.Operations()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestTrap12APingCanOrderToForget(t *testing.T) {
	s := server(t, openctitest.Options{})
	each := make(pinged, 1)
	c := newConnector(t, s, func(c *opencti.ConnectorConfig) { c.Observers = []any{each} })
	if err := c.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go c.Run(ctx)
	state := c.State()
	save(t, state, map[string]sync.Checkpoint{"index": {Position: sync.Position{Millis: 1795446740123}}})
	each.wait(t, "a ping with the state", func() bool {
		got, _ := s.State()
		return strings.Contains(got, "1795446740123-0")
	})
	s.ResetState()
	select {
	case <-state.Resets():
	case <-time.After(10 * time.Second):
		t.Fatal("no reset was told")
	}
	// The old run still saves.
	save(t, state, map[string]sync.Checkpoint{"index": {Position: sync.Position{Millis: 1795446740124}}})
	pings := len(s.Pings())
	each.wait(t, "two more pings", func() bool { return len(s.Pings()) >= pings+2 })
	if got, _ := s.State(); got != "null" {
		t.Errorf("state %q after the reset: a save of the old run undid it", got)
	}
	if got := load(t, state); len(got) != 0 {
		t.Errorf("loaded %v, want nothing", got)
	}
	save(t, state, map[string]sync.Checkpoint{"index": {Position: sync.Position{Millis: 5}}})
	each.wait(t, "the new run's state", func() bool { got, _ := s.State(); return strings.Contains(got, `"5-0"`) })
}

func TestTrap13NotEverythingHasAValue(t *testing.T) {
	s := server(t, openctitest.Options{})
	events := openctitest.HistoryConfig{Seed: 5, Events: 3000, Hostile: true}.Make()
	s.Append(events...)
	got := newTarget()
	follow(t, newStream(t, s, noRecover), nil, got, committed(s.Last()))
	got.check(t, s)
	if got.got[sync.Invalid] != 0 {
		t.Errorf("%d events could not be read: %v", got.got[sync.Invalid], got.invalid[0].Err)
	}
}

func TestTrap14LargeLinesAndRawSeparators(t *testing.T) {
	s := server(t, openctitest.Options{})
	name := "a\u2028b\u2029c\u0085d"
	large := strings.Repeat("0123456789abcdef", 3<<16) // 3 MiB
	s.Append(event("create", "create", "a", name), event("create", "create", "b", large), event("create", "create", "c", "after"))
	data := strings.Replace(string(indicator("create", "d", "NAME", time.Now())), "NAME", name, 1)
	s.Append(openctitest.Event{Name: "create", Data: []byte(data)}) // raw on the wire
	got := newTarget()
	follow(t, newStream(t, s, noRecover), nil, got, committed(s.Last()))
	got.check(t, s)
	if len(got.objects) != 4 {
		t.Errorf("%d objects, want 4", len(got.objects))
	}
	for _, c := range got.changes {
		if n, _ := c.Object.Root("name").Text(); c.Key == "d" && n != name {
			t.Errorf("name %q, want %q", n, name)
		}
		if c.Key == "d" {
			break
		}
	}
}
