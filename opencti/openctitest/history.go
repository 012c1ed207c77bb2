package openctitest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// HistoryConfig describes a generated history. The zero value of every field but Events is its default.
type HistoryConfig struct {
	// Seed makes the history; the same seed always makes the same one.
	Seed uint64
	// Events is how many events it has.
	Events int
	// Start is the time of the first event, by redis' clock. Default 2026-01-05T08:00:00Z.
	Start time.Time
	// Step is the mean time between events. Default 100 ms.
	Step time.Duration
	// ClockAhead is how far the dates in the objects, by the platform's clock, are ahead of the events' ids.
	ClockAhead time.Duration
	// Hostile puts quotes, control characters, scripts and the like into names, values and patterns.
	Hostile bool
}

// History makes n events of a realistic history: authors and markings first, then
// observables and indicators of all types, updates, deletions, merges, objects that leave and enter the stream's
// filters, and groups of events with one id.
func History(seed uint64, n int) []Event {
	return HistoryConfig{Seed: seed, Events: n}.Make()
}

// thing is an object that lives in a history.
type thing struct {
	key, id string
	root    map[string]any
	octi    map[string]any
	sco     map[string]any // nil but for observables
	// outside is true when it has left the stream's filters.
	outside bool
}

// generator makes a history.
type generator struct {
	cfg     HistoryConfig
	rng     *rand.Rand
	now     sync.Position
	events  []Event
	living  []*thing
	authors []string
	marks   []string
	serial  int
}

// Make makes the history.
func (c HistoryConfig) Make() []Event {
	def(&c.Start, time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC))
	def(&c.Step, 100*time.Millisecond)
	g := &generator{cfg: c, rng: rand.New(rand.NewPCG(c.Seed, 0x0c71)), now: sync.Position{Millis: uint64(c.Start.UnixMilli())}}
	g.foundations()
	for len(g.events) < c.Events {
		g.step()
	}
	return g.events[:max(c.Events, 0)]
}

// kinds of step, by weight.
type step struct {
	weight int
	// needs is true when it changes an object that lives.
	needs bool
	do    func(g *generator, t *thing)
}

func steps() []step {
	return []step{
		{30, false, func(g *generator, _ *thing) { g.create(g.observable()) }},
		{30, false, func(g *generator, _ *thing) { g.create(g.indicator()) }},
		{20, true, (*generator).rescore},
		{5, true, (*generator).revise},
		{3, true, (*generator).leave},
		{2, true, (*generator).announceAgain},
		{6, true, (*generator).remove},
		{2, true, (*generator).merge},
		{2, false, func(g *generator, _ *thing) { g.createWithAuthor() }},
	}
}

func (g *generator) step() {
	g.tick()
	n := g.rng.IntN(100)
	for _, s := range steps() {
		if n -= s.weight; n >= 0 {
			continue
		}
		if s.needs && len(g.living) == 0 {
			return
		}
		var t *thing
		if s.needs {
			t = g.living[g.rng.IntN(len(g.living))]
		}
		s.do(g, t)
		return
	}
}

// tick goes on in time; now and then not even by a millisecond.
func (g *generator) tick() {
	ms := uint64(g.rng.Int64N(2*max(int64(g.cfg.Step/time.Millisecond), 1) + 1))
	if ms == 0 {
		g.now.Seq++
		return
	}
	g.now = sync.Position{Millis: g.now.Millis + ms}
}

func (g *generator) date(offset time.Duration) string {
	return time.UnixMilli(int64(g.now.Millis)).Add(offset).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (g *generator) platformDate() string { return g.date(g.cfg.ClockAhead) }

func (g *generator) uuid() string {
	a, b := g.rng.Uint64(), g.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// foundations are the markings and authors.
func (g *generator) foundations() {
	for _, m := range [...]struct{ id, name, kind, color string }{
		{"613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:CLEAR", "TLP", "#ffffff"},
		{"34098fce-860f-48ae-8e50-ebd3cc5e41da", "TLP:GREEN", "TLP", "#2e7d32"},
		{"f88d31f6-486f-44da-b317-01333bde0b82", "TLP:AMBER", "TLP", "#d84315"},
		{"826578e1-40ad-459f-bc73-ede076f81f37", "TLP:AMBER+STRICT", "TLP", "#d84315"},
		{"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "TLP:RED", "TLP", "#c62828"},
		{"89484dde-e3d2-547f-a6c6-d14824429eb1", "PAP:GREEN", "PAP", "#2e7d32"},
	} {
		t := g.thing("marking-definition", "marking-definition--"+m.id, "Marking-Definition")
		t.root["name"], t.root["definition_type"] = m.name, m.kind
		t.octi["order"], t.octi["color"] = 1, m.color
		g.marks = append(g.marks, t.id)
		g.emit(sync.KindCreate, "create", "creates a Marking-Definition `"+m.name+"`", t, nil)
		g.tick()
	}
	for _, a := range [...]struct{ name, class, kind string }{
		{"ACME Threat Research", "organization", "Organization"},
		{"CERT Example", "organization", "Organization"},
		{"J. Doe", "individual", "Individual"},
		{"Sandbox", "system", "System"},
	} {
		g.emit(sync.KindCreate, "create", "creates a "+a.kind+" `"+a.name+"`", g.author(a.name, a.class, a.kind), nil)
		g.tick()
	}
}

func (g *generator) author(name, class, kind string) *thing {
	t := g.thing("identity", "identity--"+g.uuid(), kind)
	t.root["name"], t.root["identity_class"] = name, class
	g.authors = append(g.authors, t.id)
	return t
}

// thing begins an object.
func (g *generator) thing(stixType, id, entityType string) *thing {
	date := g.platformDate()
	t := &thing{
		key: g.uuid(), id: id,
		root: map[string]any{"id": id, "type": stixType, "spec_version": "2.1", "created": date, "modified": date},
	}
	t.octi = map[string]any{
		"extension_type": "property-extension", "id": t.key, "type": entityType,
		"created_at": date, "updated_at": date, "is_inferred": false,
	}
	return t
}

func (t *thing) data() map[string]any {
	extensions := map[string]any{stix.ExtensionOCTI: t.octi}
	if t.sco != nil {
		extensions[stix.ExtensionSCO] = t.sco
	}
	out := make(map[string]any, len(t.root)+1)
	for k, v := range t.root {
		out[k] = v
	}
	out["extensions"] = extensions
	return out
}

func (g *generator) emit(name, kind, message string, t *thing, context map[string]any) {
	envelope := map[string]any{
		"version": "4", "type": kind, "scope": "external", "message": message,
		"origin": map[string]any{"socket": "query", "user_id": "88ec0c6a-13ce-4e39-b486-354fe4a7084f"},
		"data":   t.data(), "event_id": g.now.String(),
	}
	if context != nil {
		envelope["context"] = context
	}
	g.append(name, envelope)
}

// dependency announces an object with the id of the event that comes next.
func (g *generator) dependency(t *thing) {
	g.append(sync.KindCreate, map[string]any{
		"version": "4", "data": t.data(), "message": "creates a `" + t.id + "`", "origin": map[string]any{"referer": "init-dependencies"},
	})
}

func (g *generator) append(name string, envelope map[string]any) {
	b, err := json.Marshal(envelope, json.Deterministic(true))
	if err != nil {
		panic("openctitest: " + err.Error()) // texts and numbers always can be written
	}
	g.events = append(g.events, Event{Position: g.now, Name: name, Data: b})
}

func (g *generator) create(t *thing) {
	g.living = append(g.living, t)
	g.emit(sync.KindCreate, "create", "creates a "+t.octi["type"].(string), t, nil)
}

func (g *generator) createWithAuthor() {
	a := g.author("Feed "+g.word(), "organization", "Organization")
	t := g.indicator()
	t.root["created_by_ref"] = a.id
	g.dependency(a)
	g.create(t)
}

// touch makes an update's context and sets the dates.
func (g *generator) touch(t *thing, changes map[string]any) map[string]any {
	changes["/extensions/"+stix.ExtensionOCTI+"/updated_at"] = t.octi["updated_at"]
	t.octi["updated_at"] = g.platformDate()
	if _, has := t.root["modified"]; has {
		changes["/modified"] = t.root["modified"]
		t.root["modified"] = g.platformDate()
	}
	var reverse []any
	for path, old := range changes {
		reverse = append(reverse, map[string]any{"op": "replace", "path": path, "value": old})
	}
	slices.SortFunc(reverse, func(a, b any) int {
		return compareText(a.(map[string]any)["path"].(string), b.(map[string]any)["path"].(string))
	})
	return map[string]any{"patch": []any{}, "reverse_patch": reverse, "related_restrictions": map[string]any{"markings": []any{}}, "pir_ids": []any{}}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rescore is what OpenCTI's decay does all the time.
func (g *generator) rescore(t *thing) {
	place, path := t.scorePlace()
	old := place["score"]
	place["score"] = g.rng.IntN(101)
	context := g.touch(t, map[string]any{path: old})
	g.emit(g.updateName(t), "update", fmt.Sprintf("replaces `%v` with `%v` in `Score`", old, place["score"]), t, context)
}

// scorePlace is where the score of an object sits.
func (t *thing) scorePlace() (map[string]any, string) {
	switch {
	case t.sco == nil:
		return t.octi, "/extensions/" + stix.ExtensionOCTI + "/score"
	case t.sco["extension_type"] == "new-sco":
		return t.root, "/score"
	}
	return t.sco, "/extensions/" + stix.ExtensionSCO + "/score"
}

// updateName is the event's name of an update: an object outside the filters comes in again.
func (g *generator) updateName(t *thing) string {
	if t.outside {
		t.outside = false
		return sync.KindCreate
	}
	return sync.KindUpdate
}

// revise revokes an indicator, or changes the value of an observable and with it the STIX id.
func (g *generator) revise(t *thing) {
	if t.sco == nil {
		old := t.root["revoked"]
		t.root["revoked"], t.octi["detection"] = true, false
		context := g.touch(t, map[string]any{"/revoked": old})
		g.emit(g.updateName(t), "update", "replaces `false` with `true` in `Revoked`", t, context)
		return
	}
	old := t.id
	t.id = t.root["type"].(string) + "--" + g.uuid()
	t.root["id"], t.octi["stix_ids"] = t.id, []string{old}
	context := g.touch(t, map[string]any{"/id": old})
	g.emit(g.updateName(t), "update", "changes an identifying property", t, context)
}

// leave takes the object out of the stream's filters: a delete that holds an update.
func (g *generator) leave(t *thing) {
	if t.outside {
		g.rescore(t)
		return
	}
	t.outside = true
	g.emit(sync.KindDelete, "update", "removes `detect` in `Label`", t, g.touch(t, map[string]any{}))
}

// announceAgain creates what is known, as when a marking change gives access anew.
func (g *generator) announceAgain(t *thing) {
	t.outside = false
	g.emit(sync.KindCreate, "update", "changes `Marking definitions`", t, g.touch(t, map[string]any{}))
}

func (g *generator) forget(t *thing) {
	i := slices.Index(g.living, t)
	g.living[i] = g.living[len(g.living)-1]
	g.living = g.living[:len(g.living)-1]
}

func (g *generator) remove(t *thing) {
	g.forget(t)
	if t.outside { // nobody is told
		g.create(g.observable())
		return
	}
	g.emit(sync.KindDelete, "delete", "deletes a "+t.octi["type"].(string), t, nil)
}

// merge merges one or two objects of the same type into another.
func (g *generator) merge(t *thing) {
	var sources []any
	for _, other := range slices.Clone(g.living) {
		if other != t && other.root["type"] == t.root["type"] && len(sources) < 1+g.rng.IntN(2) {
			sources = append(sources, other.data())
			g.forget(other)
		}
	}
	if len(sources) == 0 {
		g.rescore(t)
		return
	}
	t.outside = false
	context := g.touch(t, map[string]any{})
	context["sources"] = sources
	g.emit(sync.KindMerge, "merge", "merges into "+t.id, t, context)
}
