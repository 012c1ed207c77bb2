package opencti

import "github.com/opencti-elastic/opencti-elastic/sync"

// page is from where a recovery can be resumed. The platform reads the database a page at a time: the dates
// of a page's objects are not before those of the page before it, but inside a page they are in no order. Where
// the pages end cannot be seen. Of as many objects as a page holds, counted back from the last one that came, the
// first is either of the page before, after which nothing is missing, or the whole of the page has come. So the
// least of their dates is not after that of anything that is still to come.
type page struct {
	// size is how many objects a page holds at most.
	size int
	// count is how many objects have come.
	count int
	// low are those of the last size objects that are lower than all that came after them, in their order.
	low []arrival
}

// arrival is the position of the n-th object.
type arrival struct {
	n   int
	pos sync.Position
}

// add takes the position of the next object.
func (p *page) add(pos sync.Position) {
	p.count++
	for len(p.low) > 0 && p.low[len(p.low)-1].pos.Compare(pos) >= 0 {
		p.low = p.low[:len(p.low)-1]
	}
	p.low = append(p.low, arrival{p.count, pos})
	if p.low[0].n <= p.count-p.size {
		p.low = p.low[1:]
	}
}

// least is the position to resume from; false while no page is known to be complete.
func (p *page) least() (sync.Position, bool) {
	if p.count < p.size {
		return sync.Position{}, false
	}
	return p.low[0].pos, true
}

// grow makes pages twice as large, as an object has shown that they are, and counts anew.
func (p *page) grow() { *p = page{size: 2 * p.size} }
