package query_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// pathOf reads a path through the pattern parser.
func pathOf(t *testing.T, path string) pattern.ObjectPath {
	t.Helper()
	p, err := pattern.Parse("[" + path + " = 1]")
	if err != nil {
		t.Fatal(err)
	}
	return p.Root.(*pattern.Observed).Expr.(*pattern.Comparison).Path
}

func TestMappingFindsPathsByAnyName(t *testing.T) {
	hash := []string{"file.hash.sha256", "dll.hash.sha256", "process.hash.sha256"}
	for _, row := range []struct {
		name, path string
		want       []string
	}{
		{"as the vocabulary writes it", "file:hashes.'SHA-256'", hash},
		{"lower case without hyphen", "file:hashes.sha256", hash},
		{"quoted without need", "file:'hashes'.'sha-256'", hash},
		{"another algorithm", "file:hashes.'SHA3-256'", nil},
		{"STIX 2.0 name", "process:binary_ref.name", []string{"process.name"}},
		{"STIX 2.0 name of a parent", "process:parent_ref.binary_ref.hashes.MD5", []string{"process.parent.hash.md5"}},
		{"index for any index", "email-message:to_refs[0].value", []string{"email.to.address"}},
		{"any index", "email-message:to_refs[*].value", []string{"email.to.address"}},
		{"no index where one belongs", "email-message:to_refs.value", nil},
		{"listed as unmapped", "mutex:name", nil},
		{"not listed at all", "app:cert.sha256", nil},
		{"case of a property matters", "file:Name", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, query.DefaultMapping().FieldsOf(pathOf(t, row.path))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const extension = `
types:
  winlog.event_data.Image: keyword
  app.id: keyword
objects:
  file:
    name:
      add: [winlog.event_data.Image]
    hashes.sha256:
      fields: [file.hash.sha256]
  app:
    id:
      fields: [app.id]
      transform: lower
unmapped: ["user-agent:value"]
`

func TestLoadMappingExtendsTheDefault(t *testing.T) {
	m, err := query.LoadMapping([]byte(extension), "fields.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"file:name":             {"file.name", "dll.name", "process.name", "winlog.event_data.Image"},
		"file:hashes.'SHA-256'": {"file.hash.sha256"},
		"app:id":                {"app.id"},
		"user-agent:value":      nil,
		"url:value":             {"url.full", "url.original"},
	} {
		if diff := cmp.Diff(want, m.FieldsOf(pathOf(t, path))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	tr, err := query.New(query.Options{Fields: m})
	if err != nil {
		t.Fatal(err)
	}
	// The added field belongs to no entity in particular, and so to each. The
	// transform of the replaced hash is kept.
	q, err := tr.Translate(mustParse(`[file:name = 'a.exe' AND file:hashes.sha256 = 'AB']`), query.KQL)
	if err != nil {
		t.Fatal(err)
	}
	want := `(file.name: "a.exe" or winlog.event_data.Image: "a.exe") and file.hash.sha256: "ab"`
	if q.Text != want {
		t.Errorf("got  %s\nwant %s", q.Text, want)
	}
	if len(query.DefaultMapping().FieldsOf(pathOf(t, "file:name"))) != 3 {
		t.Error("the default mapping was changed")
	}
}

func TestLoadMappingNone(t *testing.T) {
	m, err := query.LoadMapping([]byte("extends: none\ntypes: {a.b: long}\nobjects: {x: {y: {fields: [a.b]}}}"), "fields.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if m.FieldsOf(pathOf(t, "file:name")) != nil || m.FieldsOf(pathOf(t, "x:y")) == nil {
		t.Errorf("not the file's table alone: %v", m.Table())
	}
}

func TestLoadMappingFaults(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"unknown key", "types:\n  a: long\nobject:\n  x: {}", "fields.yaml:3: unknown key"},
		{"no YAML", "types: [", "fields.yaml: "},
		{"unknown extends", "\nextends: base", "fields.yaml:2: extends"},
		{"analysed text", "types:\n  message: text", `fields.yaml:2: message: type "text" can't be compared exactly`},
		{"name with a wildcard", "types:\n  'a.*': keyword", "is no name for a field"},
		{"name that is a query", "types:\n  'a: * or b': keyword", "is no name for a field"},
		{"type is missing", "objects:\n  file:\n    name:\n      add: [nowhere.at_all]", "fields.yaml:4: file:name: the type of field nowhere.at_all is missing"},
		{"unknown transform", "objects:\n  file:\n    name:\n      transform: rot13", `fields.yaml:4: file:name: unknown transform "rot13"`},
		{"no fields", "objects:\n  new:\n    path: {note: x}", "fields.yaml:3: new:path: no fields"},
		{"empty step", "objects:\n  new:\n    'a..b': {fields: [file.name]}", "empty step"},
		{"open quote", "objects:\n  new:\n    \"a.'b\": {fields: [file.name]}", "no closing quote"},
		{"open bracket", "objects:\n  new:\n    'a[': {fields: [file.name]}", "[ without ]"},
		{"bad index", "objects:\n  new:\n    'a[x]': {fields: [file.name]}", "neither * nor an index"},
		{"unmapped without a path", "unmapped: [file]", "needs an object type"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := query.LoadMapping([]byte(row.text), "fields.yaml")
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

// FuzzLoadMapping checks that no file makes the loader panic.
func FuzzLoadMapping(f *testing.F) {
	f.Add([]byte(extension))
	f.Add([]byte("extends: none"))
	f.Add([]byte("objects: {a: {'b[0].\\'c\\'': {fields: [file.name]}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := query.LoadMapping(data, "fuzz"); err == nil && m == nil {
			t.Error("neither a mapping nor an error")
		}
	})
}
