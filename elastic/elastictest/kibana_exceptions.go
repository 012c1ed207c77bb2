package elastictest

import (
	"math"
	"net/http"
	"strings"
)

func (s *kibanaSpace) list(listID string) map[string]any { return byName(s.lists, "list_id", listID) }

func byName(all []map[string]any, name, value string) map[string]any {
	for _, m := range all {
		if m[name] == value {
			return m
		}
	}
	return nil
}

func createList(c *kibanaCall) reply {
	schema := props{required: []string{"name", "description", "type"}, fields: map[string]check{
		"name": text, "description": text, "list_id": nonEmpty, "namespace_type": oneOf("single", "agnostic"), "tags": list(text, 0, 0),
		"type": oneOf("detection", "rule_default", "endpoint"), "meta": object, "version": integer(1, math.MaxInt32), "os_types": list(text, 0, 0),
	}}
	return c.createNamed(schema, "list_id", &c.space.lists)
}

func createItem(c *kibanaCall) reply {
	entry := props{required: []string{"field", "type"}, fields: map[string]check{
		"field": nonEmpty, "operator": oneOf("included", "excluded"), "value": anything, "list": object, "entries": list(object, 1, 0),
		"type": oneOf("match", "match_any", "wildcard", "exists", "list", "nested"),
	}}
	schema := props{required: []string{"list_id", "type", "name", "description", "entries"}, fields: map[string]check{
		"list_id": nonEmpty, "item_id": nonEmpty, "type": oneOf("simple"), "name": text, "description": text, "entries": list(entry.check, 1, 0),
		"namespace_type": oneOf("single", "agnostic"), "tags": list(text, 0, 0), "expire_time": text, "meta": object, "comments": list(object, 0, 0), "os_types": list(text, 0, 0),
	}}
	if in, fault := c.object(); fault == nil {
		if listID, _ := in["list_id"].(string); listID != "" && c.space.list(listID) == nil {
			return engineError(http.StatusNotFound, "exception list id: %q does not exist", listID)
		}
	}
	return c.createNamed(schema, "item_id", &c.space.items)
}

func (c *kibanaCall) createNamed(schema props, key string, all *[]map[string]any) reply {
	in, fault := c.object()
	if fault != nil {
		return *fault
	}
	v, faults := schema.check("", in)
	if len(faults) > 0 {
		return *badRequest(strings.Join(faults, ", "))
	}
	m := v.(map[string]any)
	if id, _ := m[key].(string); id == "" {
		m[key] = c.k.newID()
	} else if byName(*all, key, id) != nil {
		return engineError(http.StatusConflict, "%s: %q already exists", key, id)
	}
	m["id"] = c.k.newID()
	if _, ok := m["namespace_type"]; !ok {
		m["namespace_type"] = "single"
	}
	m["created_at"], m["updated_at"] = c.k.now(), c.k.now()
	m["created_by"], m["updated_by"], m["tie_breaker_id"] = "elastic", "elastic", c.k.newID()
	if key == "list_id" {
		setAbsent(m, "immutable", false)
		setAbsent(m, "version", 1)
	} else {
		setAbsent(m, "comments", []any{})
	}
	*all = append(*all, m)
	return reply{status: 200, body: m}
}

func getList(c *kibanaCall) reply { return c.getNamed("list_id", c.space.lists) }
func getItem(c *kibanaCall) reply { return c.getNamed("item_id", c.space.items) }

func (c *kibanaCall) getNamed(key string, all []map[string]any) reply {
	q := c.r.URL.Query()
	for _, name := range [...]string{"id", key} {
		if m := byName(all, name, q.Get(name)); q.Has(name) && m != nil {
			return reply{status: 200, body: m}
		}
	}
	return engineError(http.StatusNotFound, "%s: %q does not exist", key, q.Get(key))
}

func deleteList(c *kibanaCall) reply { return c.deleteNamed("list_id", &c.space.lists) }
func deleteItem(c *kibanaCall) reply { return c.deleteNamed("item_id", &c.space.items) }

func (c *kibanaCall) deleteNamed(key string, all *[]map[string]any) reply {
	a := c.getNamed(key, *all)
	if a.status != 200 {
		return a
	}
	id := a.body.(map[string]any)["id"]
	kept := (*all)[:0:0]
	for _, m := range *all {
		if m["id"] != id {
			kept = append(kept, m)
		}
	}
	*all = kept
	return a
}

func findLists(c *kibanaCall) reply { return c.findNamed(c.space.lists) }

func findItems(c *kibanaCall) reply {
	listID := c.r.URL.Query().Get("list_id")
	var out []map[string]any
	for _, m := range c.space.items {
		if m["list_id"] == listID {
			out = append(out, m)
		}
	}
	return c.findNamed(out)
}

func (c *kibanaCall) findNamed(all []map[string]any) reply {
	page, perPage, fault := paging(c.r.URL.Query())
	if fault != nil {
		return *fault
	}
	data := []any{}
	for _, m := range pageOf(all, page, perPage) {
		data = append(data, m)
	}
	return reply{status: 200, body: map[string]any{"page": page, "per_page": perPage, "total": len(all), "data": data}}
}

func setAbsent(m map[string]any, name string, v any) {
	if _, ok := m[name]; !ok {
		m[name] = v
	}
}
