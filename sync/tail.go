package sync

import "time"

// The bounds of a tail.
const (
	tailItems = 1000
	tailBytes = 1 << 20
)

// tail is the last changes that the shared reading has handed out, for lanes that want to join it. What is
// recovered from a database has places by another clock; a tail reaches back only over the event stream's own.
type tail struct {
	items ring[tailItem]
	bytes int
	// since is the place behind which the tail has everything that was handed out; known says that there is one.
	since Position
	known bool
	// recovered is the highest version that was recovered: up to it the event stream may leave out what the database held.
	recovered int64
}

type tailItem struct {
	change Change
	read   time.Time
}

// add takes what the shared reading hands out, Progress too. While nobody wants to join, it keeps none of it.
func (t *tail) add(c Change, read time.Time, wanted bool) {
	at := c.Position
	if c.Op == Progress {
		at = c.Commit.Position
	}
	if c.Op != Progress && (c.Reason == ReasonRecovered || c.Version != c.Position.Version()) {
		t.recovered = max(t.recovered, c.Version)
		t.clear()
		return
	}
	switch {
	case !c.Commit.RecoverUntil.IsZero():
		t.clear()
		return
	case !wanted:
		return
	case t.known:
	case c.Op == Progress && at.Version() < t.recovered, c.Op != Progress && at.Version() <= t.recovered:
		return
	default:
		t.since, t.known = at, true
	}
	t.items.pushBack(tailItem{c, read})
	t.bytes += c.Size
	for t.items.len() > tailItems || t.bytes > tailBytes && t.items.len() > 1 {
		old := t.items.popFront().change
		t.bytes -= old.Size
		if p := old.Position; old.Op != Progress && p.Compare(t.since) > 0 {
			t.since = p
		}
	}
}

// clear forgets the changes.
func (t *tail) clear() { *t = tail{recovered: t.recovered} }

// reaches reports whether everything that was handed out behind the checkpoint is in the tail.
func (t *tail) reaches(c Checkpoint) bool {
	return t.known && c.RecoverUntil.IsZero() && c.Position.Compare(t.since) >= 0
}
