package openctitest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// entry is an event as redis' stream holds it, ready to be sent.
type entry struct {
	pos     sync.Position
	event   Event
	changes []sync.Change
	// dependency is true when it is in the history only because another event refers to its object.
	dependency bool
	// object is its object's STIX id, refs are those that it refers to.
	object string
	refs   []string
	frame  []byte
}

func newEntry(e Event) entry {
	env := envelope(e)
	out := entry{event: e, changes: sync.FromEvent(e.Name, env, e.Position), dependency: env.Dependency(), object: env.Object.ID}
	if e.Name != sync.KindDelete {
		out.refs = references(env.Object)
	}
	return out.at(e.Position)
}

func (e entry) at(pos sync.Position) entry {
	e.pos, e.event.Position = pos, pos
	e.frame = frame(pos, e.event.Name, e.event.Data)
	return e
}

// frame is an event on the wire.
func frame(pos sync.Position, name string, data []byte) []byte {
	b := make([]byte, 0, len(data)+64)
	b = append(b, "id: "...)
	b = append(b, pos.String()...)
	b = append(b, "\nevent: "...)
	b = append(b, name...)
	b = append(b, "\ndata: "...)
	b = append(b, data...)
	return append(b, "\n\n"...)
}

// references are the STIX ids in all …_ref and …_refs of an object.
func references(o *stix.Object) []string {
	var out []string
	collect := func(name string, v stix.Value) {
		if strings.HasSuffix(name, "_ref") || strings.HasSuffix(name, "_refs") {
			out = append(out, v.Texts()...)
		}
	}
	for name, v := range o.Raw().Members() {
		collect(name, v)
	}
	for _, extension := range o.Root("extensions").Members() {
		for name, v := range extension.Members() {
			collect(name, v)
		}
	}
	return out
}

// row is an object in the platform's database.
type row struct {
	object  *stix.Object
	updated uint64 // updated_at in milliseconds, by the platform's clock
	pos     sync.Position
	refs    []string
	// matches reports whether the stream's filters let it through.
	matches bool
}

// database is what the platform knows: every object, in its present state.
type database struct {
	byKey map[string]*row
	byID  map[string]*row
}

func newDatabase() database {
	return database{byKey: map[string]*row{}, byID: map[string]*row{}}
}

func (d database) apply(e entry) {
	for _, c := range e.changes {
		old := d.byKey[c.Key]
		switch {
		case c.Op == sync.Delete && c.Reason == sync.ReasonLeft:
			// It still exists, but outside the filters.
			d.put(c.Object, e, false)
		case c.Op == sync.Delete:
			if old != nil {
				delete(d.byKey, c.Key)
				delete(d.byID, old.object.ID)
			}
		case e.dependency && old != nil:
			// The database had it already.
		default:
			d.put(c.Object, e, !e.dependency)
		}
	}
}

func (d database) put(o *stix.Object, e entry, matches bool) {
	if old := d.byKey[o.Key()]; old != nil {
		delete(d.byID, old.object.ID)
	}
	r := &row{object: o, updated: updatedAt(o), pos: e.pos, refs: e.refs, matches: matches}
	d.byKey[o.Key()], d.byID[o.ID] = r, r
}

func (d database) store(raw []byte) {
	o, err := stix.DecodeObject(raw)
	if err != nil {
		panic("openctitest: " + err.Error())
	}
	d.put(o, entry{refs: references(o)}, false)
}

func updatedAt(o *stix.Object) uint64 {
	t, ok := o.OCTI("updated_at").Time()
	if !ok {
		t = o.Modified()
	}
	if t.UnixMilli() < 0 {
		return 0
	}
	return uint64(t.UnixMilli())
}

func (d database) live() map[string]Object {
	out := make(map[string]Object)
	for key, r := range d.byKey {
		if r.matches {
			out[key] = Object{Position: r.pos, Object: r.object}
		}
	}
	return out
}

// found is what a search for objects finds of one.
type found struct {
	updated uint64
	key     string
}

// find returns the objects that match the filters and were updated within [from, until], in their order.
func (d database) find(from, until uint64) []found {
	var out []found
	for key, r := range d.byKey {
		if r.matches && from <= r.updated && r.updated <= until {
			out = append(out, found{r.updated, key})
		}
	}
	slices.SortFunc(out, func(a, b found) int { return cmp.Or(cmp.Compare(a.updated, b.updated), cmp.Compare(a.key, b.key)) })
	return out
}

// still reports whether an object is as it was found.
func (d database) still(f found) bool {
	r := d.byKey[f.key]
	return r != nil && r.matches && r.updated == f.updated
}

// announcement is the envelope of an object that is sent for another reason than an event about it.
func (r *row) announcement(referer string) []byte {
	b := make([]byte, 0, len(r.object.Raw())+160)
	b = append(b, `{"data":`...)
	b = append(b, r.object.Raw()...)
	b = append(b, `,"message":"creates a `...)
	b = append(b, r.object.EntityType...)
	b = append(b, `","origin":{"referer":"`...)
	b = append(b, referer...)
	return append(b, `"},"version":"4"}`...)
}
