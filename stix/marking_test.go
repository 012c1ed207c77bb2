package stix_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// TestMarkingDefinition: every form in which sources write a marking says its name and its level.
func TestMarkingDefinition(t *testing.T) {
	for _, row := range []struct{ name, object, want, kind string }{
		{"OpenCTI's", `{"name":"TLP:AMBER","definition_type":"TLP"}`, "TLP:AMBER", "TLP"},
		{"a name alone", `{"name":"TLP:AMBER"}`, "TLP:AMBER", "TLP"},
		{"the name that TLP 1.0 had", `{"name":"TLP:WHITE","definition_type":"TLP"}`, "TLP:WHITE", "TLP"},
		{"pycti's export", `{"definition_type":"statement","definition":{"statement":"custom"},"x_opencti_definition_type":"TLP","x_opencti_definition":"TLP:RED"}`, "TLP:RED", "TLP"},
		{"in the extension", `{"definition_type":"statement","extensions":{"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba":{"x_opencti_definition_type":"TLP","x_opencti_definition":"TLP:RED"}}}`, "TLP:RED", "TLP"},
		{"TLP 1.0", `{"definition_type":"tlp","definition":{"tlp":"amber"}}`, "TLP:AMBER", "TLP"},
		{"TLP 1.0, named in full", `{"definition_type":"tlp","definition":{"tlp":"TLP:RED"}}`, "TLP:RED", "TLP"},
		{"without a type", `{"definition":{"tlp":"green"}}`, "TLP:GREEN", "TLP"},
		{"a text for a definition", `{"definition_type":"TLP","definition":"tlp:amber+strict"}`, "TLP:AMBER+STRICT", "TLP"},
		{"TLP 2.0", `{"name":"TLP:AMBER+STRICT","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"amber+strict"}}}`, "TLP:AMBER+STRICT", "TLP"},
		{"TLP 2.0 by its extension alone", `{"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"tlp_2_0":"red"}}}`, "TLP:RED", "TLP"},
		{"the stricter of two", `{"name":"TLP:CLEAR","definition_type":"tlp","definition":{"tlp":"red"}}`, "TLP:RED", "TLP"},
		{"another scheme", `{"name":"PAP:RED","definition_type":"PAP"}`, "PAP:RED", "PAP"},
		{"a statement", `{"definition_type":"statement","definition":{"statement":"Copyright 2026"}}`, "Copyright 2026", "statement"},
		{"no level", `{"name":"TLP:PURPLE","definition_type":"TLP"}`, "TLP:PURPLE", "TLP"},
		{"nothing", `{}`, "", ""},
		{"odd", `{"name":1,"definition_type":[],"definition":{"tlp":{}},"extensions":"x"}`, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := object(t, `{"type":"marking-definition","id":"marking-definition--1",`+row.object[1:])
			name, kind, ok := o.MarkingDefinition()
			if name != row.want || kind != row.kind || ok != (row.want != "") {
				t.Errorf("got %q, %q, %v; want %q, %q", name, kind, ok, row.want, row.kind)
			}
		})
	}
	if _, _, ok := object(t, `{"type":"identity","id":"identity--1","name":"TLP:RED"}`).MarkingDefinition(); ok {
		t.Error("an identity is a marking definition")
	}
}

// markingNames is markings by their ids: name and type.
type markingNames map[string][2]string

func (m markingNames) Marking(ref string) (name, definitionType string, ok bool) {
	known, ok := m[ref]
	return known[0], known[1], ok
}

func TestMarkings(t *testing.T) {
	const id = `"marking-definition--`
	known := markingNames{
		"marking-definition--1": {"TLP:AMBER", ""}, "marking-definition--2": {"PAP:RED", "PAP"},
		"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": {"TLP:WHITE", "TLP"},
		"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": {"not asked", "TLP"},
	}
	for _, row := range []struct {
		name, refs string
		known      stix.MarkingNames
		want       []stix.Marking
	}{
		{"fixed", id + `5e57c739-391a-4eb3-b6be-7d15ca92d5ed"`, known, []stix.Marking{{"", "TLP:RED", stix.TLPRed}}},
		{"of OASIS, nobody known", id + `939a9414-2ddd-4d32-a0cd-375ea402b003"`, nil, []stix.Marking{{"", "TLP:AMBER+STRICT", stix.TLPAmberStrict}}},
		{"CLEAR", id + `94868c89-83c2-464b-929b-a1a8aa3c8487"`, known, []stix.Marking{{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:CLEAR", stix.TLPClear}}},
		{"CLEAR by its old name", id + `613f2e26-407d-48c7-9eca-b8e91df99dc9"`, known, []stix.Marking{{"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:WHITE", stix.TLPClear}}},
		{"learnt, another, unknown", id + `1",` + id + `2",` + id + `3"`, known, []stix.Marking{
			{"marking-definition--1", "TLP:AMBER", stix.TLPAmber}, {"marking-definition--2", "PAP:RED", stix.NoTLP}, {"marking-definition--3", "", stix.NoTLP},
		}},
		{"no text", `1,null`, known, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []stix.Marking
			for m := range object(t, `{"type":"indicator","id":"indicator--1","object_marking_refs":[`+row.refs+`]}`).MarkingsBy(row.known) {
				got = append(got, m)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("markings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTLPNames(t *testing.T) {
	for level := stix.TLPClear; level <= stix.TLPRed; level++ {
		if got := stix.ParseTLP(level.Name()); got != level {
			t.Errorf("%s is %v", level.Name(), got)
		}
		if got := stix.ParseTLP(" " + level.String()); got != level {
			t.Errorf("%s is %v", level, got)
		}
	}
	for _, name := range []string{"", "TLP:", "PAP:RED", "REDDISH"} {
		if got := stix.ParseTLP(name); got != stix.NoTLP {
			t.Errorf("%q is %v", name, got)
		}
	}
}

func object(t *testing.T, text string) *stix.Object {
	t.Helper()
	o, err := stix.DecodeObject([]byte(strings.Replace(text, ",}", "}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
