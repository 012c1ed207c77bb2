package record

import "github.com/opencti-elastic/opencti-elastic/sync"

// maxSeq is where a made-up sequence number rolls over into the next
// millisecond: versions have no room for more ([sync.Position.Version]).
const maxSeq = 1<<20 - 1

// clock assigns what is read its place.
type clock struct {
	// mark is the highest place so far, behind the highest one before it. What is read resumes from
	// behind, since several events can share a place; a place that
	// goes backwards (two recordings that overlap) counts as part of mark's group.
	mark, behind sync.Position
	floor        int64 // no version goes below: that of the last made-up place
}

// place puts the changes of one event at id, or at the next place if there is
// none. What cannot be read takes no place of its own.
func (c *clock) place(id sync.Position, changes []sync.Change) {
	switch {
	case !id.IsZero():
	case changes[0].Op == sync.Invalid:
		id = c.mark
	default:
		id = next(c.mark)
		c.floor = id.Version()
	}
	if id.Compare(c.mark) > 0 {
		c.behind, c.mark = c.mark, id
	}
	for i := range changes {
		changes[i].Position = id
		if changes[i].Version == 0 {
			changes[i].Version = id.Version()
		}
		changes[i].Version = max(changes[i].Version, c.floor)
		changes[i].Commit = sync.Checkpoint{Position: c.behind}
	}
}

func next(p sync.Position) sync.Position {
	if p.Seq >= maxSeq {
		return sync.Position{Millis: p.Millis + 1}
	}
	return sync.Position{Millis: p.Millis, Seq: p.Seq + 1}
}
