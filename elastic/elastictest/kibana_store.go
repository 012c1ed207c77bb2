package elastictest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// kibanaSpace holds the rules and lists of one space: as they are, and as a
// search sees them.
type kibanaSpace struct {
	rules   map[string]*storedRule // by id: what a get finds
	indexed map[string]*storedRule // by id: what a search finds
	byRule  map[string][]string    // indexed: rule_id to ids, in the order of creation
	inOrder []*storedRule          // indexed, oldest first; nil when it is to be made anew
	dirty   []dirtyRule
	lists   []map[string]any
	items   []map[string]any
}

// storedRule is one version of a rule; versions are never changed in place.
type storedRule struct {
	seq   int
	props map[string]any
}

type dirtyRule struct {
	id   string
	at   int // the request that wrote it
	time time.Time
}

func newKibanaSpace() *kibanaSpace {
	return &kibanaSpace{
		rules: make(map[string]*storedRule), indexed: make(map[string]*storedRule), byRule: make(map[string][]string),
	}
}

// refresh shows the writes of requests before that one, up to that time, to searches.
func (s *kibanaSpace) refresh(request int, until time.Time) {
	n := 0
	for _, d := range s.dirty {
		if d.at >= request || d.time.After(until) {
			break
		}
		s.show(d.id)
		n++
	}
	s.dirty = s.dirty[n:]
}

func (s *kibanaSpace) show(id string) {
	s.inOrder = nil
	if old := s.indexed[id]; old != nil {
		ruleID, _ := old.props["rule_id"].(string)
		if ids := slices.DeleteFunc(s.byRule[ruleID], func(have string) bool { return have == id }); len(ids) > 0 {
			s.byRule[ruleID] = ids
		} else {
			delete(s.byRule, ruleID)
		}
		delete(s.indexed, id)
	}
	r := s.rules[id]
	if r == nil {
		return
	}
	s.indexed[id] = r
	ruleID, _ := r.props["rule_id"].(string)
	ids := append(s.byRule[ruleID], id)
	slices.SortFunc(ids, func(a, b string) int { return s.indexed[a].seq - s.indexed[b].seq })
	s.byRule[ruleID] = ids
}

// search finds the first rule of that rule_id that is searchable, or nil.
func (s *kibanaSpace) search(ruleID string) *storedRule {
	if ids := s.byRule[ruleID]; len(ids) > 0 {
		return s.indexed[ids[0]]
	}
	return nil
}

// put keeps a new version of a rule; a nil version deletes it.
func (k *Kibana) put(s *kibanaSpace, id string, r *storedRule) {
	if r == nil {
		delete(s.rules, id)
	} else {
		s.rules[id] = r
	}
	if k.opts.RefreshAfter == 0 && k.opts.RefreshInterval == 0 {
		s.show(id)
		return
	}
	s.dirty = append(s.dirty, dirtyRule{id: id, at: k.count, time: time.Now()})
}

// insert keeps a new rule with an id of Kibana's choice.
func (k *Kibana) insert(s *kibanaSpace, props map[string]any) map[string]any {
	k.serial++
	if ruleID, _ := props["rule_id"].(string); ruleID == "" {
		props["rule_id"] = k.newID()
	}
	now := k.now()
	props["id"] = k.newID()
	props["created_at"], props["updated_at"] = now, now
	props["created_by"], props["updated_by"] = "elastic", "elastic"
	props["revision"] = 0
	props["immutable"] = false
	props["rule_source"] = map[string]any{"type": "internal"}
	k.put(s, props["id"].(string), &storedRule{seq: k.serial, props: props})
	return props
}

// replace keeps a new version of a known rule. The answer-only fields stay; the
// revision grows when anything but enabled has changed.
func (k *Kibana) replace(s *kibanaSpace, old *storedRule, props map[string]any) map[string]any {
	k.serial++
	for _, name := range answerFields {
		if v, ok := old.props[name]; ok {
			props[name] = v
		}
	}
	if contentOf(props) != contentOf(old.props) {
		revision, _ := asInt(old.props["revision"])
		props["revision"] = revision + 1
	}
	props["updated_at"] = k.now()
	k.put(s, props["id"].(string), &storedRule{seq: old.seq, props: props})
	return props
}

// answerFields are set by Kibana alone.
var answerFields = [...]string{"id", "rule_id", "created_at", "created_by", "updated_at", "updated_by", "revision", "immutable", "rule_source"}

func contentOf(props map[string]any) string {
	c := maps.Clone(props)
	for _, name := range answerFields {
		delete(c, name)
	}
	delete(c, "enabled")
	b, _ := json.Marshal(c)
	return string(b)
}

// now is a clock that grows by a millisecond with every write, so that runs repeat.
func (k *Kibana) now() string {
	return time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC).Add(time.Duration(k.serial) * time.Millisecond).Format("2006-01-02T15:04:05.000Z")
}

func (k *Kibana) newID() string {
	k.serial++
	h := sha256.Sum256(fmt.Appendf(nil, "kibana %d", k.serial))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// Rules gives the rules of a space ("" is the default one) as they are, oldest first.
func (k *Kibana) Rules(space string) []map[string]any {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []*storedRule
	for _, r := range k.spaceOf(space).rules {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *storedRule) int { return a.seq - b.seq })
	out := make([]map[string]any, len(all))
	for i, r := range all {
		out[i] = deepCopy(r.props)
	}
	return out
}

// Count tells how many rules there are in a space.
func (k *Kibana) Count(space string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.spaceOf(space).rules)
}

// Edit changes rules of that rule_id as a person does through the API, a bulk
// edit or the switch of the list: nothing else changes. It tells how many there were.
func (k *Kibana) Edit(space, ruleID string, edit func(rule map[string]any)) int {
	return k.edit(space, ruleID, edit, false)
}

// SaveInUI changes rules of that rule_id as a person does in the rule form,
// which overwrites meta.
func (k *Kibana) SaveInUI(space, ruleID string, edit func(rule map[string]any)) int {
	return k.edit(space, ruleID, edit, true)
}

func (k *Kibana) edit(space, ruleID string, edit func(rule map[string]any), ui bool) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, n := k.spaceOf(space), 0
	for id, r := range maps.Clone(s.rules) {
		if r.props["rule_id"] != ruleID {
			continue
		}
		props := deepCopy(r.props)
		if ui {
			props["meta"] = map[string]any{"from": "1m", "kibana_siem_app_url": k.URL + "/app/security"}
		}
		edit(props)
		k.replace(s, r, props)
		s.show(id)
		n++
	}
	return n
}

// Remove deletes rules of that rule_id as a person does, and tells how many there were.
func (k *Kibana) Remove(space, ruleID string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, n := k.spaceOf(space), 0
	for id, r := range maps.Clone(s.rules) {
		if r.props["rule_id"] == ruleID {
			k.put(s, id, nil)
			s.show(id)
			n++
		}
	}
	return n
}

// Seed stores a rule as it is, with no check but defaults, such as a prebuilt
// one or another program's, and gives its id.
func (k *Kibana) Seed(space string, rule map[string]any) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.spaceOf(space)
	props := withDefaults(deepCopy(rule))
	given := maps.Clone(props)
	k.insert(s, props)
	for _, name := range [...]string{"immutable", "rule_source", "created_by"} {
		if v, ok := given[name]; ok {
			props[name] = v
		}
	}
	id := props["id"].(string)
	s.show(id)
	return id
}

func (k *Kibana) spaceOf(space string) *kibanaSpace {
	if space == "" {
		space = "default"
	}
	if s := k.spaces[space]; s != nil {
		return s
	}
	return newKibanaSpace()
}

func deepCopy(m map[string]any) map[string]any {
	b, err := json.Marshal(m)
	if err != nil {
		return map[string]any{}
	}
	out := make(map[string]any)
	_ = json.Unmarshal(b, &out)
	return out
}

func asInt(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case float64:
		return int(n), n == float64(int(n))
	}
	return 0, false
}
