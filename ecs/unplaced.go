package ecs

import "strings"

// unplaced notes the properties of the object that no field of its document has a place for.
func (b *builder) unplaced(known map[string]bool) {
	for name := range b.o.Names() {
		switch name {
		case "type", "id", "spec_version", "created", "modified", "created_by_ref", "revoked", "labels", "confidence", "lang", "external_references",
			"object_marking_refs", "granular_markings", "extensions", "defanged", "name", "description", "score", "value":
			continue
		}
		if !known[name] && name != b.placed && !strings.HasPrefix(name, "x_opencti_") && !b.o.Root(name).Empty() {
			b.drop(cut(name, 128), "no field has a place for this property")
		}
	}
}

// indicatorProperties is what the document of an indicator is made of, besides what every object has.
var indicatorProperties = map[string]bool{
	"indicator_types": true, "pattern": true, "pattern_type": true, "pattern_version": true,
	"valid_from": true, "valid_until": true, "kill_chain_phases": true, "detection": true, "main_observable_type": true,
}

// knownProperties is the properties that the document of each type of observable is made of.
func knownProperties() map[*observableType]map[string]bool {
	all := make(map[*observableType]map[string]bool)
	for _, t := range append(observableTypes(), &otherType) {
		known := make(map[string]bool)
		add := func(path string) {
			for alternative := range strings.SplitSeq(path, "|") {
				name, _, _ := strings.Cut(alternative, "/")
				known[name] = true
			}
		}
		for _, path := range t.main {
			add(path)
		}
		for _, name := range t.also {
			add(name)
		}
		for i := range t.properties {
			add(t.properties[i].source())
		}
		all[t] = known
	}
	return all
}
