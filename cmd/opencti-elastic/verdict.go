package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// verdict is how the target compares with the fold of the stream.
type verdict struct {
	faults           []string
	documents, rules int
	noDocument       tally
	noRule           tally
	samples          []string // pretty documents of different types
}

// judge maps the objects that live after the stream and compares each with what the servers hold.
func (s *stage) judge(history []openctitest.Event) verdict {
	v := verdict{noDocument: tally{}, noRule: tally{}}
	live := s.opencti.Live()
	refs := opencti.NewReferences(0)
	for _, e := range history {
		if env, err := stix.DecodeEnvelope(e.Data); err == nil {
			refs.Learn(env.Object)
		}
	}
	builder, err := newBuilder(s.config, refs)
	if err != nil {
		v.faults = append(v.faults, err.Error())
		return v
	}
	mapper, err := newMapper(s.config, refs)
	if err != nil {
		v.faults = append(v.faults, err.Error())
		return v
	}
	documents := s.elasticsearch.Documents(s.config.Elastic.IndexName)
	found := make(map[string]int)
	for _, r := range s.kibana.Rules("") {
		id, _ := r["rule_id"].(string)
		found[id]++
	}
	v.documents, v.rules = len(documents), len(found)
	seen := make(map[string]bool)
	for _, key := range slices.Sorted(maps.Keys(live)) {
		object := live[key].Object
		v.document(key, object, mapper, documents[key].Source, seen)
		delete(documents, key)
		v.rule(key, object, builder, found)
	}
	for key := range documents {
		v.faults = append(v.faults, key+": a document of nothing that lives")
	}
	for _, r := range builder.Managed() {
		if n := found[r.Base().RuleID]; n != 1 {
			v.faults = append(v.faults, fmt.Sprintf("%s: %d match rules, want one", r.Base().RuleID, n))
		}
		delete(found, r.Base().RuleID)
	}
	for id := range found {
		v.faults = append(v.faults, id+": a rule of nothing that lives")
	}
	return v
}

func (v *verdict) document(key string, o *stix.Object, mapper *ecs.Mapper, got []byte, seen map[string]bool) {
	want, err := mapper.Map(o)
	if err != nil || want.Revoked || want.Expired {
		if err != nil {
			v.noDocument.add(err.Error())
		} else {
			v.noDocument.add("revoked or expired")
		}
		if got != nil {
			v.faults = append(v.faults, key+": a document that should not be")
		}
		return
	}
	if got == nil {
		v.faults = append(v.faults, key+": no document")
		return
	}
	wantJSON, err := want.AppendJSON(nil)
	if err != nil {
		v.faults = append(v.faults, key+": "+err.Error())
		return
	}
	if !sameDocument(wantJSON, got) {
		v.faults = append(v.faults, key+": the document is not what the stream said last")
	}
	if kind := o.Type; !seen[kind] && len(v.samples) < 3 && (kind == "indicator" || kind == "file" || kind == "url") {
		seen[kind] = true
		var pretty bytes.Buffer
		if json.Indent(&pretty, got, "", "  ") == nil {
			v.samples = append(v.samples, pretty.String())
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
	p, err1 := json.Marshal(x)
	q, err2 := json.Marshal(y)
	return err1 == nil && err2 == nil && bytes.Equal(p, q)
}

func validUntil(ours map[string]any) string {
	indicator, _ := ours["indicator"].(map[string]any)
	s, _ := indicator["valid_until"].(string)
	return s
}

func (v *verdict) rule(key string, o *stix.Object, builder *rules.Builder, found map[string]int) {
	if o.Type != "indicator" {
		return
	}
	id := rules.RuleID(key)
	n := found[id]
	delete(found, id)
	err := builder.Check(o)
	switch {
	case err != nil && n > 0:
		v.faults = append(v.faults, key+": a rule that should not be")
	case err == nil && n != 1:
		v.faults = append(v.faults, fmt.Sprintf("%s: %d rules, want one", key, n))
	}
	if none, ok := errors.AsType[*rules.NoRuleError](err); ok && none.Gone() {
		v.noRule.add("revoked or expired")
	} else if err != nil {
		v.noRule.add(builder.Reason(o))
	}
}

func (d *demo) summary(w io.Writer, events int, took time.Duration, v verdict) {
	requests := 0
	for _, n := range d.elasticsearch.Stats().Requests {
		requests += n
	}
	fmt.Fprintf(w, "\n%d events in %.1f s (%.0f/s)\n%d documents, %d rules\n%d requests to Elasticsearch, %d to Kibana\n",
		events, took.Seconds(), float64(events)/took.Seconds(), v.documents, v.rules, requests, len(d.kibana.Requests()))
	top(w, "objects without a document", v.noDocument)
	top(w, "indicators without a rule", v.noRule)
	for _, s := range v.samples {
		fmt.Fprintf(w, "\n%s\n", s)
	}
	if len(v.faults) == 0 {
		fmt.Fprintln(w, "\nThe target equals what the stream said.")
		return
	}
	slices.Sort(v.faults)
	fmt.Fprintln(w, "\nThe target differs from what the stream said:")
	for _, f := range v.faults[:min(len(v.faults), 20)] {
		fmt.Fprintln(w, "  "+f)
	}
}

// top prints the most frequent reasons.
func top(w io.Writer, what string, t tally) {
	keys := slices.SortedFunc(maps.Keys(t), func(a, b string) int { return cmp.Or(t[b]-t[a], cmp.Compare(a, b)) })
	for i, k := range keys {
		if i == 8 {
			fmt.Fprintf(w, "  … and %d more reasons\n", len(keys)-i)
			break
		}
		if i == 0 {
			fmt.Fprintf(w, "\n%s:\n", what)
		}
		fmt.Fprintf(w, "  %5d × %s\n", t[k], k)
	}
}
