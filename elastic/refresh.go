package elastic

import (
	"context"
	"fmt"
)

// Refresh goes once over the documents whose @timestamp is old and returns the number refreshed. It keeps what is valid for long
// within the window of rules that look back some days: it moves @timestamp and event.ingested to the present, and
// changes nothing else, least of all the version, so that it never looks like a newer event. A change that comes at the same time wins.
func (x *Index) Refresh(ctx context.Context) (int, error) {
	t, err := x.prepared(ctx)
	if err != nil {
		return 0, fmt.Errorf("refresh: %w", err)
	}
	total := 0
	for {
		n, more, err := x.refreshPage(ctx, t)
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

func (x *Index) refreshPage(ctx context.Context, t *target) (n int, more bool, err error) {
	now := x.o.Now()
	oldest := now.Add(-x.o.RefreshAfter)
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
	full := len(hits) >= min(housekeepingPage, x.o.MaxItems)
	return len(done.ids), full && err == nil && len(done.ids) > 0, err
}
