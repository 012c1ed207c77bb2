// Package verdict compares what servers for tests hold with what an OpenCTI stream said last.
package verdict

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Target is the servers between which a connector ran, and what makes documents and rules as it did.
type Target struct {
	OpenCTI       *openctitest.Server
	Elasticsearch *elastictest.Elasticsearch
	Kibana        *elastictest.Kibana
	// Index is the name of the index of the documents.
	Index string
	// KeepRevoked says that revoked and expired objects keep their documents, and their rules switched off.
	KeepRevoked bool
	Mapper      *ecs.Mapper
	Builder     *rules.Builder
}

// Verdict is how a target compares with the fold of the stream.
type Verdict struct {
	// Faults names each difference.
	Faults           []string
	Documents, Rules int
	// NoDocument and NoRule count the reasons of the objects and indicators that have none.
	NoDocument, NoRule map[string]int
	// Samples are some documents of different types, for people.
	Samples []string
}

// Learn has references learn the names of all authors and markings of a history. The mapper and the
// builder of a [Target] must know them.
func Learn(refs *opencti.References, history []openctitest.Event) {
	for _, e := range history {
		if env, err := stix.DecodeEnvelope(e.Data); err == nil {
			refs.Learn(env.Object)
		}
	}
}

// Judge maps the objects that live after the stream and compares each with what the servers hold.
func (t Target) Judge() Verdict {
	v := Verdict{NoDocument: map[string]int{}, NoRule: map[string]int{}}
	live := t.OpenCTI.Live()
	documents := t.Elasticsearch.Documents(t.Index)
	found := make(map[string]int)
	for _, r := range t.Kibana.Rules("") {
		id, _ := r["rule_id"].(string)
		found[id]++
	}
	v.Documents, v.Rules = len(documents), len(found)
	seen := make(map[string]bool)
	for _, key := range slices.Sorted(maps.Keys(live)) {
		object := live[key].Object
		t.document(&v, key, object, documents[key].Source, seen)
		delete(documents, key)
		t.rule(&v, key, object, found)
	}
	for key := range documents {
		v.Faults = append(v.Faults, key+": a document of nothing that lives")
	}
	for _, r := range t.Builder.Managed() {
		if n := found[r.Base().RuleID]; n != 1 {
			v.Faults = append(v.Faults, fmt.Sprintf("%s: %d match rules, want one", r.Base().RuleID, n))
		}
		delete(found, r.Base().RuleID)
	}
	for id := range found {
		v.Faults = append(v.Faults, id+": a rule of nothing that lives")
	}
	return v
}

func (t Target) document(v *Verdict, key string, o *stix.Object, got []byte, seen map[string]bool) {
	want, err := t.Mapper.Map(o)
	if err != nil || (want.Revoked || want.Expired) && !t.KeepRevoked {
		if err != nil {
			v.NoDocument[err.Error()]++
		} else {
			v.NoDocument["revoked or expired"]++
		}
		if got != nil {
			v.Faults = append(v.Faults, key+": a document that should not be")
		}
		return
	}
	if got == nil {
		v.Faults = append(v.Faults, key+": no document")
		return
	}
	wantJSON, err := want.AppendJSON(nil)
	if err != nil {
		v.Faults = append(v.Faults, key+": "+err.Error())
		return
	}
	if !sameDocument(wantJSON, got) {
		v.Faults = append(v.Faults, key+": the document is not what the stream said last")
	}
	if kind := o.Type; !seen[kind] && len(v.Samples) < 3 && (kind == "indicator" || kind == "file" || kind == "url") {
		seen[kind] = true
		var pretty bytes.Buffer
		if json.Indent(&pretty, got, "", "  ") == nil {
			v.Samples = append(v.Samples, pretty.String())
		}
	}
}

// sameDocument compares all but the fields that tell when the document was written.
func sameDocument(a, b []byte) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	for _, m := range []map[string]any{x, y} {
		delete(m, "@timestamp")
		if event, ok := m["event"].(map[string]any); ok {
			delete(event, "ingested")
		}
		if ours, ok := m["opencti"].(map[string]any); ok && validUntil(ours) == "" {
			delete(ours, "expires_at") // counted from the writing
		}
	}
	return reflect.DeepEqual(x, y)
}

func validUntil(ours map[string]any) string {
	indicator, _ := ours["indicator"].(map[string]any)
	s, _ := indicator["valid_until"].(string)
	return s
}

func (t Target) rule(v *Verdict, key string, o *stix.Object, found map[string]int) {
	if o.Type != "indicator" {
		return
	}
	id := t.Builder.RuleID(key)
	n := found[id]
	delete(found, id)
	err := t.Builder.Check(o)
	none, ok := errors.AsType[*rules.NoRuleError](err)
	gone := ok && none.Gone()
	switch {
	case gone && t.KeepRevoked && n == 1:
	case err != nil && n > 0:
		v.Faults = append(v.Faults, key+": a rule that should not be")
	case err == nil && n != 1:
		v.Faults = append(v.Faults, fmt.Sprintf("%s: %d rules, want one", key, n))
	}
	if gone {
		v.NoRule["revoked or expired"]++
	} else if err != nil {
		v.NoRule[t.Builder.Reason(o)]++
	}
}

// Print writes the verdict for people.
func (v Verdict) Print(w io.Writer) {
	fmt.Fprintf(w, "%d documents, %d rules\n", v.Documents, v.Rules)
	top(w, "objects without a document", v.NoDocument)
	top(w, "indicators without a rule", v.NoRule)
	for _, s := range v.Samples {
		fmt.Fprintf(w, "\n%s\n", s)
	}
	if len(v.Faults) == 0 {
		fmt.Fprintln(w, "\nThe target equals what the stream said.")
		return
	}
	slices.Sort(v.Faults)
	fmt.Fprintln(w, "\nThe target differs from what the stream said:")
	for _, f := range v.Faults[:min(len(v.Faults), 20)] {
		fmt.Fprintln(w, "  "+f)
	}
}

// top prints the most frequent reasons.
func top(w io.Writer, what string, counts map[string]int) {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	for i, k := range keys {
		if i == 8 {
			fmt.Fprintf(w, "  … and %d more reasons\n", len(keys)-i)
			break
		}
		if i == 0 {
			fmt.Fprintf(w, "\n%s:\n", what)
		}
		fmt.Fprintf(w, "  %5d × %s\n", counts[k], k)
	}
}
