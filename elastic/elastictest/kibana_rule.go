package elastictest

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// ruleSchemas gives the schema of each type of rule.
func ruleSchemas() map[string]props {
	out := make(map[string]props)
	for kind, t := range ruleTypes() {
		out[kind] = props{
			fields:   merged(commonFields(), t.fields),
			required: append([]string{"name", "description", "risk_score", "severity"}, t.required...),
		}
	}
	return out
}

func commonFields() map[string]check {
	texts := list(text, 0, 0)
	named := map[string]check{"id": text, "name": text, "reference": text}
	threeOf := []string{"id", "name", "reference"}
	sub := props{fields: named, required: threeOf}
	technique := props{fields: merged(named, map[string]check{"subtechnique": list(sub.check, 0, 0)}), required: threeOf}
	threat := props{required: []string{"framework", "tactic"}, fields: map[string]check{
		"framework": text, "tactic": props{fields: named, required: threeOf}.check, "technique": list(technique.check, 0, 0),
	}}
	exception := props{required: []string{"id", "list_id", "type", "namespace_type"}, fields: map[string]check{
		"id": nonEmpty, "list_id": nonEmpty, "namespace_type": oneOf("single", "agnostic"),
		"type": oneOf("detection", "rule_default", "endpoint", "endpoint_trusted_apps", "endpoint_events",
			"endpoint_host_isolation_exceptions", "endpoint_blocklists", "endpoint_trusted_devices"),
	}}
	action := props{required: []string{"id", "action_type_id", "params"}, fields: map[string]check{
		"id": text, "action_type_id": text, "params": object, "group": text, "uuid": nonEmpty, "frequency": object, "alerts_filter": object,
	}}
	mapping := props{required: []string{"field", "operator", "value"}, fields: map[string]check{
		"field": text, "operator": oneOf("equals"), "value": text, "risk_score": integer(0, 100),
		"severity": oneOf("low", "medium", "high", "critical"),
	}}
	return map[string]check{
		"type": text, "name": nonEmpty, "description": nonEmpty, "risk_score": integer(0, 100),
		"severity": oneOf("low", "medium", "high", "critical"),
		"rule_id":  text, "id": text, "enabled": boolean,
		"interval": matching(reInterval, "interval"), "from": matching(reDateMath, "date-math"), "to": matching(reDateMath, "date-math"),
		"tags": texts, "author": texts, "references": texts, "false_positives": texts,
		"license": text, "note": text, "setup": text, "threat": list(threat.check, 0, 0),
		"max_signals": integer(1, math.MaxInt32), "version": integer(1, math.MaxInt32),
		"timestamp_override": text, "timestamp_override_fallback_disabled": boolean,
		"investigation_fields": props{fields: map[string]check{"field_names": list(nonEmpty, 1, 0)}, required: []string{"field_names"}}.check,
		"exceptions_list":      list(exception.check, 0, 0), "actions": list(action.check, 0, 0),
		"severity_mapping": list(mapping.check, 0, 0), "risk_score_mapping": list(mapping.check, 0, 0),
		"rule_name_override": text, "building_block_type": text,
		"related_integrations": list(props{fields: map[string]check{"package": nonEmpty, "version": nonEmpty, "integration": nonEmpty}, required: []string{"package", "version"}}.check, 0, 0),
		"required_fields":      list(props{fields: map[string]check{"name": nonEmpty, "type": nonEmpty}, required: []string{"name", "type"}}.check, 0, 0),
		"response_actions":     list(object, 0, 0), "meta": object, "timeline_id": text, "timeline_title": text,
		"output_index": text, "namespace": text, "throttle": anything,
	}
}

var (
	reInterval = regexp.MustCompile(`^[1-9][0-9]*[smh]$`)
	reDateMath = regexp.MustCompile(`^(now([+-][0-9]+[yMwdhHms])*(/[yMwdhHms])?|[0-9]{4}-[0-9]{2}-[0-9]{2}.*)$`)
)

func merged(a, b map[string]check) map[string]check {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func ruleTypes() map[string]props {
	duration := props{required: []string{"value", "unit"}, fields: map[string]check{"value": integer(1, math.MaxInt32), "unit": oneOf("s", "m", "h")}}
	suppression := props{required: []string{"group_by"}, fields: map[string]check{
		"group_by": list(text, 1, 3), "duration": duration.check, "missing_fields_strategy": oneOf("doNotSuppress", "suppress"),
	}}.check
	where := map[string]check{"index": list(text, 0, 0), "data_view_id": text, "filters": list(anything, 0, 0)}
	kql := oneOf("kuery", "lucene")
	queried := merged(where, map[string]check{"query": text, "language": kql, "saved_id": text, "alert_suppression": suppression})
	entry := props{required: []string{"field", "type", "value"}, fields: map[string]check{
		"field": nonEmpty, "type": oneOf("mapping"), "value": nonEmpty, "negate": boolean,
	}}
	mapping := props{required: []string{"entries"}, fields: map[string]check{"entries": list(entry.check, 0, 0)}}
	cardinality := props{required: []string{"field", "value"}, fields: map[string]check{"field": text, "value": integer(0, math.MaxInt32)}}
	threshold := props{required: []string{"field", "value"}, fields: map[string]check{
		"field": either(text, list(text, 0, 5)), "value": integer(1, math.MaxInt32), "cardinality": list(cardinality.check, 0, 0),
	}}
	return map[string]props{
		"query":       {fields: queried},
		"saved_query": {fields: queried, required: []string{"saved_id"}},
		"eql": {required: []string{"query", "language"}, fields: merged(where, map[string]check{
			"query": text, "language": oneOf("eql"), "event_category_override": text, "tiebreaker_field": text, "timestamp_field": text, "alert_suppression": suppression,
		})},
		"esql": {required: []string{"query", "language"}, fields: map[string]check{"query": text, "language": oneOf("esql"), "alert_suppression": suppression}},
		"threat_match": {required: []string{"query", "threat_query", "threat_mapping", "threat_index"}, fields: merged(queried, map[string]check{
			"threat_query": text, "threat_mapping": list(mapping.check, 1, 0), "threat_index": list(text, 0, 0), "threat_filters": list(anything, 0, 0),
			"threat_language": kql, "threat_indicator_path": text,
			"concurrent_searches": integer(1, math.MaxInt32), "items_per_search": integer(1, math.MaxInt32),
		})},
		"threshold": {required: []string{"query", "threshold"}, fields: merged(queried, map[string]check{
			"threshold":         threshold.check,
			"alert_suppression": props{required: []string{"duration"}, fields: map[string]check{"duration": duration.check}}.check,
		})},
		"new_terms": {required: []string{"query", "new_terms_fields", "history_window_start"}, fields: merged(queried, map[string]check{
			"new_terms_fields": list(text, 1, 3), "history_window_start": nonEmpty,
		})},
	}
}

// readRule checks a rule as it is created or replaced, drops what is unknown and
// adds what is absent. A nil fault means that it is good.
func (k *Kibana) readRule(in map[string]any, create bool) (map[string]any, *reply) {
	kind, _ := in["type"].(string)
	schema, ok := k.schemas[kind]
	if !ok {
		return nil, badRequest(fmt.Sprintf("type: Invalid discriminator value %q", kind))
	}
	v, faults := schema.check("", in)
	if len(faults) > 0 {
		return nil, badRequest(strings.Join(faults, ", "))
	}
	rule := v.(map[string]any)
	if faults := crossChecks(rule, create); len(faults) > 0 {
		return nil, badRequest(strings.Join(faults, ", "))
	}
	if _, ok := rule["alert_suppression"]; ok && k.opts.BasicLicence {
		a := engineError(403, "Alert suppression is enabled with platinum license or above.")
		return nil, &a
	}
	if k.refuse != nil {
		if status, message := k.refuse(deepCopy(rule)); status != 0 {
			a := engineError(status, "%s", message)
			return nil, &a
		}
	}
	return rule, nil
}

func badRequest(message string) *reply {
	a := platformError(400, "[request body]: %s", message)
	return &a
}

func crossChecks(rule map[string]any, create bool) []string {
	var faults []string
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	id, hasID := rule["timeline_id"].(string)
	title, hasTitle := rule["timeline_title"].(string)
	switch {
	case hasID != hasTitle:
		say("when %q exists, %q must also exist", "timeline_id", "timeline_title")
	case hasID && (id == "" || title == ""):
		say("%q and %q cannot be empty", "timeline_id", "timeline_title")
	}
	if rule["type"] == "threat_match" && create {
		_, a := rule["concurrent_searches"]
		_, b := rule["items_per_search"]
		if a != b {
			say("when %q exists, %q must also exist", "concurrent_searches", "items_per_search")
		}
	}
	if t, ok := rule["threshold"].(map[string]any); ok {
		if fields, ok := t["field"].([]any); ok && len(fields) > 5 {
			say("number of fields must be 5 or less")
		}
	}
	defaults := 0
	exceptions, _ := rule["exceptions_list"].([]any)
	for _, e := range exceptions {
		if m, _ := e.(map[string]any); m["type"] == "rule_default" {
			defaults++
		}
	}
	if defaults > 1 {
		say("More than one default exception list found on rule")
	}
	return faults
}

// withDefaults adds what Kibana adds to a rule.
func withDefaults(rule map[string]any) map[string]any {
	for name, v := range map[string]any{
		"enabled": false, "interval": "5m", "from": "now-6m", "to": "now", "max_signals": 100.0, "version": 1.0, "setup": "",
	} {
		if _, ok := rule[name]; !ok {
			rule[name] = v
		}
	}
	for _, name := range [...]string{
		"actions", "author", "exceptions_list", "false_positives", "references", "related_integrations",
		"required_fields", "risk_score_mapping", "severity_mapping", "tags", "threat",
	} {
		if _, ok := rule[name]; !ok {
			rule[name] = []any{}
		}
	}
	fields, _ := rule["required_fields"].([]any)
	for _, f := range fields {
		if m, ok := f.(map[string]any); ok {
			m["ecs"] = true
		}
	}
	kind, _ := rule["type"].(string)
	if _, ok := rule["language"]; !ok && kind != "" {
		rule["language"] = "kuery" // eql and esql can't leave it out
	}
	if _, ok := rule["query"]; !ok && kind == "query" {
		rule["query"] = ""
	}
	if s, ok := rule["alert_suppression"].(map[string]any); ok && kind != "threshold" {
		if _, ok := s["missing_fields_strategy"]; !ok {
			s["missing_fields_strategy"] = "suppress"
		}
	}
	if threshold, ok := rule["threshold"].(map[string]any); ok {
		if f, ok := threshold["field"].(string); ok {
			threshold["field"] = []any{f}
			if f == "" {
				threshold["field"] = []any{}
			}
		}
	}
	return rule
}

// spanTooShort is the check of the newest 9.x: to − from must not be below the interval.
func (k *Kibana) spanTooShort(rule map[string]any) bool {
	major, _, _ := strings.Cut(k.opts.Version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 9 {
		return false
	}
	from, okFrom := backFromNow(rule["from"])
	to, okTo := backFromNow(rule["to"])
	interval, okInterval := seconds(strings.TrimPrefix(fmt.Sprint(rule["interval"]), "-"))
	return okFrom && okTo && okInterval && from-to < interval
}

func backFromNow(v any) (int, bool) {
	s, _ := v.(string)
	if s == "now" {
		return 0, true
	}
	rest, ok := strings.CutPrefix(s, "now-")
	if !ok {
		return 0, false
	}
	return seconds(rest)
}

func seconds(s string) (int, bool) {
	if len(s) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	unit, ok := map[byte]int{'s': 1, 'm': 60, 'h': 3600, 'd': 86400}[s[len(s)-1]]
	return n * unit, err == nil && ok
}
