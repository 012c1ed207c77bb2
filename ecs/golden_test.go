package ecs_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

var update = flag.Bool("update", false, "write the golden files and the table of types in doc.go anew")

// golden is one file of testdata/golden: what it shows, an object, and the document made of it.
type golden struct {
	name, file, why string
	given           stix.Value // the object as it came, with its secrets
	object          *stix.Object
	document        []byte
}

func goldens(t testing.TB) []golden {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	out := make([]golden, len(files))
	for i, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v := stix.Value(b)
		g := golden{name: strings.TrimSuffix(filepath.Base(file), ".json"), file: file}
		g.why, _ = v.Member("why").Text()
		g.document = v.Member("document")
		g.given = v.Member("object")
		if g.object, err = stix.DecodeObject(g.given); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[i] = g
	}
	return out
}

// handled is when the objects of the tests are mapped.
var handled = time.Date(2026, 11, 23, 18, 0, 0, 4e6, time.UTC)

// names is the references of the tests.
type names struct{}

func (names) Author(ref string) (name, class string, ok bool) {
	return "ACME", "organization", ref == "identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced"
}

func (names) Marking(ref string) (name, definitionType string, ok bool) {
	return "PAP:AMBER", "PAP", ref == "marking-definition--a0000000-0000-4000-8000-000000000001"
}

func options() ecs.Options {
	return ecs.Options{
		OpenCTIURL: "https://cti.example.org/", References: names{},
		ExpireAfter: 30 * 24 * time.Hour,
		Now:         func() time.Time { return handled },
	}
}

func newMapper(t testing.TB, change ...func(*ecs.Options)) *ecs.Mapper {
	t.Helper()
	o := options()
	for _, c := range change {
		c(&o)
	}
	m, err := ecs.NewMapper(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mapJSON(t testing.TB, m *ecs.Mapper, o *stix.Object) []byte {
	t.Helper()
	d, err := m.Map(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGolden(t *testing.T) {
	m := newMapper(t)
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			if g.why == "" {
				t.Error("the file does not say why it is there")
			}
			got := mapJSON(t, m, g.object)
			if *update {
				writeGolden(t, g, got)
				return
			}
			if diff := cmp.Diff(indent(t, g.document), indent(t, got)); diff != "" {
				t.Errorf("document differs (-want +got):\n%s", diff)
			}
		})
	}
}

func indent(t testing.TB, b []byte) string {
	t.Helper()
	v := jsontext.Value(b).Clone()
	if err := v.Format(jsontext.WithIndent(" "), jsontext.Multiline(true)); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return string(v)
}

func writeGolden(t *testing.T, g golden, document []byte) {
	t.Helper()
	why, _ := jsontext.AppendQuote(nil, g.why)
	b := []byte(`{"why":` + string(why) + `,"object":` + string(g.given) + `,"document":` + string(document) + `}`)
	if err := os.WriteFile(g.file, []byte(indent(t, b)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
