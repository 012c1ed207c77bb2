package pattern

import (
	"maps"
	"slices"
	"strings"
)

// path follows the path through the table of object types as far as that knows it.
func (l *linter) path(c *Comparison) {
	object := c.Path.Object
	properties, known := objectTypes()[object]
	if !known {
		l.object(c)
		return
	}
	steps := c.Path.Steps
	for {
		name := steps[0].Name
		t, ok := properties[name]
		if !ok {
			if !strings.HasPrefix(name, "x_") {
				l.warn(c.Start, WarnPath, "%s has no property %s%s", object, quote(name), nearest(name, maps.Keys(properties)))
			}
			return
		}
		steps = steps[1:]
		indexed := len(steps) > 0 && steps[0].Kind != Property
		switch {
		case t.list && !indexed:
			l.warn(c.Start, WarnPath, "%s of %s is a list: write %s[*]", name, object, name)
			return
		case !t.list && indexed && t.kind != "any":
			l.warn(c.Start, WarnPath, "%s of %s is no list", name, object)
			return
		}
		if t.list {
			steps = steps[1:]
		}
		if len(steps) == 0 {
			l.kind(c, t.kind)
			return
		}
		switch t.kind {
		case "any", "hashes":
			return
		case "ref":
			if len(t.refs) == 0 || steps[0].Kind != Property {
				return
			}
			object, properties = strings.Join(t.refs, " or "), propertiesOf(t.refs)
		default:
			l.warn(c.Start, WarnPath, "%s of %s has no parts", name, object)
			return
		}
	}
}

// propertiesOf is the properties that any of the types has.
func propertiesOf(types []string) map[string]propertyType {
	all := map[string]propertyType{}
	for _, name := range types {
		maps.Copy(all, objectTypes()[name])
	}
	return all
}

// object warns of an unknown type, once. Types that begin with x- are private.
func (l *linter) object(c *Comparison) {
	name := c.Path.Object
	if strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "x_") || l.unknown[name] {
		return
	}
	l.unknown[name] = true
	l.warn(c.Start, WarnObject, "neither STIX nor OpenCTI has an object type %s%s", shorten(name, 60), nearest(name, maps.Keys(objectTypes())))
}

// kind warns of a literal that no value of the property can be equal to.
func (l *linter) kind(c *Comparison, kind string) {
	for v := range c.Literals() {
		ok := true
		switch kind {
		case "text", "ref":
			ok = v.Kind == String || v.Kind == Hex || v.Kind == Binary
		case "int":
			ok = v.Kind == Integer || v.Kind == Float
		case "bool":
			ok = v.Kind == Boolean
		case "time":
			ok = v.Kind == Timestamp || v.Kind == String
		case "hex", "bin":
			ok = v.Kind == Hex || v.Kind == Binary || v.Kind == String
		}
		if !ok {
			l.warn(v.Start, WarnType, "%s is %s, %s is not", c.Path, kindNames[kind], shorten(v.String(), 60))
		}
	}
}

// kindNames says the kinds of property in words.
var kindNames = map[string]string{"text": "a text", "ref": "a reference", "int": "a number", "bool": "true or false", "time": "a timestamp", "hex": "bytes", "bin": "bytes"}

// nearest suggests a name that is spelt much the same; empty if none is.
func nearest(name string, names func(func(string) bool)) string {
	best, least := "", min(3, len(name)/2)
	plain := strings.NewReplacer("-", "", "_", "").Replace
	for _, n := range slices.Sorted(names) {
		if d := distance(plain(strings.ToLower(name)), plain(n), least); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return ": was " + best + " meant?"
}

// distance is how many characters have to be added, taken out or changed to make b
// of a; if it is limit or more, some number not below limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
