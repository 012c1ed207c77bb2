package ecs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// exported is the object as the platform's exports and its client write it: what
// its streams have in an extension is at the root, with x_opencti_ before its name.
func exported(t testing.TB, o *stix.Object) *stix.Object {
	t.Helper()
	b := []byte{'{'}
	put := func(prefix, name string, v stix.Value) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		if !strings.HasPrefix(name, prefix) {
			name = prefix + name
		}
		b = append(append(append(b, quote(name)...), ':'), v...)
	}
	moved := map[string]bool{"extension_type": true}
	for name, v := range o.Raw().Members() {
		if name != "extensions" {
			put("", name, v)
			continue
		}
		kept := []byte{}
		for extension, members := range v.Members() {
			if extension != stix.ExtensionOCTI && extension != stix.ExtensionSCO {
				kept = append(append(append(append(kept, ','), quote(extension)...), ':'), members...)
				continue
			}
			for name, v := range members.Members() {
				if !moved[name] {
					moved[name] = true
					put("x_opencti_", name, v)
				}
			}
		}
		if len(kept) > 0 {
			put("", name, append(append([]byte{'{'}, kept[1:]...), '}'))
		}
	}
	out, err := stix.DecodeObject(append(b, '}'))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestExportIsAsTheStream: an object from an export gives the document that it gives from the stream.
func TestExportIsAsTheStream(t *testing.T) {
	m := newMapper(t)
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			if diff := cmp.Diff(indent(t, g.document), indent(t, mapJSON(t, m, exported(t, g.object)))); diff != "" {
				t.Errorf("document of the export differs (-stream +export):\n%s", diff)
			}
		})
	}
}

// TestExtensionBeforeExport: where an object says something twice, the extension counts.
func TestExtensionBeforeExport(t *testing.T) {
	o := observable(t, "ipv4-addr", `{"value":"203.0.113.6","x_opencti_id":"export","x_opencti_score":60,"x_opencti_labels":["export"],"x_opencti_cf_risk":"export",
		"extensions":{`+octi+`:{"id":"stream","score":70,"x_opencti_cf_risk":"stream"},"`+stix.ExtensionSCO+`":{"labels":["stream"]}}}`)
	d := mapped(t, newMapper(t), o)
	got := []any{d.ID, d.Event.Score.Value, d.Tags[0], d.OpenCTI.Custom[0].Value}
	if diff := cmp.Diff([]any{"stream", int64(70), "stream", "stream"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
