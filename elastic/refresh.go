package elastic

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The defaults of a [Refresher]: indicator-match rules look back 30 days.
const (
	DefaultRefreshAfter    = 25 * 24 * time.Hour
	DefaultRefreshInterval = time.Hour
)

// RefresherOptions are the settings of a [Refresher].
type RefresherOptions struct {
	// Index is the index to refresh; needed.
	Index *Index
	// After is how old @timestamp may become, default [DefaultRefreshAfter].
	After time.Duration
	// Interval is the time between two passes, default [DefaultRefreshInterval].
	Interval time.Duration
}

// Refresher keeps documents that are valid for long within the window of rules that look
// back some days: it moves @timestamp and event.ingested to the present, and changes nothing else, least of
// all the version, so that it never looks like a newer event. A change that comes at the same time wins.
type Refresher struct{ o RefresherOptions }

// NewRefresher makes a refresher; [Refresher.Run] or [Refresher.Refresh] sets it to work.
func NewRefresher(o RefresherOptions) (*Refresher, error) {
	if o.Index == nil {
		return nil, errors.New("refresher: an index is needed")
	}
	if o.After < 0 || o.Interval < 0 {
		return nil, errors.New("refresher: age and interval must not be negative")
	}
	if o.After == 0 {
		o.After = DefaultRefreshAfter
	}
	if o.Interval == 0 {
		o.Interval = DefaultRefreshInterval
	}
	return &Refresher{o: o}, nil
}

// Run refreshes until ctx ends, and returns nil then. Errors are logged and tried again at the next interval.
func (r *Refresher) Run(ctx context.Context) error {
	return every(ctx, r.o.Interval, func(ctx context.Context) error {
		_, err := r.Refresh(ctx)
		return err
	}, func(err error) {
		r.o.Index.o.Logger.WarnContext(ctx, "the refresh of old documents is incomplete", "error", err)
	})
}

// Refresh goes once over all documents whose @timestamp is old and gives the number refreshed.
func (r *Refresher) Refresh(ctx context.Context) (int, error) {
	x := r.o.Index
	t, err := x.prepared(ctx)
	if err != nil {
		return 0, fmt.Errorf("refresh: %w", err)
	}
	total := 0
	for {
		n, more, err := r.refreshPage(ctx, t)
		total += n
		if err != nil {
			return total, fmt.Errorf("refresh %s: %w", x.o.Name, err)
		}
		if !more {
			break
		}
	}
	if total > 0 {
		x.o.Logger.InfoContext(ctx, "refreshed old documents", "index", x.o.Name, "documents", total)
	}
	return total, nil
}

func (r *Refresher) refreshPage(ctx context.Context, t *target) (n int, more bool, err error) {
	x := r.o.Index
	now := x.o.Now()
	oldest := now.Add(-r.o.After)
	hits, err := x.page(ctx, "@timestamp", rangeOf("@timestamp", "lt", oldest), term("opencti.status", "active"))
	if err != nil || len(hits) == 0 {
		return 0, false, err
	}
	docs, err := x.current(ctx, hits)
	if err != nil {
		return 0, false, err
	}
	e := &edit{}
	e.set("@timestamp", quoted(dateText(now)))
	e.set("event.ingested", quoted(dateText(now)))
	b := &bulk{}
	var ids []string
	for i := range docs {
		d := &docs[i]
		dates, ok := readDates(d)
		if !ok || dates.OpenCTI.Status != "active" || !dates.Timestamp.Before(oldest) {
			continue // written anew since the search
		}
		ids = append(ids, d.ID)
		if err := b.add(len(ids)-1, t.rewrite(d), func(dst []byte) ([]byte, error) { return e.append(dst, d.Source) }); err != nil {
			return 0, false, err
		}
	}
	if len(b.items) == 0 {
		return 0, false, nil
	}
	done, err := x.apply(ctx, b, ids)
	full := len(hits) >= min(sweepPage, x.o.MaxItems)
	return len(done.ids), full && err == nil && len(done.ids) > 0, err
}
