package sync

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// write makes one request of the batch and settles every entry by its own result.
func (l *lane) write(ctx context.Context, batch []*entry) {
	changes := make([]Change, len(batch))
	report := WriteReport{Sink: l.sink.Name(), Changes: len(batch)}
	for i, e := range batch {
		changes[i] = e.change
		report.Bytes += e.change.Size
	}
	start := time.Now()
	results, err := l.sink.Write(ctx, changes)
	report.Latency = time.Since(start)
	if err == nil && len(results) != len(changes) {
		// Nobody can tell which were done, so none is: writing them again is
		// harmless, and losing them is not. The log names the fault until it is mended.
		err = fmt.Errorf("sink %s: %d results for %d changes: a fault in the sink's code", l.sink.Name(), len(results), len(changes))
	}
	report.Err = err
	if err == nil {
		for _, r := range results {
			report.count(r.Outcome)
		}
	}
	for _, o := range l.hook.write {
		o.OnWrite(report)
	}

	l.mu.Lock()
	var refused []refusal
	var news troubleNews
	if err != nil {
		refused, news = l.failed(ctx, batch, err)
	} else {
		refused, news = l.answered(batch, results, report)
	}
	l.settled()
	l.mu.Unlock()

	l.tell(news)
	for _, r := range refused {
		l.refuse(ctx, r)
	}
	l.mu.Lock()
	l.flying--
	l.signal()
	l.mu.Unlock()
}

// refusal is an entry that can never succeed. It stays in flight, so that no newer
// change overtakes it, until it is among the dead letters.
type refusal struct {
	entry *entry
	err   error
}

// answered settles a batch for which the sink gave results.
func (l *lane) answered(batch []*entry, results []Result, report WriteReport) (refused []refusal, news troubleNews) {
	if report.Again == len(batch) {
		return nil, l.refusedAll(batch, results)
	}
	news = l.recovered()
	for i, e := range batch {
		switch r := results[i]; r.Outcome {
		case Done:
			l.count.Done++
			l.acknowledge(e)
		case Superseded:
			l.count.Superseded++
			l.acknowledge(e)
		case Ignored:
			l.count.Ignored++
			l.acknowledge(e)
		case Refused:
			refused = append(refused, refusal{e, r.Err})
		default:
			// The target takes others: only this one waits.
			l.count.Retried++
			e.failures++
			l.again(e, l.opts.Backoff.Wait(e.failures, r.After))
		}
	}
	return refused, news
}

// refusedAll settles a batch of which the target took nothing for now: a fault of the target.
func (l *lane) refusedAll(batch []*entry, results []Result) troubleNews {
	l.count.Retried += uint64(len(batch))
	var err error
	var after time.Duration
	for _, r := range results {
		if err == nil {
			err = r.Err
		}
		after = max(after, r.After)
	}
	if err == nil {
		err = errors.New("the target took none of the changes for now")
	}
	l.requeue(batch)
	return l.failedAgain(Transient, err, after)
}

// failed settles a batch whose request failed as a whole.
func (l *lane) failed(ctx context.Context, batch []*entry, err error) ([]refusal, troubleNews) {
	class := Classify(err)
	switch {
	case ctx.Err() != nil:
		l.gaveUp = true
		l.requeue(batch)
		return nil, troubleNews{}
	case class == Canceled:
		class = Transient // not by us: something in the sink gave up
	case class == Permanent && len(batch) == 1:
		return []refusal{{batch[0], err}}, l.recovered() // it did answer
	case class == Permanent:
		// One of them spoils the request: halve it until it stands alone.
		l.count.Retried += uint64(len(batch))
		half := len(batch) / 2
		for _, part := range [][]*entry{batch[:half], batch[half:]} {
			stand := make([]*entry, len(part))
			for i, e := range part {
				stand[i] = l.standIn(e)
				stand[i].place = inSplit
			}
			l.split = append(l.split, stand)
		}
		return nil, l.recovered()
	}
	l.count.Retried += uint64(len(batch))
	l.requeue(batch)
	return nil, l.failedAgain(class, err, RetryAfter(err))
}

// requeue puts a batch back to the front, in its order.
func (l *lane) requeue(batch []*entry) {
	for i := len(batch) - 1; i >= 0; i-- {
		l.queue(l.standIn(batch[i]), true)
	}
}

// again lets one entry wait for its next try.
func (l *lane) again(e *entry, wait time.Duration) {
	newer := e.next != nil
	e = l.standIn(e)
	switch {
	case l.mode < stopping:
		l.delayed.push(e, time.Now().Add(wait))
	case newer:
		l.queue(e, false)
	default:
		e.place = left
	}
}

// standIn returns the entry that stands for the key after a failed write of e: e,
// or the newer one that has come meanwhile and takes it over.
func (l *lane) standIn(e *entry) *entry {
	n := e.next
	if n == nil {
		return e
	}
	n.more = append(append(n.more, e.ticket), e.more...)
	n.failures = e.failures
	l.count.Coalesced++
	l.bytes -= e.change.Size
	l.byKey[n.change.Key] = n
	return n
}

// acknowledge counts an entry and all it stands for as written.
func (l *lane) acknowledge(e *entry) {
	l.tracker.done(e.ticket)
	for _, t := range e.more {
		l.tracker.done(t)
	}
	l.bytes -= e.change.Size
	if e.next != nil {
		l.byKey[e.change.Key] = e.next
		l.queue(e.next, false)
		return
	}
	delete(l.byKey, e.change.Key)
}

// refuse hands an entry to the dead letters, for as long as that takes, and then acknowledges it.
func (l *lane) refuse(ctx context.Context, r refusal) {
	reason := "refused by the target without a reason"
	if r.err != nil {
		reason = r.err.Error()
	}
	err := l.bury(ctx, DeadLetter{Time: time.Now(), Sink: l.sink.Name(), Change: r.entry.change, Reason: reason})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.gaveUp = true
		l.requeue([]*entry{r.entry})
		return
	}
	l.count.Refused++
	l.acknowledge(r.entry)
	l.settled()
}
