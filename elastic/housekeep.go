package elastic

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	stdsync "sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// The defaults of housekeeping: indicator-match rules look back 30 days.
const (
	DefaultSweepInterval = time.Minute
	DefaultRefreshAfter  = 25 * 24 * time.Hour
	refreshEvery         = time.Hour
)

// Housekeeping goes over documents that a search finds, page by page, and writes each so
// that it is left alone if it has changed meanwhile. It needs no lock beside a second
// instance: what one of them did, the other no longer finds or is refused.

// housekeepingPage is how many documents are looked at together.
const housekeepingPage = 1000

// ours matches what this program wrote, and nothing else.
func ours() map[string]any {
	return map[string]any{"exists": map[string]any{"field": "opencti.status"}}
}

func rangeOf(field, op string, t time.Time) map[string]any {
	return map[string]any{"range": map[string]any{field: map[string]any{op: dateText(t)}}}
}

func term(field string, value any) map[string]any {
	return map[string]any{"term": map[string]any{field: value}}
}

// dateText is a date as documents hold it.
func dateText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// page gives documents that match, the oldest by the field first: where they are, and their state.
func (x *Index) page(ctx context.Context, field string, filter ...any) ([]document, error) {
	body := mustMarshal(map[string]any{
		"size": min(housekeepingPage, x.o.MaxItems), "_source": false, "seq_no_primary_term": true, "track_total_hits": false,
		"sort":  []any{map[string]any{field: map[string]any{"order": "asc", "unmapped_type": "date"}}},
		"query": map[string]any{"bool": map[string]any{"filter": append([]any{ours()}, filter...)}},
	})
	return x.o.Client.search(ctx, x.o.Name, body)
}

// current reads the documents of a page as they are now: a search can be seconds late.
func (x *Index) current(ctx context.Context, hits []document) ([]document, error) {
	refs := make([]reference, len(hits))
	for i, h := range hits {
		refs[i] = reference{index: h.Index, id: h.ID}
	}
	return x.fetch(ctx, refs)
}

// rewrite is the action that writes a document again without making it newer: in an index with its own version,
// so that any later change wins; in a data stream if it is still the same.
func (t *target) rewrite(d *document) action {
	if t.stream {
		return action{verb: "index", index: d.Index, id: d.ID, guard: &guard{d.SeqNo, d.PrimaryTerm}}
	}
	return action{verb: "index", index: d.Index, id: d.ID, versioned: true, version: d.Version}
}

// tidied is what became of a page.
type tidied struct {
	// ids is the documents that were written or deleted, raced how many were left alone
	// since they had changed meanwhile.
	ids   []string
	raced int
}

// apply sends the actions of a page and makes them visible to the next search. ids are the
// documents of the actions.
func (x *Index) apply(ctx context.Context, b *bulk, ids []string) (tidied, error) {
	var out tidied
	var faults []error
	query := url.Values{"filter_path": {answerFields}, "refresh": {"true"}}
	s := bulkSender{
		client: x.o.Client, path: "/" + x.o.Name + "/_bulk", query: query, maxItems: x.o.MaxItems, maxBytes: x.o.MaxBytes,
		onAnswer: func(item bulkItem, a itemAnswer) {
			switch r, _ := outcome(item.verb, a); {
			case r.Outcome == sync.Superseded, a.Status == http.StatusNotFound:
				out.raced++
			case r.Outcome == sync.Done:
				out.ids = append(out.ids, ids[item.at])
			default:
				faults = append(faults, r.Err)
			}
		},
		onRefused: func(_ bulkItem, err error) { faults = append(faults, err) },
	}
	if err := s.send(ctx, b); err != nil {
		return out, err
	}
	if len(faults) > 0 {
		return out, fmt.Errorf("%d of %d documents were not written, the first: %w", len(faults), len(b.items), faults[0])
	}
	return out, nil
}

// Run does what an index needs beside its writes until ctx ends, and then returns nil: [Index.Sweep] and [Index.Refresh], each at
// once and then at its interval. A fault is logged and tried again at the next interval.
func (x *Index) Run(ctx context.Context) error {
	var loops stdsync.WaitGroup
	defer loops.Wait()
	loop := func(what string, interval time.Duration, pass func(context.Context) (int, error)) {
		loops.Go(func() {
			for ctx.Err() == nil {
				if _, err := pass(ctx); err != nil && ctx.Err() == nil {
					x.o.Logger.WarnContext(ctx, what, "error", err)
				}
				sync.Sleep(ctx, interval)
			}
		})
	}
	if !x.o.DisableSweep {
		loop("the sweep of expired documents is incomplete", x.o.SweepInterval, x.Sweep)
	}
	if !x.o.DisableRefresh {
		loop("the refresh of old documents is incomplete", refreshEvery, x.Refresh)
	}
	return nil
}

// sourceDates reads the dates of a document that housekeeping goes by.
type sourceDates struct {
	Timestamp time.Time `json:"@timestamp"`
	OpenCTI   struct {
		ExpiresAt time.Time `json:"expires_at"`
		Status    string    `json:"status"`
	} `json:"opencti"`
}

func readDates(d *document) (sourceDates, bool) {
	var s sourceDates
	err := json.Unmarshal(d.Source, &s)
	return s, err == nil && s.OpenCTI.Status != ""
}

func quoted(s string) []byte { return strconv.AppendQuote(nil, s) }
