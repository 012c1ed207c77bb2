package elastic

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// planner decides what a change asks of a target of documents.
type planner struct {
	mapper      Mapper
	keepRevoked bool
	now         func() time.Time
}

// plan is what a change asks for: the document, or that there be none.
type plan struct {
	id      string
	version int64
	// doc is nil if there must be no document; note then says why, unless the change is a delete.
	doc  *ecs.Document
	note error
	// result is the answer for what needs no write.
	result sync.Result
}

// The notes on an upsert that asks for no document.
var (
	errRevoked  = errors.New("the object is revoked")
	errExpired  = errors.New("the object has expired")
	errNoObject = errors.New("an upsert without an object")
)

// change plans one change; settled tells that no write is needed.
func (p *planner) change(c *sync.Change) (out plan, settled bool) {
	out = plan{id: ecs.DocumentID(c.Key), version: max(c.Version, 0)}
	if c.Op != sync.Upsert {
		return out, false
	}
	if c.Object == nil {
		out.result = sync.Result{Outcome: sync.Refused, Err: errNoObject}
		return out, true
	}
	doc, err := p.mapper.Map(c.Object)
	if err != nil {
		skip, ok := errors.AsType[*ecs.SkipError](err)
		switch {
		case !ok:
			out.result = sync.Result{Outcome: sync.Refused, Err: fmt.Errorf("make document: %w", err)}
		case !skip.Filtered:
			out.result = sync.Result{Outcome: sync.Ignored, Err: err}
		default:
			out.note = err // what no longer passes the filters is removed
			return out, false
		}
		return out, true
	}
	switch {
	case p.keepRevoked:
		out.doc = doc
	case doc.Revoked:
		out.note = errRevoked
	case doc.Expired || p.past(doc.ExpiresAt):
		out.note = errExpired
	default:
		out.doc = doc
	}
	return out, false
}

func (p *planner) past(t time.Time) bool {
	now := time.Now
	if p.now != nil {
		now = p.now
	}
	return !t.IsZero() && !t.After(now())
}
