package elastictest

import (
	"encoding/json"
	"maps"
	"net/http"
)

func (c *kibanaCall) object() (map[string]any, *reply) {
	var in map[string]any
	if err := json.Unmarshal(c.body, &in); err != nil || in == nil {
		return nil, badRequest("expected a plain object value")
	}
	return in, nil
}

// find gives the rule that the query or the body names by exactly one of id and rule_id.
func (c *kibanaCall) find(id, ruleID any) (*storedRule, *reply) {
	_, hasID := id.(string)
	_, hasRuleID := ruleID.(string)
	switch {
	case hasID && hasRuleID:
		a := engineError(400, "both %q and %q cannot exist, choose one or the other", "id", "rule_id")
		return nil, &a
	case !hasID && !hasRuleID:
		a := engineError(400, "either %q or %q must be set", "id", "rule_id")
		return nil, &a
	}
	if hasID {
		if r := c.space.rules[id.(string)]; r != nil {
			return r, nil
		}
		a := engineError(404, "id: %q not found", id)
		return nil, &a
	}
	if r := c.space.search(ruleID.(string)); r != nil {
		return r, nil
	}
	a := engineError(404, "rule_id: %q not found", ruleID)
	return nil, &a
}

func (c *kibanaCall) findByQuery() (*storedRule, *reply) {
	var id, ruleID any
	q := c.r.URL.Query()
	if q.Has("id") {
		id = q.Get("id")
	}
	if q.Has("rule_id") {
		ruleID = q.Get("rule_id")
	}
	return c.find(id, ruleID)
}

func createRule(c *kibanaCall) reply {
	in, fault := c.object()
	if fault != nil {
		return *fault
	}
	rule, fault := c.k.readRule(in, true)
	if fault != nil {
		return *fault
	}
	delete(rule, "id")
	if ruleID, ok := rule["rule_id"].(string); ok && c.space.search(ruleID) != nil {
		return engineError(http.StatusConflict, "rule_id: %q already exists", ruleID)
	}
	rule = withDefaults(rule)
	if c.k.spanTooShort(rule) {
		return *badRequest("from: the look-back must not be shorter than the interval")
	}
	return reply{status: 200, body: c.k.insert(c.space, rule)}
}

func getRule(c *kibanaCall) reply {
	r, fault := c.findByQuery()
	if fault != nil {
		return *fault
	}
	return reply{status: 200, body: r.props}
}

func putRule(c *kibanaCall) reply {
	in, fault := c.object()
	if fault != nil {
		return *fault
	}
	rule, fault := c.k.readRule(in, false)
	if fault != nil {
		return *fault
	}
	old, fault := c.find(in["id"], in["rule_id"])
	if fault != nil {
		return *fault
	}
	out, fault := c.overwrite(old, rule)
	if fault != nil {
		return *fault
	}
	return reply{status: 200, body: out}
}

// overwrite is what PUT and an overwriting import do: every field left out goes
// back to its default, but for enabled and version.
func (c *kibanaCall) overwrite(old *storedRule, rule map[string]any) (map[string]any, *reply) {
	if c.space.rules[old.props["id"].(string)] == nil {
		a := engineError(404, "Saved object [alert/%v] not found", old.props["id"]) // searchable still, but gone
		return nil, &a
	}
	if rule["type"] != old.props["type"] {
		a := engineError(400, "params invalid: the rule type can't be changed from %v to %v", old.props["type"], rule["type"])
		return nil, &a
	}
	for _, name := range [...]string{"enabled", "version"} {
		if _, ok := rule[name]; !ok {
			rule[name] = old.props[name]
		}
	}
	rule = withDefaults(rule)
	if c.k.spanTooShort(rule) {
		return nil, badRequest("from: the look-back must not be shorter than the interval")
	}
	return c.k.replace(c.space, old, rule), nil
}

func patchRule(c *kibanaCall) reply {
	in, fault := c.object()
	if fault != nil {
		return *fault
	}
	old, fault := c.find(in["id"], in["rule_id"])
	if fault != nil {
		return *fault
	}
	changed := deepCopy(old.props)
	for name, v := range in {
		if v != nil && name != "type" {
			changed[name] = v
		}
	}
	for _, name := range answerFields {
		if name != "rule_id" {
			delete(changed, name)
		}
	}
	rule, fault := c.k.readRule(changed, false)
	if fault != nil {
		return *fault
	}
	out, fault := c.overwrite(old, rule)
	if fault != nil {
		return *fault
	}
	return reply{status: 200, body: out}
}

func deleteRule(c *kibanaCall) reply {
	r, fault := c.findByQuery()
	if fault != nil {
		return *fault
	}
	id := r.props["id"].(string)
	if c.space.rules[id] == nil {
		return engineError(404, "id: %q not found", id)
	}
	c.k.put(c.space, id, nil)
	return reply{status: 200, body: r.props}
}

func listTags(c *kibanaCall) reply {
	seen := make(map[string]bool)
	for _, r := range c.space.indexed {
		tags, _ := r.props["tags"].([]any)
		for _, t := range tags {
			if s, ok := t.(string); ok {
				seen[s] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for t := range maps.Keys(seen) {
		out = append(out, t)
	}
	return reply{status: 200, body: out}
}

func privileges(*kibanaCall) reply {
	return reply{status: 200, body: map[string]any{
		"is_authenticated": true, "has_all_requested": true, "has_encryption_key": true,
		"index": map[string]any{}, "cluster": map[string]any{}, "application": map[string]any{},
	}}
}
