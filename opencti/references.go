package opencti

import (
	"container/list"
	stdsync "sync"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// References remembers the names of what objects refer to by id: authors and
// markings. They come on every stream before the objects that refer to them. It
// holds a bounded number and forgets first what was not asked for longest. It is safe for
// concurrent use.
type References struct {
	limit int

	mu    stdsync.Mutex
	byID  map[string]*list.Element
	order *list.List // of *reference, the most recently used first
}

// reference is what is known of one object.
type reference struct {
	ID string `json:"id"`
	// Name is its name; Kind an author's identity class, or a marking's definition type.
	Name string `json:"name"`
	Kind string `json:"kind,omitzero"`
}

// DefaultReferences is how many objects [NewReferences] remembers unless told otherwise.
const DefaultReferences = 20_000

// NewReferences makes one that remembers that many objects; 0 stands for [DefaultReferences].
func NewReferences(limit int) *References {
	if limit <= 0 {
		limit = DefaultReferences
	}
	return &References{limit: limit, byID: map[string]*list.Element{}, order: list.New()}
}

// Author is the name and identity class ("organization", …) of an author.
func (r *References) Author(ref string) (name, identityClass string, ok bool) {
	return r.find(ref)
}

// Marking is the name ("TLP:AMBER") and definition type ("TLP") of a marking.
func (r *References) Marking(ref string) (name, definitionType string, ok bool) {
	return r.find(ref)
}

func (r *References) find(ref string) (name, kind string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byID[ref]
	if !ok {
		return "", "", false
	}
	r.order.MoveToFront(e)
	known := e.Value.(*reference)
	return known.Name, known.Kind, true
}

// Learn takes an object; all but authors and markings are let go.
func (r *References) Learn(o *stix.Object) {
	if o == nil {
		return
	}
	name, kind, _ := o.MarkingDefinition()
	if o.Type == "identity" {
		name, _ = o.Root("name").Text()
		kind, _ = o.Root("identity_class").Text()
	}
	if name == "" {
		return
	}
	r.put(reference{o.ID, name, kind})
	if o.Type == "identity" && o.InternalID != "" {
		r.put(reference{o.InternalID, name, kind}) // all that some observables say of their author
	}
}

func (r *References) put(known reference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byID[known.ID]; ok {
		e.Value = &known
		r.order.MoveToFront(e)
		return
	}
	r.byID[known.ID] = r.order.PushFront(&known)
	if r.order.Len() > r.limit {
		oldest := r.order.Remove(r.order.Back()).(*reference)
		delete(r.byID, oldest.ID)
	}
}

// learn takes what an event carries.
func (r *References) learn(env *stix.Envelope) {
	if r != nil {
		r.Learn(env.Object)
	}
}
