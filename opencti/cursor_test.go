package opencti

import (
	"strconv"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// now is the time of the cursor's tests, by our clock: 1795446740 s.
var now = time.UnixMilli(1795446740000)

// id is a position so many seconds from now.
func id(seconds int, seq uint64) sync.Position {
	return sync.Position{Millis: uint64(now.UnixMilli() + int64(seconds)*1000), Seq: seq}
}

func cursorOf(cfg Config, saved *sync.Checkpoint) *cursor {
	c := newCursor(cfg.withDefaults(), saved, now)
	c.begin()
	return c
}

func expect(t *testing.T, c *cursor, what string, commit sync.Position, recovering bool) {
	t.Helper()
	if c.commit.Position != commit || c.commit.RecoverUntil.IsZero() == recovering {
		t.Errorf("%s: commit %v until %v, want %v, recovering %v", what, c.commit.Position, c.commit.RecoverUntil, commit, recovering)
	}
}

func live(from sync.Position) *sync.Checkpoint { return &sync.Checkpoint{Position: from} }

func TestCursorGroups(t *testing.T) {
	c := cursorOf(Config{}, live(id(-100, 0)))
	for _, step := range []struct {
		name   string
		pos    sync.Position
		want   verdict
		commit sync.Position
	}{
		{"first", id(-90, 0), take, id(-100, 0)},
		{"its group goes on", id(-90, 0), take, id(-100, 0)},
		{"a greater id completes it", id(-80, 3), take, id(-90, 0)},
		{"the batch comes again", id(-90, 0), skip, id(-90, 0)},
		{"up to where it was", id(-80, 3), take, id(-90, 0)},
		{"and on", id(-80, 4), take, id(-80, 3)},
	} {
		if got, version := c.event(step.pos, fromStream); got != step.want || version != 0 {
			t.Errorf("%s: verdict %v, version %d", step.name, got, version)
		}
		expect(t, c, step.name, step.commit, false)
	}
}

func TestCursorHeartbeats(t *testing.T) {
	c := cursorOf(Config{}, live(id(-10_000, 0)))
	c.connected(streamEnds{first: id(-20_000, 0), last: id(-9000, 0)}, now)
	c.event(id(-9000, 0), fromStream)
	for _, step := range []struct {
		name   string
		beat   sync.Position
		commit sync.Position
	}{
		{"inside the group, its id", id(-9000, 0), id(-10_000, 0)},
		{"again", id(-9000, 0), id(-10_000, 0)},
		{"the platform's clock", id(-5, 0), id(-10_000, 0)},
		{"which goes on: idle, the group is complete, but nobody knows redis' clock", id(0, 0), id(-9000, 0)},
	} {
		c.heartbeat(step.beat, positionTime(step.beat))
		expect(t, c, step.name, step.commit, false)
	}
	// An event of about now shows that the clocks agree.
	c.event(id(2, 0), fromStream)
	c.heartbeat(id(200, 0), positionTime(id(200, 0)))
	expect(t, c, "one heartbeat", id(-9000, 0), false)
	c.heartbeat(id(205, 0), positionTime(id(205, 0)))
	expect(t, c, "two", id(2, 0), false)
	c.heartbeat(id(305, 0), positionTime(id(305, 0)))
	expect(t, c, "the clock, less the margin", id(5, 0), false)
	c.heartbeat(id(400, 0), positionTime(id(400, 0)))
	expect(t, c, "on", id(100, 0), false)
	// An event behind the position: the clocks have parted.
	if v, _ := c.event(id(90, 0), fromStream); v != take {
		t.Errorf("the event behind: verdict %v, want it taken", v)
	}
	expect(t, c, "back to before the event", id(2, 0), false)
	c.heartbeat(id(1000, 0), positionTime(id(1000, 0)))
	c.heartbeat(id(1005, 0), positionTime(id(1005, 0)))
	expect(t, c, "heartbeats move nothing any more", id(90, 0), false)
}

func TestCursorHeartbeatsOfASlowClock(t *testing.T) {
	c := cursorOf(Config{}, live(id(-100, 0)))
	c.event(id(20, 0), fromStream) // redis is 20 s ahead
	c.heartbeat(id(1, 0), positionTime(id(1, 0)))
	c.heartbeat(id(6, 0), positionTime(id(6, 0)))
	expect(t, c, "idle by a clock behind the events", id(20, 0), false)
}

func TestCursorRecovery(t *testing.T) {
	c := cursorOf(Config{RecoveryWindow: 5}, nil)
	expect(t, c, "at the start", sync.Position{}, true)
	c.connected(streamEnds{first: id(-1000, 0), last: id(-20, 5)}, now)
	if v, version := c.event(id(-5000, 0), fromDatabase); v != take || version != id(-20, 5).Version() {
		t.Errorf("recovered: verdict %v, version %d, want that of the last event", v, version)
	}
	c.event(id(-5000, 0), fromDatabase)
	expect(t, c, "a group of the same millisecond", sync.Position{}, true)
	c.event(id(-4000, 0), fromDatabase)
	expect(t, c, "the next: pages are in no order, so that nothing is certain", sync.Position{}, true)
	c.event(id(-4500, 0), fromDatabase)
	expect(t, c, "one before it", sync.Position{}, true)
	c.event(id(-3000, 0), fromDatabase)
	expect(t, c, "as many as a page holds", id(-5000, 0), true)
	c.event(id(-2000, 0), fromEither)
	expect(t, c, "a dependency is no object of the page", id(-5000, 0), true)
	c.heartbeat(id(-2000, 0), positionTime(id(-2000, 0)))
	c.heartbeat(id(-2000, 0), positionTime(id(-2000, 0)))
	if c.recovery == nil {
		t.Fatal("heartbeats with the last id ended the recovery")
	}
	// Cut here, the next connection and the next run go on with it.
	saved := c.commit
	for _, c := range []*cursor{c, cursorOf(Config{}, &saved)} {
		c.begin()
		if c.from != id(-5000, 0) || !c.recoverUntil().Equal(now) {
			t.Errorf("resume from %v until %v, want the least of the last page and the same end", c.from, c.recoverUntil())
		}
	}
	if v, _ := c.event(id(10, 0), fromDatabase); v != take || c.recovery == nil {
		t.Errorf("an object that has changed since its page was found: verdict %v, want it taken", v)
	}
	if v, _ := c.event(id(1, 0), fromStream); v != reconnect {
		t.Errorf("an event of the stream: verdict %v", v)
	}
	expect(t, c, "live begins before the end by the margin", id(-300, 0), false)
}

func TestCursorRecoveryOfAnOldStream(t *testing.T) {
	c := cursorOf(Config{}, nil)
	c.connected(streamEnds{first: id(-9000, 0), last: id(-5000, 1)}, now)
	c.event(id(-6000, 0), fromDatabase)
	c.event(id(-5500, 0), fromDatabase)
	if want := time.UnixMilli(int64(id(-4700, 0).Millis)); !c.commit.RecoverUntil.Equal(want) {
		t.Errorf("the end came down to %v, want the last event plus the margin, %v", c.commit.RecoverUntil, want)
	}
	saved := c.commit
	// While it was down, an event came that is long before our clock.
	resumed := cursorOf(Config{}, &saved)
	resumed.connected(streamEnds{first: id(-9000, 0), last: id(-4000, 0)}, now)
	resumed.event(id(-5600, 0), fromDatabase)
	resumed.heartbeat(id(-1, 0), positionTime(id(-1, 0)))
	resumed.heartbeat(id(4, 0), positionTime(id(4, 0)))
	expect(t, resumed, "live begins with the last event of the first connection", id(-5000, 0), false)
}

func TestCursorGap(t *testing.T) {
	c := cursorOf(Config{}, live(id(-5000, 0)))
	gap, v := c.connected(streamEnds{first: id(-1000, 0), last: id(-10, 0)}, now)
	if !gap || v != reconnect {
		t.Fatalf("gap %v, verdict %v", gap, v)
	}
	c.begin()
	if c.from != id(-5300, 0) || c.recoverUntil().Before(now) {
		t.Errorf("recovers from %v until %v", c.from, c.recoverUntil())
	}
	expect(t, c, "a crash begins it again", id(-5000, 0), false)
	c.connected(streamEnds{first: id(-1000, 0), last: id(-10, 0)}, now)
	c.event(id(-4000, 0), fromDatabase)
	c.event(id(-3000, 0), fromDatabase)
	expect(t, c, "while it recovers too", id(-5000, 0), false)
	c.heartbeat(id(1, 0), positionTime(id(1, 0)))
	c.heartbeat(id(6, 0), positionTime(id(6, 0)))
	// All that redis still has comes now, with its deletions.
	expect(t, c, "live goes on with the first event left", before(id(-1000, 0)), false)
	c.begin()
	if gap, _ := c.connected(streamEnds{first: id(-999, 0), last: id(-9, 0)}, now); gap {
		t.Error("trimming what the database had is a gap")
	}
	if gap, _ := c.connected(streamEnds{first: id(-5, 0), last: id(-4, 0)}, now); !gap {
		t.Error("trimming what came after the recovery is no gap")
	}
}

func TestCursorRefusedRecovery(t *testing.T) {
	c := cursorOf(Config{}, nil)
	c.connected(streamEnds{first: id(-1000, 0), last: id(-10, 0)}, now)
	if lost, v := c.refused(); lost || v != reconnect || !c.known {
		t.Errorf("first start: lost %v, verdict %v", lost, v)
	}
	expect(t, c, "all that the event stream still has", sync.Position{}, false)
	c = cursorOf(Config{}, live(id(-5000, 0)))
	c.connected(streamEnds{first: id(-1000, 0), last: id(-10, 0)}, now)
	c.begin()
	if lost, v := c.refused(); !lost || v != reconnect || c.from != id(-5000, 0) {
		t.Errorf("in a gap: lost %v, verdict %v, from %v", lost, v, c.from)
	}
	c.begin()
	if gap, _ := c.connected(streamEnds{first: id(-1000, 0), last: id(-10, 0)}, now); gap {
		t.Error("asks again for what the platform does not give")
	}
}

// TestOverlap holds the rule of what is left out when the event stream is read again after a recovery.
func TestOverlap(t *testing.T) {
	o := newOverlap(id(0, 0), now)
	upsert := func(key, updated string) []sync.Change {
		return []sync.Change{{Op: sync.Upsert, Key: key, Object: mustObject(t, key, updated)}}
	}
	for _, tt := range []struct {
		name    string
		changes []sync.Change
		want    bool
	}{
		{"recovered", upsert("a", "2026-11-23T15:00:00Z"), true},
		{"dated after the recovery", upsert("b", "2027-01-01T00:00:00Z"), false},
		{"older, but of an object that has passed", upsert("b", "2026-11-23T15:00:00Z"), false},
		{"a deletion", []sync.Change{{Op: sync.Delete, Key: "c"}}, false},
		{"restored with its old date", upsert("c", "2020-01-01T00:00:00Z"), false},
		{"without a date", upsert("d", ""), false},
		{"a merge", append([]sync.Change{{Op: sync.Delete, Key: "e"}}, upsert("f", "2026-11-23T15:00:00Z")...), false},
		{"the survivor afterwards", upsert("f", "2026-11-23T15:00:00Z"), false},
	} {
		if got := o.held(tt.changes); got != tt.want {
			t.Errorf("%s: left out %v, want %v", tt.name, got, tt.want)
		}
	}
	if o.over(id(0, 0)) || !o.over(id(0, 1)) {
		t.Error("the overlap ends after the last event")
	}
	for i := range overlapKeys + 1 {
		o.keys[strconv.Itoa(i)] = struct{}{}
	}
	o.held([]sync.Change{{Op: sync.Delete, Key: "one more"}})
	if o.held(upsert("a", "2026-11-23T15:00:00Z")) {
		t.Error("leaves something out though it cannot remember all that has passed")
	}
}

func mustObject(t *testing.T, key, updated string) *stix.Object {
	t.Helper()
	o, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--` + key + `","extensions":{"` + stix.ExtensionOCTI + `":{"id":"` + key + `","updated_at":"` + updated + `"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
