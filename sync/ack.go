package sync

import "time"

// tracker turns acknowledgements, which come in any order, into a checkpoint
// that moves only over changes that are all acknowledged.
type tracker struct {
	open  ring[ticket] // from the oldest change that is not acknowledged on
	base  uint64       // the number of the first open ticket
	at    Checkpoint
	known bool // whether at means anything
}

// ticket stands for one change that was read.
type ticket struct {
	commit Checkpoint
	read   time.Time
	done   bool
}

// issue opens a ticket and gives its number.
func (t *tracker) issue(commit Checkpoint, read time.Time) uint64 {
	t.open.pushBack(ticket{commit: commit, read: read})
	return t.base + uint64(t.open.len()) - 1
}

// progress moves the checkpoint to commit once all open tickets are done.
func (t *tracker) progress(commit Checkpoint) {
	if n := t.open.len(); n > 0 {
		t.open.at(n - 1).commit = commit
		return
	}
	t.at, t.known = commit, true
}

// done acknowledges a ticket.
func (t *tracker) done(number uint64) {
	t.open.at(int(number - t.base)).done = true
	for t.open.len() > 0 && t.open.at(0).done {
		t.at, t.known = t.open.popFront().commit, true
		t.base++
	}
}

// oldest is when the oldest open change was read; the zero time if there is none.
func (t *tracker) oldest() time.Time {
	if t.open.len() == 0 {
		return time.Time{}
	}
	return t.open.at(0).read
}
