package query_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// readDSL reads the body of a search.
func readDSL(text string) (clause, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return clause{}, err
	}
	if len(body) != 1 || body["query"] == nil {
		return clause{}, fmt.Errorf("keys %v where query alone is expected", slices.Collect(maps.Keys(body)))
	}
	return dslClause(body["query"])
}

func dslClause(raw json.RawMessage) (clause, error) {
	var one map[string]json.RawMessage
	if err := json.Unmarshal(raw, &one); err != nil {
		return clause{}, err
	}
	if len(one) != 1 {
		return clause{}, fmt.Errorf("%d kinds in %.100s", len(one), raw)
	}
	for kind, inner := range one {
		switch kind {
		case "bool":
			return dslBool(inner)
		case "exists":
			var e struct{ Field string }
			err := json.Unmarshal(inner, &e)
			return clause{op: "exists", field: e.Field}, err
		case "query_string":
			var q struct{ Query string }
			if err := json.Unmarshal(inner, &q); err != nil {
				return clause{}, err
			}
			return readLucene(q.Query)
		case "term", "terms", "wildcard", "regexp", "range":
			return dslLeaf(kind, inner)
		}
		return clause{}, fmt.Errorf("unknown kind %q", kind)
	}
	return clause{}, nil
}

func dslBool(raw json.RawMessage) (clause, error) {
	var b struct {
		Filter, Should []json.RawMessage
		MustNot        []json.RawMessage `json:"must_not"`
		Minimum        int               `json:"minimum_should_match"`
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return clause{}, err
	}
	c := clause{op: "and"}
	list := b.Filter
	if b.Should != nil {
		c.op, list = "or", b.Should
		if b.Minimum != 1 || b.Filter != nil || b.MustNot != nil {
			return c, fmt.Errorf("should that need not hold: %.100s", raw)
		}
	}
	for _, k := range list {
		kid, err := dslClause(k)
		if err != nil {
			return c, err
		}
		c.kids = append(c.kids, kid)
	}
	for _, k := range b.MustNot {
		kid, err := dslClause(k)
		if err != nil {
			return c, err
		}
		c.kids = append(c.kids, clause{op: "not", kids: []clause{kid}})
	}
	if len(c.kids) == 1 {
		return c.kids[0], nil
	}
	return c, nil
}

func dslLeaf(kind string, raw json.RawMessage) (clause, error) {
	var one map[string]json.RawMessage
	if err := json.Unmarshal(raw, &one); err != nil {
		return clause{}, err
	}
	if len(one) != 1 {
		return clause{}, fmt.Errorf("%d fields in %.100s", len(one), raw)
	}
	for field, inner := range one {
		if kind == "terms" {
			var values []json.RawMessage
			err := json.Unmarshal(inner, &values)
			c := clause{op: "in", field: field}
			for _, v := range values {
				c.values = append(c.values, dslText(v))
			}
			return c, err
		}
		var body map[string]json.RawMessage
		if err := json.Unmarshal(inner, &body); err != nil {
			return clause{}, err
		}
		if kind != "range" {
			op := map[string]string{"term": "=", "wildcard": "like", "regexp": "regex"}[kind]
			return clause{op: op, field: field, values: []string{dslText(body["value"])}}, nil
		}
		c := clause{op: "and"}
		for _, bound := range [][2]string{{"gte", ">="}, {"gt", ">"}, {"lte", "<="}, {"lt", "<"}} {
			if body[bound[0]] == nil {
				continue
			}
			c.kids = append(c.kids, clause{op: bound[1], field: field, values: []string{dslText(body[bound[0]])}})
		}
		if len(c.kids) == 1 {
			return c.kids[0], nil
		}
		return c, nil
	}
	return clause{}, nil
}

// dslText is a value as text; a number is kept as it is written.
func dslText(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return string(raw)
	}
	return s
}
