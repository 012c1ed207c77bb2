package sync

import (
	"context"
	"log/slog"
	"time"
)

// trouble is what is known of a sink whose requests fail as a whole.
type trouble struct {
	failures int
	since    time.Time
	hold     time.Time // no request is started before
	class    Class
	err      error
	logged   time.Time
}

// remindEvery is how often a fault that lasts is logged again.
const remindEvery = time.Minute

// troubleNews is what there is to tell once the lane's lock is released.
type troubleNews struct {
	retry *RetryReport
	// changed: the state is now state, because of err.
	changed bool
	state   State
	err     error
	log     func()
}

// state is how the sink is.
func (t *trouble) state() State {
	switch {
	case t.failures == 0:
		return Healthy
	case t.class == Blocked:
		return Stuck
	}
	return Retrying
}

// failedAgain notes a failed request and holds the lane.
func (l *lane) failedAgain(class Class, err error, asked time.Duration) troubleNews {
	t := &l.trouble
	before, now := t.state(), time.Now()
	if t.failures == 0 {
		t.since = now
	}
	t.failures++
	t.class, t.err = class, err
	l.count.Failed++
	wait := l.opts.Backoff.Wait(t.failures, asked)
	if class == Blocked {
		wait = max(jitter(l.opts.BlockedRetry), min(asked, maxRetryAfter))
	}
	t.hold = now.Add(wait)
	if l.mode >= stopping {
		l.gaveUp = true
	}
	news := troubleNews{
		retry: &RetryReport{Sink: l.sink.Name(), Err: err, Class: class, Wait: wait, Failures: t.failures, Since: t.since},
		state: t.state(), err: err,
	}
	news.changed = news.state != before
	if news.changed || class == Blocked || now.Sub(t.logged) >= remindEvery {
		t.logged = now
		level, text := slog.LevelWarn, "sink fails, trying again"
		if class == Blocked {
			level, text = slog.LevelError, "sink is blocked until someone acts, trying again slowly"
		}
		failures, since := t.failures, t.since
		news.log = func() {
			l.log.Log(context.Background(), level, text, "error", err, "failures", failures, "failing_since", since, "wait", wait)
		}
	}
	return news
}

// recovered notes that the sink has answered.
func (l *lane) recovered() troubleNews {
	t := l.trouble
	if t.failures == 0 {
		return troubleNews{}
	}
	l.trouble = trouble{}
	return troubleNews{
		changed: true, state: Healthy,
		log: func() { l.log.Info("sink works again", "failures", t.failures, "failed_for", time.Since(t.since)) },
	}
}

// tell passes news on to the log and the observers.
func (l *lane) tell(n troubleNews) {
	if n.log != nil {
		n.log()
	}
	if n.retry != nil {
		for _, o := range l.hook.retry {
			o.OnRetry(*n.retry)
		}
	}
	if n.changed {
		for _, o := range l.hook.state {
			o.OnState(l.sink.Name(), n.state, n.err)
		}
	}
}
