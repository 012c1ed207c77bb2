package ecs

import "strings"

// An observableType is what becomes of one type of observable: one entry of the
// tables below is all there is to say of a type.
type observableType struct {
	// stix is the STIX type, name OpenCTI's spelling of it.
	stix, name string
	// word is threat.indicator.type; empty where ECS has no word for it.
	word string
	// main is the properties of which the first that says something is the main value.
	main []string
	// long reports that the main value can be longer than a keyword.
	long bool
	// text changes how the main value is written; nil for as it is.
	text func(string) string
	// ecs fills threat.indicator.* and related.*; nil where ECS has no place.
	ecs func(*builder)
	// also is the further properties that ecs and main read.
	also []string
	// properties is what is kept below opencti.observable.<type>.
	properties []property
}

// key is the name of the type below opencti.observable.
func (t *observableType) key() string {
	if t.stix == "file" {
		return "file"
	}
	return strings.ReplaceAll(t.stix, "-", "_")
}

// A property is one field below opencti.observable.<type>.
type property struct {
	// name is the field's name; a dot makes an object.
	name string
	// from is where the value is in the object, "extensions/windows-process-ext/priority"; empty: as name.
	from string
	kind propertyKind
	// get computes the value instead of reading it.
	get func(*builder) any
}

func (p *property) source() string {
	if p.from == "" {
		return p.name
	}
	return p.from
}

// propertyKind is how a property is read and mapped.
type propertyKind uint8

const (
	keyword    propertyKind = iota
	listed                  // an array of texts
	wildcard                // a text of any length that is searched by its parts
	unread                  // a text that is kept, not indexed
	whole                   // a whole number
	instant                 // a date
	truth                   // a truth value
	unreadList              // an array of texts that are kept, not indexed
	block                   // a block of addresses, in CIDR notation
)

// mapped is the type that the field has in the index.
func (p *property) mapped() Type {
	return [...]Type{Keyword, Keyword, Wildcard, Unindexed, LongType, Date, Boolean, Unindexed, IPRange}[p.kind]
}

// otherType is what becomes of a type that is in neither table.
var otherType = observableType{
	stix: "other",
	long: true,
	main: []string{"value", "name", "key", "path", "number", "id_value", "title", "subject", "content"},
	// The type comes from the root: in the extensions it is OpenCTI's spelling.
	properties: []property{{name: "type", get: func(b *builder) any { return b.o.Type }}},
}

// observableTypes is all types, in the order of the tables.
func observableTypes() []*observableType {
	var all []*observableType
	for _, table := range [...][]observableType{stixObservables[:], openctiObservables[:]} {
		for i := range table {
			all = append(all, &table[i])
		}
	}
	return all
}

// findObservable returns the entry of a STIX type. OpenCTI's own types had "x-opencti-" before them once.
func findObservable(stix string) *observableType {
	stix = strings.TrimPrefix(stix, "x-opencti-")
	for i := range stixObservables {
		if stixObservables[i].stix == stix {
			return &stixObservables[i]
		}
	}
	for i := range openctiObservables {
		if openctiObservables[i].stix == stix {
			return &openctiObservables[i]
		}
	}
	return nil
}

// findEntity returns the entry of a type in OpenCTI's spelling.
func findEntity(name string) *observableType {
	for i := range stixObservables {
		if stixObservables[i].name == name {
			return &stixObservables[i]
		}
	}
	for i := range openctiObservables {
		if openctiObservables[i].name == name {
			return &openctiObservables[i]
		}
	}
	return nil
}
