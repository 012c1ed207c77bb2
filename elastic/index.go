package elastic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// DefaultIndex is where Elastic's own indicator-match rules and the Indicators page look.
const DefaultIndex = "logs-ti_custom_opencti.indicator"

// Mapper makes the document of an object; [ecs.Mapper] is one. An [*ecs.SkipError] says that
// the object gives none.
type Mapper interface {
	Map(*stix.Object) (*ecs.Document, error)
}

// IndexOptions are the settings of an [Index]. Client and Mapper are needed.
type IndexOptions struct {
	// Client reaches the cluster.
	Client *Client
	// Mapper makes the documents.
	Mapper Mapper
	// Name is the index, alias or data stream to write to, default [DefaultIndex].
	Name string
	// KeepRevoked keeps the documents of revoked and expired objects, which the mapper then
	// flags and takes out of the joined fields' reach. By default they are deleted.
	KeepRevoked bool
	// Pipeline names an ingest pipeline that every document goes through; empty for none.
	Pipeline string
	// Lookup makes a new index in lookup mode, for ES|QL's LOOKUP JOIN.
	Lookup bool
	// MaxItems bounds the items of a bulk request, default 1,000.
	MaxItems int
	// MaxBytes bounds the body of a bulk request before compression, default 2 MiB. One
	// document that is larger goes alone.
	MaxBytes int
	// SweepInterval is the time between two sweeps of expired documents, default [DefaultSweepInterval]; DisableSweep means none.
	SweepInterval time.Duration
	DisableSweep  bool
	// Expired gets the ids of documents that a sweep has removed or marked, so that their rules can be
	// disabled. It is called after the documents are gone; ids that it returns an error
	// for are handed to it again at the next sweep. nil for nobody.
	Expired func(ctx context.Context, ids []string) error
	// RefreshAfter is how old @timestamp may become, default [DefaultRefreshAfter]; DisableRefresh means that it may become any age.
	RefreshAfter   time.Duration
	DisableRefresh bool
	// ReferenceURL is OpenCTI's address as the Python connector wrote it into its documents, which
	// are recognised by it; needed only where its data stream is taken over.
	ReferenceURL string
	// Logger gets what an operator should know; nil is [slog.Default].
	Logger *slog.Logger
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// The defaults of a bulk request's limits.
const (
	DefaultMaxItems = 1000
	DefaultMaxBytes = 2 << 20
)

// Validate reports all faults at once.
func (o IndexOptions) Validate() error {
	var errs []error
	if o.Client == nil {
		errs = append(errs, errors.New("index sink: a client is needed"))
	}
	if o.Mapper == nil {
		errs = append(errs, errors.New("index sink: a mapper is needed"))
	}
	if o.Name != "" {
		errs = append(errs, validateName("index name", o.Name))
	}
	if o.MaxItems < 0 || o.MaxBytes < 0 || o.SweepInterval < 0 || o.RefreshAfter < 0 {
		errs = append(errs, errors.New("index sink: limits, intervals and ages must not be negative"))
	}
	return errors.Join(errs...)
}

// Index is the [sync.Sink] that keeps one document for each object in an index. Each write carries
// the change's version, so that an older change never takes the place of a newer one. [Index.Run] removes
// what has expired and keeps what is valid for long in the window of rules.
type Index struct {
	o    IndexOptions
	plan planner

	setup  chan struct{} // held while the target is being looked at
	target atomic.Pointer[target]
	bodies stdsync.Pool
	made   atomic.Bool // the index has been there before
	// noMultiGet tells that the server does not offer to read several documents directly.
	noMultiGet atomic.Bool

	expired expiredIDs

	mu     stdsync.Mutex
	rolled []string // backing indices that came with a rollover since the last look
}

var _ sync.Sink = (*Index)(nil)

// NewIndex makes the sink. It sends nothing yet: the index is set up by [Index.Prepare] or the first Write.
func NewIndex(o IndexOptions) (*Index, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.Name = cmp.Or(o.Name, DefaultIndex)
	o.MaxItems = cmp.Or(o.MaxItems, DefaultMaxItems)
	o.MaxBytes = cmp.Or(o.MaxBytes, DefaultMaxBytes)
	o.SweepInterval = cmp.Or(o.SweepInterval, DefaultSweepInterval)
	o.RefreshAfter = cmp.Or(o.RefreshAfter, DefaultRefreshAfter)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	plan := planner{mapper: o.Mapper, keepRevoked: o.KeepRevoked, now: o.Now}
	return &Index{o: o, plan: plan, setup: make(chan struct{}, 1), bodies: stdsync.Pool{New: func() any { return new(bulk) }}}, nil
}

// Name is "index".
func (x *Index) Name() string { return "index" }

// Write implements [sync.Sink].
func (x *Index) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	t, err := x.prepared(ctx)
	if err != nil {
		return nil, err
	}
	w := &write{index: x, target: t, changes: changes, results: make([]sync.Result, len(changes))}
	for i := range w.results {
		w.results[i] = sync.Result{Outcome: sync.Again}
	}
	if t.stream {
		err = w.toStream(ctx)
	} else {
		err = w.toIndex(ctx)
	}
	if w.moved {
		x.forget(w.target)
	}
	return w.finish(err)
}

// write is one batch under way.
type write struct {
	index   *Index
	target  *target
	changes []sync.Change
	results []sync.Result
	// answered counts the changes that have their result.
	answered int
	// moved tells that the index is no longer what target says.
	moved bool
}

func (w *write) settle(i int, r sync.Result) {
	w.results[i] = r
	if r.Outcome != sync.Again {
		w.answered++
	}
}

// finish gives the batch's answer. An error that came when some changes were already
// answered becomes those of the others. When all that is left waits for someone to act,
// the whole batch says so.
func (w *write) finish(err error) ([]sync.Result, error) {
	if err == nil && w.answered == 0 {
		for _, r := range w.results {
			if r.Outcome != sync.Again || r.Err == nil || sync.Classify(r.Err) != sync.Blocked {
				return w.results, nil
			}
			err = r.Err
		}
		return nil, err
	}
	if err == nil {
		return w.results, nil
	}
	if status, ok := errors.AsType[*StatusError](err); ok && status.indexMissing() {
		w.index.forget(w.target)
	}
	if w.answered == 0 || sync.Classify(err) == sync.Canceled {
		return nil, err
	}
	for i, r := range w.results {
		if r.Outcome == sync.Again && r.Err == nil {
			w.results[i] = sync.Result{Outcome: sync.Again, Err: err, After: sync.RetryAfter(err)}
		}
	}
	return w.results, nil
}

// toIndex writes to a plain index: versions do all the work.
func (w *write) toIndex(ctx context.Context) error {
	x := w.index
	b := x.bodies.Get().(*bulk)
	defer x.putBulk(b)
	notes := make([]error, len(w.changes))
	for i := range w.changes {
		p, settled := x.plan.change(&w.changes[i])
		if settled {
			w.settle(i, p.result)
			continue
		}
		a := action{verb: "delete", id: p.id, versioned: true, version: p.version}
		var body func([]byte) ([]byte, error)
		if p.doc != nil {
			a.verb, body = "index", w.encoder(p.doc)
		}
		if err := b.add(i, a, body); err != nil {
			w.settle(i, sync.Result{Outcome: sync.Refused, Err: fmt.Errorf("write document: %w", err)})
		}
		notes[i] = p.note
	}
	return w.send(ctx, b, func(item bulkItem, a itemAnswer) {
		r, moved := outcome(item.verb, a)
		if r.Err == nil {
			r.Err = notes[item.at]
		}
		w.moved = w.moved || moved
		w.settle(item.at, r)
	}, func(item bulkItem, r sync.Result) { w.settle(item.at, r) })
}

func (w *write) send(ctx context.Context, b *bulk, onAnswer func(bulkItem, itemAnswer), onRefused func(bulkItem, sync.Result)) error {
	x := w.index
	s := bulkSender{
		client: x.o.Client, path: "/" + x.o.Name + "/_bulk", query: bulkQuery(x.o.Pipeline),
		maxItems: x.o.MaxItems, maxBytes: x.o.MaxBytes, onAnswer: onAnswer,
		onRefused: func(item bulkItem, err error) {
			onRefused(item, sync.Result{Outcome: sync.Refused, Err: err})
		},
	}
	return s.send(ctx, b)
}

func (x *Index) putBulk(b *bulk) {
	if cap(b.body) > 2*x.o.MaxBytes {
		b.body = nil
	}
	clear(b.items)
	b.body, b.items = b.body[:0], b.items[:0]
	x.bodies.Put(b)
}
