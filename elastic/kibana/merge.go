package kibana

import (
	"bytes"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/rules"
)

// answerOnly are the fields that only Kibana sets.
func answerOnly() []string {
	return []string{
		"id", "created_at", "created_by", "updated_at", "updated_by", "revision", "immutable", "rule_source",
		"execution_summary", "outcome", "alias_target_id", "alias_purpose",
	}
}

// writable is a rule's fields without those that only Kibana sets, and without
// nulls, which it gives and doesn't take.
func writable(fields map[string]jsontext.Value) map[string]jsontext.Value {
	out := maps.Clone(fields)
	for _, name := range answerOnly() {
		delete(out, name)
	}
	for name, v := range out {
		if v.Kind() == 'n' {
			delete(out, name)
		}
	}
	return out
}

// mergeRule puts what we made over what Kibana holds, so that nothing of a
// person's is lost: Kibana empties every field that is left out.
//
//   - what says what OpenCTI says (name, query, …) is ours, whoever changed it;
//   - what a person may tune (interval, enabled, …) is ours only while it is as we wrote it last;
//   - tags of ours are replaced, others stay; so does the note below the marker;
//   - all else (exceptions, actions, timeline, …) stays as it is.
func mergeRule(made map[string]jsontext.Value, current *Rule) map[string]jsontext.Value {
	out := writable(current.Fields)
	meta, ours := rules.ReadMeta(current.Fields["meta"])
	for _, name := range rules.ContentFields() {
		replaceField(out, name, made)
	}
	still := func(name string) bool {
		if !ours { // the rule form has overwritten meta: then whatever isn't as we make it is a person's
			return sameJSON(current.Fields[name], made[name])
		}
		return sameJSON(current.Fields[name], meta.Written[name])
	}
	// A schedule is one thing: Kibana refuses a look-back that is shorter than the interval.
	schedule := still("interval") && still("from") && still("to")
	// So is where a rule looks: of both, Kibana goes by the data view.
	source := still("index") && still("data_view_id")
	for _, name := range rules.TunedFields() {
		switch name {
		case "interval", "from", "to":
			if schedule {
				replaceField(out, name, made)
			}
		case "index", "data_view_id":
			if source {
				replaceField(out, name, made)
			}
		default:
			if still(name) {
				replaceField(out, name, made)
			}
		}
	}
	out["rule_id"] = made["rule_id"]
	out["tags"] = mergeTags(made["tags"], current.Fields["tags"], meta.Written["tags"])
	out["note"] = mergeNote(made["note"], current.Fields["note"])
	out["meta"] = mergeMeta(made["meta"], current.Fields["meta"])
	return out
}

func replaceField(out map[string]jsontext.Value, name string, made map[string]jsontext.Value) {
	if v, ok := made[name]; ok {
		out[name] = v
	} else {
		delete(out, name)
	}
}

// sameJSON compares values by what they say; null and absent are the same.
func sameJSON(a, b jsontext.Value) bool { return bytes.Equal(canonical(a), canonical(b)) }

func canonical(v jsontext.Value) []byte {
	if len(v) == 0 || v.Kind() == 'n' {
		return nil
	}
	c := v.Clone()
	if c.Canonicalize() != nil {
		return v
	}
	return c
}

func mergeTags(made, current, wrote jsontext.Value) jsontext.Value {
	out := texts(made)
	last := texts(wrote)
	for _, t := range texts(current) {
		if !slices.Contains(out, t) && !slices.Contains(last, t) {
			out = append(out, t)
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return made
	}
	return b
}

func texts(v jsontext.Value) []string {
	var out []string
	_ = json.Unmarshal(v, &out)
	return out
}

func mergeNote(made, current jsontext.Value) jsontext.Value {
	var ours, theirs string
	if json.Unmarshal(made, &ours) != nil {
		return current
	}
	_ = json.Unmarshal(current, &theirs)
	b, err := json.Marshal(rules.MergeNote(ours, theirs))
	if err != nil {
		return made
	}
	return b
}

// mergeMeta keeps what others have put beside ours.
func mergeMeta(made, current jsontext.Value) jsontext.Value {
	out, ours := make(map[string]jsontext.Value), make(map[string]jsontext.Value)
	_ = json.Unmarshal(current, &out)
	if json.Unmarshal(made, &ours) != nil {
		return made
	}
	for _, name := range rules.MetaFields() {
		delete(out, name)
	}
	maps.Copy(out, ours)
	b, err := json.Marshal(out, json.Deterministic(true))
	if err != nil {
		return made
	}
	return b
}

// withoutSuppression takes alert suppression out, for licences that refuse it, so that it isn't
// taken for a person's doing later.
func withoutSuppression(fields map[string]jsontext.Value) map[string]jsontext.Value {
	if _, ok := fields["alert_suppression"]; !ok {
		return fields
	}
	out := maps.Clone(fields)
	delete(out, "alert_suppression")
	meta := make(map[string]jsontext.Value)
	written := make(map[string]jsontext.Value)
	if json.Unmarshal(out["meta"], &meta) == nil && json.Unmarshal(meta["written"], &written) == nil {
		delete(written, "alert_suppression")
		if b, err := json.Marshal(written, json.Deterministic(true)); err == nil {
			meta["written"] = b
		}
		if b, err := json.Marshal(meta, json.Deterministic(true)); err == nil {
			out["meta"] = b
		}
	}
	return out
}

// switchedOff is a rule of ours as it is, but disabled by us.
func switchedOff(current *Rule) (map[string]jsontext.Value, error) {
	out := writable(current.Fields)
	meta, ours := rules.ReadMeta(current.Fields["meta"])
	if !ours {
		meta = rules.Meta{ManagedBy: rules.ManagedBy, Origin: rules.FromIndicator}
	}
	meta.Fingerprint = "switched off"
	meta.Written = maps.Clone(meta.Written)
	if meta.Written == nil {
		meta.Written = make(map[string]jsontext.Value)
	}
	out["enabled"], meta.Written["enabled"] = jsontext.Value("false"), jsontext.Value("false")
	b, err := json.Marshal(meta, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	out["meta"] = mergeMeta(b, current.Fields["meta"])
	return out, nil
}
