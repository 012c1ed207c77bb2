package elastic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// A data stream takes only creates by its name, and no external versions. A document is
// therefore looked for in all backing indices first, in real time, and written where it is,
// guarded by its sequence number; its version is kept in the document.

// versionField is where a document in a data stream keeps the version of its last change: as a
// text, since it is larger than what many readers of JSON numbers hold exactly.
const versionField = "opencti.version"

// maxRaces bounds how often a batch looks again after a write that came in between.
const maxRaces = 5

var errRaced = errors.New("the document is being changed by someone else")

// adoptStream makes ready to write to a data stream that is there. Its templates are left alone:
// one of ours could not even be stored beside them.
func (x *Index) adoptStream(ctx context.Context, s *stream) (*target, error) {
	shed, err := x.putMapping(ctx, x.o.Name, versionField)
	if err != nil {
		return nil, err
	}
	foreign, err := x.anyForeign(ctx)
	if err != nil {
		return nil, err
	}
	x.o.Logger.InfoContext(ctx, "the index name is a data stream; its documents are written by sequence number",
		"data_stream", s.Name, "backing_indices", len(s.Backing), "foreign_documents", foreign)
	return &target{stream: true, backing: s.Backing, shed: shed, foreign: foreign}, nil
}

// found is one document in a backing index.
type found struct {
	index, id string
	guard     guard
	version   int64
}

// pending is a change on its way to a data stream.
type pending struct {
	at  int
	id  string
	doc *ecs.Document // nil: there must be none
	// note says why there must be none.
	note error
	// ours is the copies of our document, in the order of the backing indices; more than
	// one only when two instances wrote during a rollover. foreign is the Python connector's.
	ours, foreign []found
	// actions counts those of a round that have no answer yet; raced and result gather the answers.
	actions int
	raced   bool
	result  sync.Result
}

// catchUp looks whether the stream has a new backing index, before anything is created in it: its
// template is not ours, so that our mapping has to be there before the first document.
func (w *write) catchUp(ctx context.Context) error {
	found, err := w.index.o.Client.resolve(ctx, w.index.o.Name)
	if err != nil {
		return err
	}
	if s := found.stream(w.index.o.Name); s != nil && slices.Equal(s.Backing, w.target.backing) {
		return nil
	}
	w.index.forget(w.target)
	t, err := w.index.prepared(ctx)
	if err != nil {
		return err
	}
	if !t.stream {
		return errors.New("resolve index: the data stream is no longer one")
	}
	w.target = t
	return nil
}

// toStream writes to a data stream.
func (w *write) toStream(ctx context.Context) error {
	if err := w.catchUp(ctx); err != nil {
		return err
	}
	var open []*pending
	for i := range w.changes {
		p, settled := w.index.plan.change(&w.changes[i])
		if settled {
			w.settle(i, p.result)
			continue
		}
		open = append(open, &pending{at: i, id: p.id, doc: p.doc, note: p.note})
	}
	for round := 0; len(open) > 0 && round < maxRaces; round++ {
		if err := w.find(ctx, open); err != nil {
			return err
		}
		err := w.streamRound(ctx, open)
		open = slices.DeleteFunc(open, func(p *pending) bool {
			settled := !p.raced && p.actions == 0
			if settled {
				w.settle(p.at, p.result)
			}
			return settled
		})
		if err != nil {
			return err
		}
	}
	for _, p := range open {
		w.settle(p.at, sync.Result{Outcome: sync.Again, Err: errRaced})
	}
	return nil
}

// streamRound sends what the documents found call for.
func (w *write) streamRound(ctx context.Context, open []*pending) error {
	x := w.index
	b := x.bodies.Get().(*bulk)
	defer x.putBulk(b)
	byAt := make(map[int]*pending, len(open))
	for _, p := range open {
		byAt[p.at] = p
		before := len(b.items)
		p.raced, p.result = false, sync.Result{Outcome: sync.Done, Err: p.note}
		if err := w.addActions(b, p); err != nil {
			p.result = sync.Result{Outcome: sync.Refused, Err: fmt.Errorf("write document: %w", err)}
		}
		p.actions = len(b.items) - before
	}
	answer := func(item bulkItem, r sync.Result) {
		p := byAt[item.at]
		p.actions--
		switch {
		case r.Outcome == sync.Superseded:
			p.raced = true
		case r.Outcome != sync.Done && p.result.Outcome != sync.Refused:
			p.result = r
		}
	}
	return w.send(ctx, b, func(item bulkItem, a itemAnswer) {
		r, moved := outcome(item.verb, a)
		w.moved = w.moved || moved
		if item.verb == "create" && r.Outcome == sync.Done && a.Index != "" {
			x.noteBacking(w.target, a.Index)
		}
		answer(item, r)
	}, answer)
}

// addActions writes the newest copy and removes all others.
func (w *write) addActions(b *bulk, p *pending) error {
	version := w.changes[p.at].Version
	newest := -1
	for i, o := range p.ours {
		if newest < 0 || o.version >= p.ours[newest].version {
			newest = i
		}
	}
	keep := newest
	switch {
	case newest >= 0 && p.ours[newest].version > version:
		p.result = sync.Result{Outcome: sync.Superseded}
	case p.doc == nil:
		keep = -1
	}
	if p.doc != nil && p.result.Outcome == sync.Done {
		a := action{verb: "create", id: p.id}
		if keep >= 0 {
			a = action{verb: "index", index: p.ours[keep].index, id: p.id, guard: &p.ours[keep].guard}
		}
		if err := b.add(p.at, a, w.streamEncoder(p.doc, version)); err != nil {
			return err
		}
	}
	for i := range p.ours {
		if i != keep {
			o := &p.ours[i]
			if err := b.add(p.at, action{verb: "delete", index: o.index, id: o.id, guard: &o.guard}, nil); err != nil {
				return err
			}
		}
	}
	for i := range p.foreign {
		o := &p.foreign[i]
		if err := b.add(p.at, action{verb: "delete", index: o.index, id: o.id, guard: &o.guard}, nil); err != nil {
			return err
		}
	}
	return nil
}

// find looks the documents of the changes up.
func (w *write) find(ctx context.Context, open []*pending) error {
	backing := w.index.backing(w.target)
	byID := make(map[string]*pending, len(open))
	refs := make([]reference, 0, len(open)*len(backing))
	for _, p := range open {
		p.ours, p.foreign = nil, nil
		byID[p.id] = p
		for _, index := range backing {
			refs = append(refs, reference{index: index, id: p.id})
		}
	}
	docs, err := w.index.fetch(ctx, refs, versionField)
	if err != nil {
		return err
	}
	for _, d := range docs {
		var source struct {
			OpenCTI struct {
				Version int64 `json:"version,string"`
			} `json:"opencti"`
		}
		_ = json.Unmarshal(d.Source, &source) // without a version it is older than any
		if p := byID[d.ID]; p != nil {
			p.ours = append(p.ours, found{index: d.Index, id: d.ID, guard: d.guard, version: source.OpenCTI.Version})
		}
	}
	if w.target.foreign {
		return w.findForeign(ctx, open)
	}
	return nil
}

// streamEncoder writes a document with its version, less what the stream's mapping would refuse.
func (w *write) streamEncoder(doc *ecs.Document, version int64) func([]byte) ([]byte, error) {
	e := &edit{}
	if shed := w.target.shed.root; shed != nil {
		e = shed.clone()
	}
	e.set(versionField, quoted(strconv.FormatInt(version, 10)))
	return func(dst []byte) ([]byte, error) { return encodeEdited(dst, doc, e) }
}

// encoder writes a document, less what the index's mapping would refuse.
func (w *write) encoder(doc *ecs.Document) func([]byte) ([]byte, error) {
	if w.target.shed.root == nil {
		return doc.AppendJSON
	}
	return func(dst []byte) ([]byte, error) { return encodeEdited(dst, doc, w.target.shed.root) }
}

func encodeEdited(dst []byte, doc *ecs.Document, e *edit) ([]byte, error) {
	whole, err := doc.AppendJSON(nil)
	if err != nil {
		return dst, err
	}
	return e.append(dst, whole)
}

// noteBacking keeps the name of a backing index that an answer spoke of, until the stream is
// looked at again: it came with a rollover.
func (x *Index) noteBacking(t *target, index string) {
	if slices.Contains(t.backing, index) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !slices.Contains(x.rolled, index) {
		x.rolled = append(x.rolled, index)
	}
	x.forget(t)
}

// backing gives all backing indices that are known.
func (x *Index) backing(t *target) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.rolled) == 0 {
		return t.backing
	}
	x.rolled = slices.DeleteFunc(x.rolled, func(name string) bool { return slices.Contains(t.backing, name) })
	return slices.Concat(t.backing, x.rolled)
}
