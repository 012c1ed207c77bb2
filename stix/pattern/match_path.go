package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// resolver finds what an object path names.
type resolver struct {
	objects []map[string]any // of the observation, where references are looked up
	yield   func(value any) bool
}

// resolve calls yield for each value of the path, until it is true. Null is the
// same as absent.
func (r *resolver) resolve(v any, steps []Step, last string) bool {
	if len(steps) == 0 {
		return v != nil && r.yield(decoded(v, last))
	}
	switch s := steps[0]; s.Kind {
	case Property:
		object, ok := v.(map[string]any)
		if !ok {
			object = r.referenced(v, last)
		}
		if object == nil {
			return false
		}
		return r.resolve(object[s.Name], steps[1:], s.Name)
	case Index:
		n, i := length(v), s.Index
		if i < 0 {
			i += int64(n)
		}
		return i >= 0 && i < int64(n) && r.resolve(element(v, int(i)), steps[1:], last)
	case AnyIndex:
		for i := range length(v) {
			if r.resolve(element(v, i), steps[1:], last) {
				return true
			}
		}
	}
	return false
}

// referenced is the object that a property _ref, or an element of _refs, refers to.
func (r *resolver) referenced(v any, property string) map[string]any {
	id, ok := v.(string)
	if !ok || !strings.HasSuffix(property, "_ref") && !strings.HasSuffix(property, "_refs") {
		return nil
	}
	for _, o := range r.objects {
		if o["id"] == id {
			return o
		}
	}
	return nil
}

// length is the number of elements of a list; 0 for anything else.
func length(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case []string:
		return len(v)
	case []map[string]any:
		return len(v)
	}
	return 0
}

func element(v any, i int) any {
	switch v := v.(type) {
	case []any:
		return v[i]
	case []string:
		return v[i]
	case []map[string]any:
		return v[i]
	}
	return nil
}

// decoded is the bytes of a property _hex or _bin, which JSON holds as text.
func decoded(v any, property string) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	if strings.HasSuffix(property, "_hex") {
		if b, err := hex.DecodeString(s); err == nil {
			return b
		}
	}
	if strings.HasSuffix(property, "_bin") {
		if b, err := base64.StdEncoding.DecodeString(s); err == nil {
			return b
		}
	}
	return v
}
