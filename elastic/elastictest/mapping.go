package elastictest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// fieldTree is a mapping made ready for checks: an object with its fields, or a field. It never changes.
type fieldTree struct {
	name string
	// kind is the field's type; "object" and "nested" have props.
	kind  string
	props map[string]*fieldTree
	// dynamic is "true", "false" or "strict", inherited where the mapping does not say.
	dynamic string
	// dates tells whether dynamic mapping takes texts that look like dates for such.
	dates bool
	// enabled is false for what is stored and never looked at.
	enabled         bool
	ignoreMalformed bool
	ignoreAbove     int
	indexed         bool
	constant        string
	// raw is the definition as it was given, without its fields.
	raw map[string]jsontext.Value
}

// knownTypes are the types of field that the server takes.
var knownTypes = map[string]bool{
	"object": true, "nested": true, "keyword": true, "constant_keyword": true, "wildcard": true, "text": true,
	"match_only_text": true, "long": true, "integer": true, "short": true, "byte": true, "unsigned_long": true,
	"double": true, "float": true, "half_float": true, "date": true, "date_nanos": true, "boolean": true, "ip": true,
	"ip_range": true, "flattened": true, "geo_point": true, "binary": true, "version": true, "alias": true, "long_range": true,
}

func emptyTree() *fieldTree {
	return &fieldTree{kind: "object", dynamic: "true", dates: true, enabled: true, indexed: true}
}

// parseTree reads a mapping ({"properties": …}).
func parseTree(b []byte) (*fieldTree, *esError) {
	root := emptyTree()
	if len(b) == 0 {
		return root, nil
	}
	return root, root.read("", b)
}

func (t *fieldTree) read(path string, b []byte) *esError {
	broken := func(format string, args ...any) *esError {
		return esFail(http.StatusBadRequest, "mapper_parsing_exception", "Failed to parse mapping: %s", fmt.Sprintf(format, args...))
	}
	var def map[string]jsontext.Value
	if err := json.Unmarshal(b, &def); err != nil {
		return broken("%v", err)
	}
	t.raw = maps.Clone(def)
	delete(t.raw, "properties")
	for key, value := range def {
		var err error
		switch key {
		case "type":
			err = json.Unmarshal(value, &t.kind)
		case "dynamic":
			t.dynamic = strings.Trim(string(value), `"`)
		case "date_detection":
			err = json.Unmarshal(value, &t.dates)
		case "enabled":
			err = json.Unmarshal(value, &t.enabled)
		case "ignore_malformed":
			err = json.Unmarshal(value, &t.ignoreMalformed)
		case "ignore_above":
			err = json.Unmarshal(value, &t.ignoreAbove)
		case "index":
			err = json.Unmarshal(value, &t.indexed)
		case "value":
			err = json.Unmarshal(value, &t.constant)
		}
		if err != nil {
			return broken("[%s] of [%s]: %v", key, path, err)
		}
	}
	if !knownTypes[t.kind] {
		return broken("No handler for type [%s] declared on field [%s]", t.kind, t.name)
	}
	if props, ok := def["properties"]; ok {
		var fields map[string]jsontext.Value
		if err := json.Unmarshal(props, &fields); err != nil {
			return broken("%v", err)
		}
		t.props = make(map[string]*fieldTree, len(fields))
		for name, d := range fields {
			child := &fieldTree{name: name, kind: "object", dynamic: t.dynamic, dates: t.dates, enabled: true, indexed: true}
			if err := child.read(path+"."+name, d); err != nil {
				return err
			}
			t.props[name] = child
		}
	}
	return nil
}

func (t *fieldTree) object() bool { return t.kind == "object" || t.kind == "nested" }

// merge is the mapping with another put upon it, as PUT _mapping does: fields are added, types never change.
func (t *fieldTree) merge(path string, with *fieldTree) (*fieldTree, *esError) {
	full := strings.TrimPrefix(path+"."+t.name, ".")
	switch {
	case t.object() != with.object():
		return nil, esFail(http.StatusBadRequest, "illegal_argument_exception", "can't merge a non object mapping [%s] with an object mapping", full)
	case t.kind != with.kind:
		return nil, esFail(http.StatusBadRequest, "illegal_argument_exception", "mapper [%s] cannot be changed from type [%s] to [%s]", full, t.kind, with.kind)
	}
	out := *t
	out.props = maps.Clone(t.props)
	out.raw = maps.Clone(t.raw)
	if out.raw == nil && len(with.raw) > 0 {
		out.raw = make(map[string]jsontext.Value)
	}
	maps.Copy(out.raw, with.raw)
	out.ignoreMalformed, out.ignoreAbove = with.ignoreMalformed, with.ignoreAbove
	if _, said := with.raw["dynamic"]; said {
		out.dynamic = with.dynamic
	}
	for name, child := range with.props {
		merged := child
		if old := t.props[name]; old != nil {
			var err *esError
			if merged, err = old.merge(full, child); err != nil {
				return nil, err
			}
		}
		if out.props == nil {
			out.props = make(map[string]*fieldTree)
		}
		out.props[name] = merged
	}
	return &out, nil
}

// definition is the mapping as GET _mapping gives it.
func (t *fieldTree) definition() map[string]any {
	out := make(map[string]any)
	for key, v := range t.raw {
		out[key] = v
	}
	if len(t.props) > 0 {
		props := make(map[string]any)
		for name, child := range t.props {
			props[name] = child.definition()
		}
		out["properties"] = props
	}
	return out
}

// field finds the field of a dotted name; nil if it is not mapped.
func (t *fieldTree) field(name string) *fieldTree {
	at := t
	for part := range strings.SplitSeq(name, ".") {
		if at = at.props[part]; at == nil {
			return nil
		}
	}
	return at
}

// added is a field that dynamic mapping found.
type added struct {
	path []string
	kind string
}

// withAdded is the mapping with fields that dynamic mapping found.
func (t *fieldTree) withAdded(list []added) *fieldTree {
	out := t
	for _, a := range list {
		def := map[string]jsontext.Value{"type": jsontext.Value(`"` + a.kind + `"`)}
		if a.kind == "text" {
			def["fields"] = jsontext.Value(`{"keyword":{"type":"keyword","ignore_above":256}}`)
		}
		leaf := &fieldTree{name: a.path[len(a.path)-1], kind: a.kind, enabled: true, indexed: true, raw: def}
		for _, name := range slices.Backward(a.path[:len(a.path)-1]) {
			leaf = &fieldTree{name: name, kind: "object", dynamic: "true", dates: t.dates, enabled: true, indexed: true,
				props: map[string]*fieldTree{leaf.name: leaf}}
		}
		root := &fieldTree{kind: t.kind, props: map[string]*fieldTree{leaf.name: leaf}}
		if merged, err := out.merge("", root); err == nil {
			out = merged
		}
	}
	return out
}

func base64OK(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}
