package elastic

import (
	"context"
	"fmt"
	"slices"
	stdsync "sync"
	"time"
)

// Sweep goes once over the documents whose time has come and returns the number removed: opencti.expires_at is past, or, where
// revoked documents are not kept, they are marked as revoked or expired. With [IndexOptions.KeepRevoked] it marks expired ones
// instead, and takes their joined fields away.
//
// It never touches a document that was renewed after the search that found it, nor one that
// is not of this program's making. Several may sweep one index.
func (x *Index) Sweep(ctx context.Context) (int, error) {
	t, err := x.prepared(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	total := 0
	for {
		n, more, err := x.sweepPage(ctx, t)
		total += n
		if err == nil {
			err = x.expired.handOn(ctx, x.o.Expired)
		}
		if err != nil {
			return total, fmt.Errorf("sweep %s: %w", x.o.Name, err)
		}
		if !more {
			break
		}
	}
	if total > 0 {
		x.o.Logger.InfoContext(ctx, "removed expired documents", "index", x.o.Name, "documents", total, "kept_marked", x.o.KeepRevoked)
	}
	return total, nil
}

func (x *Index) sweepPage(ctx context.Context, t *target) (n int, more bool, err error) {
	now := x.o.Now()
	expired := rangeOf("opencti.expires_at", "lte", now)
	filter := map[string]any{"bool": map[string]any{"should": []any{
		expired, map[string]any{"terms": map[string]any{"opencti.status": []string{"revoked", "expired"}}},
	}, "minimum_should_match": 1}}
	if x.o.KeepRevoked {
		filter = map[string]any{"bool": map[string]any{"filter": []any{expired, term("opencti.status", "active")}}}
	}
	hits, err := x.page(ctx, "opencti.expires_at", filter)
	if err != nil || len(hits) == 0 {
		return 0, false, err
	}
	b := &bulk{}
	var ids []string
	if x.o.KeepRevoked {
		ids, err = x.mark(ctx, t, b, hits, now)
	} else {
		for i, h := range hits {
			ids = append(ids, h.ID)
			if err = b.add(i, action{verb: "delete", index: h.Index, id: h.ID, guard: &guard{h.SeqNo, h.PrimaryTerm}}, nil); err != nil {
				break
			}
		}
	}
	if err != nil || len(b.items) == 0 {
		return 0, false, err
	}
	done, err := x.apply(ctx, b, ids)
	if x.o.Expired != nil {
		x.expired.owe(done.ids)
	}
	full := len(hits) >= min(housekeepingPage, x.o.MaxItems)
	if err == nil && full && len(done.ids) == 0 && done.raced == len(b.items) {
		return 0, false, nil // others were faster, or the search is late: the next sweep will see
	}
	return len(done.ids), full && err == nil, err
}

// joined is the fields below threat.indicator by which indicator-match rules would still find a document.
var joined = [...]string{"ip", "port", "email", "url", "file", "registry", "x509", "as"}

// mark adds the actions that turn documents into a record of what was.
func (x *Index) mark(ctx context.Context, t *target, b *bulk, hits []document, now time.Time) (ids []string, err error) {
	docs, err := x.current(ctx, hits)
	if err != nil {
		return nil, err
	}
	e := &edit{}
	for _, name := range joined {
		e.at("threat.indicator." + name).drop = true
	}
	e.set("opencti.status", []byte(`"expired"`))
	e.set("event.ingested", quoted(dateText(now)))
	for i := range docs {
		d := &docs[i]
		dates, ok := readDates(d)
		if !ok || dates.OpenCTI.Status != "active" || dates.OpenCTI.ExpiresAt.IsZero() || dates.OpenCTI.ExpiresAt.After(now) {
			continue // renewed since the search
		}
		ids = append(ids, d.ID)
		if err := b.add(len(ids)-1, t.rewrite(d), func(dst []byte) ([]byte, error) { return e.append(dst, d.Source) }); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// expiredIDs are the ids of swept documents that nobody has taken yet.
type expiredIDs struct {
	mu  stdsync.Mutex
	ids []string
}

func (e *expiredIDs) owe(ids []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids = append(e.ids, ids...)
}

// handOn gives the ids away; those that are not taken are kept for the next time.
func (e *expiredIDs) handOn(ctx context.Context, take func(context.Context, []string) error) error {
	e.mu.Lock()
	ids := e.ids
	e.ids = nil
	e.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	if err := take(ctx, slices.Clone(ids)); err != nil {
		e.owe(ids)
		return fmt.Errorf("hand %d expired ids on: %w", len(ids), err)
	}
	return nil
}
