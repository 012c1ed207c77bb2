package elastic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	stdsync "sync"
	"time"
)

// DefaultSweepInterval is how often a [Sweeper] looks.
const DefaultSweepInterval = time.Minute

// SweeperOptions are the settings of a [Sweeper].
type SweeperOptions struct {
	// Index is the index to sweep; needed.
	Index *Index
	// Interval is the time between two sweeps, default [DefaultSweepInterval].
	Interval time.Duration
	// Expired gets the ids of documents that a sweep has removed or marked, so that their rules can be
	// disabled. It is called after the documents are gone; ids that it returns an error
	// for are handed to it again at the next sweep. nil for nobody.
	Expired func(ctx context.Context, ids []string) error
}

// Sweeper removes the documents whose time has come: opencti.expires_at is past, or, where
// revoked documents are not kept, they are marked as revoked or expired. With
// [IndexOptions.KeepRevoked] it marks expired ones instead, and takes their joined fields away.
//
// It never touches a document that was renewed after the search that found it, nor one that
// is not of this program's making. Several may sweep one index.
type Sweeper struct {
	o SweeperOptions

	mu    stdsync.Mutex
	owing []string // ids that Expired has not taken yet
}

// NewSweeper makes a sweeper; [Sweeper.Run] or [Sweeper.Sweep] sets it to work.
func NewSweeper(o SweeperOptions) (*Sweeper, error) {
	if o.Index == nil {
		return nil, errors.New("sweeper: an index is needed")
	}
	if o.Interval < 0 {
		return nil, errors.New("sweeper: the interval must not be negative")
	}
	if o.Interval == 0 {
		o.Interval = DefaultSweepInterval
	}
	return &Sweeper{o: o}, nil
}

// Run sweeps until ctx ends, and returns nil then. Errors are logged and tried again at the next interval.
func (s *Sweeper) Run(ctx context.Context) error {
	return every(ctx, s.o.Interval, func(ctx context.Context) error {
		_, err := s.Sweep(ctx)
		return err
	}, func(err error) {
		s.o.Index.o.Logger.WarnContext(ctx, "the sweep of expired documents is incomplete", "error", err)
	})
}

// Sweep goes once over all that has expired and gives the number of documents removed or marked.
func (s *Sweeper) Sweep(ctx context.Context) (int, error) {
	x := s.o.Index
	t, err := x.prepared(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	total := 0
	for {
		n, more, err := s.page(ctx, t)
		total += n
		if err == nil {
			err = s.handOn(ctx)
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

func (s *Sweeper) page(ctx context.Context, t *target) (n int, more bool, err error) {
	x := s.o.Index
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
		ids, err = s.mark(ctx, t, b, hits, now)
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
	s.owe(done.ids)
	full := len(hits) >= min(sweepPage, x.o.MaxItems)
	if err == nil && full && len(done.ids) == 0 && done.raced == len(b.items) {
		return 0, false, nil // others were faster, or the search is late: the next sweep will see
	}
	return len(done.ids), full && err == nil, err
}

// joined is the fields below threat.indicator by which indicator-match rules would still find a document.
var joined = [...]string{"ip", "port", "email", "url", "file", "registry", "x509", "as"}

// mark adds the actions that turn documents into a record of what was.
func (s *Sweeper) mark(ctx context.Context, t *target, b *bulk, hits []document, now time.Time) (ids []string, err error) {
	docs, err := s.o.Index.current(ctx, hits)
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

func (s *Sweeper) owe(ids []string) {
	if s.o.Expired == nil || len(ids) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owing = append(s.owing, ids...)
}

// handOn gives the ids away; those that are not taken are kept for the next time.
func (s *Sweeper) handOn(ctx context.Context) error {
	s.mu.Lock()
	ids := s.owing
	s.owing = nil
	s.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	if err := s.o.Expired(ctx, slices.Clone(ids)); err != nil {
		s.mu.Lock()
		s.owing = append(ids, s.owing...)
		s.mu.Unlock()
		return fmt.Errorf("hand %d expired ids on: %w", len(ids), err)
	}
	return nil
}
