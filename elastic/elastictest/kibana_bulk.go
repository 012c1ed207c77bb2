package elastictest

import (
	"fmt"
	"net/http"
)

const maxBulkIDs = 100

// bulkAction is POST _bulk_action: enable, disable, delete, duplicate, edit.
// Without ids and without a query it acts on all rules of the space, as Kibana does.
func bulkAction(c *kibanaCall) reply {
	in, fault := c.object()
	if fault != nil {
		return *fault
	}
	action, _ := in["action"].(string)
	switch action {
	case "enable", "disable", "delete", "duplicate", "edit", "export", "run":
	default:
		return *badRequest(fmt.Sprintf("action: Invalid discriminator value %q", action))
	}
	ids, hasIDs := in["ids"].([]any)
	query, _ := in["query"].(string)
	switch {
	case hasIDs && len(ids) == 0:
		return *badRequest("ids: Array must contain at least 1 element(s)")
	case len(ids) > maxBulkIDs:
		return engineError(400, "More than %d ids sent for bulk edit action.", maxBulkIDs)
	case hasIDs && query != "":
		return engineError(400, "Both query and ids are sent. Define either ids or query in request payload.")
	}
	b := bulk{call: c, action: action, dryRun: c.r.URL.Query().Get("dry_run") == "true"}
	if b.targets, fault = c.targets(ids, hasIDs, query, &b); fault != nil {
		return *fault
	}
	if action == "edit" {
		if b.edits, fault = readEdits(in["edit"]); fault != nil {
			return *fault
		}
	}
	return b.run()
}

func (c *kibanaCall) targets(ids []any, hasIDs bool, query string, b *bulk) ([]*storedRule, *reply) {
	var out []*storedRule
	if hasIDs {
		for _, v := range ids {
			id, ok := v.(string)
			if !ok {
				return nil, badRequest("ids: Expected string")
			}
			if r := c.space.rules[id]; r != nil {
				out = append(out, r)
			} else {
				b.fail(id, "", http.StatusInternalServerError, "Rule not found")
			}
		}
		return out, nil
	}
	match, fault := parseFilter(query)
	if fault != nil {
		return nil, fault
	}
	for _, r := range c.space.sorted() {
		if match(r.props) {
			out = append(out, r)
		}
	}
	limit := 10_000
	if b.action == "edit" {
		limit = 2_000
	}
	if len(out) > limit {
		a := engineError(400, "More than %d rules matched the filter query. Try to narrow it down.", limit)
		return nil, &a
	}
	return out, nil
}

type bulk struct {
	call                      *kibanaCall
	action                    string
	dryRun                    bool
	targets                   []*storedRule
	edits                     []map[string]any
	updated, created, deleted []any
	skipped, errors           []any
	failed                    int
}

func (b *bulk) fail(id, name string, status int, message string) {
	rule := map[string]any{"id": id}
	if name != "" {
		rule["name"] = name
	}
	b.failed++
	b.errors = append(b.errors, map[string]any{"message": message, "status_code": status, "rules": []any{rule}})
}

func (b *bulk) run() reply {
	for _, r := range b.targets {
		b.one(r)
	}
	done := len(b.updated) + len(b.created) + len(b.deleted)
	total := done + len(b.skipped) + b.failed
	attributes := map[string]any{
		"results": map[string]any{"updated": some(b.updated), "created": some(b.created), "deleted": some(b.deleted), "skipped": some(b.skipped)},
		"summary": map[string]any{"failed": b.failed, "succeeded": done, "skipped": len(b.skipped), "total": total},
	}
	if b.failed > 0 {
		attributes["errors"] = b.errors
		message := "Bulk edit partially failed"
		if done == 0 {
			message = "Bulk edit failed"
		}
		return reply{status: http.StatusInternalServerError, body: map[string]any{"message": message, "status_code": 500, "attributes": attributes}}
	}
	return reply{status: 200, body: map[string]any{"success": true, "rules_count": total, "attributes": attributes}}
}

func some(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

func (b *bulk) one(r *storedRule) {
	k, s := b.call.k, b.call.space
	id, _ := r.props["id"].(string)
	name, _ := r.props["name"].(string)
	if k.refuse != nil {
		if status, message := k.refuse(deepCopy(r.props)); status != 0 {
			b.fail(id, name, status, message)
			return
		}
	}
	if s.rules[id] == nil {
		b.fail(id, name, 404, "Saved object [alert/"+id+"] not found")
		return
	}
	if b.dryRun {
		return
	}
	switch b.action {
	case "delete":
		k.put(s, id, nil)
		b.deleted = append(b.deleted, r.props)
	case "duplicate":
		props := deepCopy(r.props)
		delete(props, "rule_id")
		props["name"] = name + " [Duplicate]"
		b.created = append(b.created, k.insert(s, props))
	case "enable", "disable":
		props := deepCopy(r.props)
		props["enabled"] = b.action == "enable"
		b.updated = append(b.updated, k.replace(s, r, props))
	case "edit":
		props := deepCopy(r.props)
		for _, e := range b.edits {
			applyEdit(props, e)
		}
		b.updated = append(b.updated, k.replace(s, r, props))
	}
}

func readEdits(v any) ([]map[string]any, *reply) {
	in, _ := v.([]any)
	if len(in) == 0 {
		return nil, badRequest("edit: Required")
	}
	var out []map[string]any
	for _, e := range in {
		m, ok := e.(map[string]any)
		if kind, _ := m["type"].(string); !ok || kind == "" || m["value"] == nil {
			return nil, badRequest("edit: Invalid input")
		}
		out = append(out, m)
	}
	return out, nil
}

func applyEdit(rule, edit map[string]any) {
	value, _ := edit["value"].([]any)
	field, op := "tags", edit["type"]
	switch op {
	case "add_index_patterns", "delete_index_patterns", "set_index_patterns":
		field = "index"
	case "set_schedule":
		if s, ok := edit["value"].(map[string]any); ok {
			rule["interval"] = s["interval"]
		}
		return
	case "add_tags", "delete_tags", "set_tags":
	default:
		return
	}
	have, _ := rule[field].([]any)
	out := []any{}
	switch op {
	case "set_tags", "set_index_patterns":
		have = nil
	case "delete_tags", "delete_index_patterns":
		for _, t := range have {
			if !contains(value, t) {
				out = append(out, t)
			}
		}
		rule[field] = out
		return
	}
	for _, t := range append(append(out, have...), value...) {
		if !contains(out, t) {
			out = append(out, t)
		}
	}
	rule[field] = out
}

func contains(list []any, v any) bool {
	for _, e := range list {
		if e == v {
			return true
		}
	}
	return false
}
