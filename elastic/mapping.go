package elastic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// mappingNode is a field of a mapping, or the mapping itself. What the comparison does not need stays as it is.
type mappingNode struct {
	Type       string                  `json:"type,omitempty"`
	Properties map[string]*mappingNode `json:"properties,omitempty"`
	Rest       jsontext.Value          `json:",embed"`
}

func parseMapping(b []byte) (*mappingNode, error) {
	n := &mappingNode{}
	if err := json.Unmarshal(b, n); err != nil {
		return nil, fmt.Errorf("our mapping: %w", err)
	}
	return n, nil
}

// add maps one more field.
func (n *mappingNode) add(name, kind string) {
	for part := range strings.SplitSeq(name, ".") {
		next := n.Properties[part]
		if next == nil {
			if n.Properties == nil {
				n.Properties = make(map[string]*mappingNode)
			}
			next = &mappingNode{}
			n.Properties[part] = next
		}
		n = next
	}
	n.Type = kind
}

// mappingDiff is how the mapping of an index differs from ours.
type mappingDiff struct {
	// missing tells that fields of ours are not mapped yet.
	missing bool
	// different is the fields of another type; refused those of them whose type does not take our values.
	different, refused []string
}

func compareMappings(ours *mappingNode, theirs mappingNode) mappingDiff {
	var d mappingDiff
	d.compare("", ours, &theirs)
	return d
}

func (d *mappingDiff) compare(path string, ours, theirs *mappingNode) {
	for name, o := range ours.Properties {
		full := strings.TrimPrefix(path+"."+name, ".")
		t, ok := theirs.Properties[name]
		switch {
		case !ok:
			d.missing = true
		case o.object() && t.object():
			d.compare(full, o, t)
		case o.object() != t.object():
			d.different, d.refused = append(d.different, full), append(d.refused, full)
		case o.Type != t.Type:
			d.different = append(d.different, full)
			if !takes(t.Type, o.Type) {
				d.refused = append(d.refused, full)
			}
		}
	}
}

func (n *mappingNode) object() bool {
	return n.Properties != nil || n.Type == "" || n.Type == "object" || n.Type == "nested"
}

// families are the types that take each other's values; a text or keyword takes every value.
var families = map[string]string{
	"long": "number", "integer": "number", "short": "number", "byte": "number", "unsigned_long": "number",
	"double": "number", "float": "number", "half_float": "number", "scaled_float": "number",
	"date": "date", "date_nanos": "date", "ip": "ip", "ip_range": "range", "boolean": "boolean",
	"keyword": "text", "text": "text", "wildcard": "text", "match_only_text": "text",
}

// takes tells whether an index that maps a field to one type takes values made for the other.
func takes(theirs, ours string) bool {
	f := families[theirs]
	return f == "text" || f != "" && f == families[ours]
}

// without is the mapping less the fields at those paths.
func (n *mappingNode) without(paths []string) *mappingNode {
	return n.copyWithout("", paths)
}

func (n *mappingNode) copyWithout(path string, drop []string) *mappingNode {
	out := *n
	if n.Properties == nil {
		return &out
	}
	out.Properties = make(map[string]*mappingNode, len(n.Properties))
	for name, p := range n.Properties {
		full := strings.TrimPrefix(path+"."+name, ".")
		if slices.Contains(drop, full) {
			continue
		}
		if left := p.copyWithout(full, drop); p.Properties == nil || len(left.Properties) > 0 {
			out.Properties[name] = left
		}
	}
	return &out
}

// properties is the body that adds the fields to an index and changes nothing else of it.
func (n *mappingNode) properties() []byte {
	b, err := json.Marshal(map[string]any{"properties": n.Properties}, json.Deterministic(true))
	if err != nil {
		panic("elastic: mapping: " + err.Error()) // it was read from JSON
	}
	return b
}

func textOrList(b []byte) ([]string, error) {
	var one string
	if json.Unmarshal(b, &one) == nil {
		return []string{one}, nil
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("want a text or a list of texts: %w", err)
	}
	return list, nil
}
