package sync

import (
	"container/heap"
	"time"
)

// delayQueue is the entries that wait for their next try, the soonest first.
type delayQueue []*entry

func (q delayQueue) Len() int           { return len(q) }
func (q delayQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q delayQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *delayQueue) Push(x any)        { *q = append(*q, x.(*entry)) }

func (q *delayQueue) Pop() any {
	old := *q
	n := len(old) - 1
	e := old[n]
	old[n], *q = nil, old[:n]
	return e
}

func (q *delayQueue) push(e *entry, due time.Time) {
	e.place, e.due = inDelayed, due
	heap.Push(q, e)
}

func (q *delayQueue) pop() *entry { return heap.Pop(q).(*entry) }
