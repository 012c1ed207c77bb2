package stix

import (
	"bytes"
	"iter"
	"strings"
)

// TLP is a level of the Traffic Light Protocol; the greater, the more restrictive.
type TLP uint8

// The levels of TLP 2.0. CLEAR was WHITE in TLP 1.0.
const (
	NoTLP TLP = iota
	TLPClear
	TLPGreen
	TLPAmber
	TLPAmberStrict
	TLPRed
)

// tlpNames is the names of the levels' markings, as OpenCTI has them.
var tlpNames = [...]string{"", "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"}

const tlpPrefix = "TLP:"

// Name returns the name of the level's marking, "TLP:AMBER+STRICT", or "" for [NoTLP].
func (t TLP) Name() string { return tlpNames[t] }

// String returns the level as ECS writes it, "AMBER+STRICT", or "" for [NoTLP].
func (t TLP) String() string { return strings.TrimPrefix(tlpNames[t], tlpPrefix) }

// ParseTLP returns the level that a name such as "TLP:AMBER", "white" or "tlp:amber+strict"
// says, or [NoTLP] if it says none.
func ParseTLP(name string) TLP {
	word := strings.ToUpper(strings.TrimSpace(name))
	word = strings.TrimSpace(strings.TrimPrefix(word, tlpPrefix))
	switch strings.NewReplacer("-", "+", "_", "+", " ", "+").Replace(word) {
	case "WHITE", "CLEAR":
		return TLPClear
	case "GREEN":
		return TLPGreen
	case "AMBER":
		return TLPAmber
	case "AMBER+STRICT":
		return TLPAmberStrict
	case "RED":
		return TLPRed
	}
	return NoTLP
}

// fixedTLP is the levels of the markings whose ids are the same everywhere: OpenCTI's (of
// which all but AMBER+STRICT are STIX's own for TLP 1.0) and OASIS' for TLP 2.0.
var fixedTLP = map[string]TLP{
	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": TLPClear,
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": TLPGreen,
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": TLPAmber,
	"marking-definition--826578e1-40ad-459f-bc73-ede076f81f37": TLPAmberStrict,
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": TLPRed,
	"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": TLPClear,
	"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": TLPGreen,
	"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": TLPAmber,
	"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": TLPAmberStrict,
	"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": TLPRed,
}

// Marking is a marking of an object.
type Marking struct {
	// Ref is the STIX id of the marking definition. It is left empty where the id is
	// one of the fixed ones and says all.
	Ref string
	// Name is its name, "TLP:AMBER"; empty if it is not known.
	Name string
	// TLP is its level, [NoTLP] for a marking that is not of TLP or not known.
	TLP TLP
}

// MarkingNames names markings by their ids.
type MarkingNames interface {
	// Marking returns the name ("TLP:AMBER") and definition type ("TLP") of a marking definition.
	Marking(ref string) (name, definitionType string, ok bool)
}

// MarkingsBy yields the object's markings with their names and levels, in the order of the
// object; those of single properties (granular markings) come last, since they say that the object holds
// what is marked. Those that are not fixed are looked up in known, which may be nil.
func (o *Object) MarkingsBy(known MarkingNames) iter.Seq[Marking] {
	return func(yield func(Marking) bool) {
		refs := o.Property("object_marking_refs")
		if refs.Kind() == '"' && !yieldMarking(refs, known, yield) { // a lone one, not in an array
			return
		}
		for ref := range refs.Elements() {
			if !yieldMarking(ref, known, yield) {
				return
			}
		}
		for granular := range o.Root("granular_markings").Elements() {
			if ref := granular.Member("marking_ref"); !ref.Empty() && !yieldMarking(ref, known, yield) {
				return
			}
		}
	}
}

func yieldMarking(ref Value, known MarkingNames, yield func(Marking) bool) bool {
	m := Marking{TLP: fixedLevel(ref)}
	if m.Name = m.TLP.Name(); m.TLP <= TLPClear { // all others have had one name only
		var ok bool
		if m.Ref, ok = ref.Text(); !ok {
			return true
		}
		m.lookUp(known)
	}
	return yield(m)
}

// lookUp asks for the name, and for the level unless the id has said it.
func (m *Marking) lookUp(known MarkingNames) {
	if known == nil {
		return
	}
	name, kind, ok := known.Marking(m.Ref)
	if !ok || name == "" {
		return
	}
	m.Name = name
	if m.TLP == NoTLP {
		m.TLP = levelOf(name, kind)
	}
}

// levelOf returns the level of a marking definition. Many sources leave its type out or
// say "statement" there, so that a name that says TLP counts whatever the type is.
func levelOf(name, definitionType string) TLP {
	if len(name) >= len(tlpPrefix) && strings.EqualFold(name[:len(tlpPrefix)], tlpPrefix) || strings.EqualFold(definitionType, "tlp") {
		return ParseTLP(name)
	}
	return NoTLP
}

// fixedLevel returns the level of a marking by its id, without a copy of it.
func fixedLevel(ref Value) TLP {
	if ref.Kind() != '"' || len(ref) < 2 || bytes.IndexByte(ref, '\\') >= 0 {
		return NoTLP
	}
	return fixedTLP[string(ref[1:len(ref)-1])]
}

// MarkingDefinition returns the name and type of a marking definition in whichever form it
// came: OpenCTI's (name and definition_type, or x_opencti_definition and its type beside a
// STIX "statement"), that of TLP 1.0 ({"definition": {"tlp": "amber"}}) or that of TLP 2.0
// ({"extensions": {…: {"tlp_2_0": "amber"}}}).
// The most restrictive level counts if they differ. It reports false for any other object, and
// for a definition that names nothing.
func (o *Object) MarkingDefinition() (name, definitionType string, ok bool) {
	if o.Type != "marking-definition" {
		return "", "", false
	}
	definitionType, _ = o.Root("definition_type").Text()
	if kind := o.Text("x_opencti_definition_type"); kind != "" {
		definitionType = kind
	}
	name, _ = o.Root("name").Text()
	level := levelOf(name, definitionType)
	definition := o.Root("definition")
	for _, said := range [...]struct {
		value Value
		kind  string
	}{
		{o.Property("x_opencti_definition"), definitionType}, {definition, definitionType},
		{definition.Member("tlp"), "TLP"}, {o.tlp2(), "TLP"}, {definition.Member(definitionType), definitionType},
	} {
		text, _ := said.value.Text()
		level = max(level, levelOf(text, said.kind))
		if name == "" {
			name = text
		}
	}
	switch {
	case level == NoTLP:
		return name, definitionType, name != ""
	case !strings.HasPrefix(name, tlpPrefix) || ParseTLP(name) != level:
		name = level.Name()
	}
	return name, "TLP", true
}

// tlp2 is the level of a marking of TLP 2.0, which stands in an extension.
func (o *Object) tlp2() Value {
	for _, extension := range o.Root("extensions").Members() {
		if v := extension.Member("tlp_2_0"); !v.Empty() {
			return v
		}
	}
	return nil
}
