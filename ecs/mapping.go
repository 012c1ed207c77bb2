package ecs

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// TemplateVersion grows with every change of [Mapping]. It tells an index whose mapping is older from
// one that is up to date.
const TemplateVersion = 5

// Type is how a field is mapped.
type Type uint8

// The types of field.
const (
	// Keyword is a keyword of up to 1024 characters: longer texts stay in _source, unsearchable.
	Keyword Type = iota
	// KeywordText is a Keyword with a full-text sub-field "text", as ECS has it for some names.
	KeywordText
	// KeywordQuery is a keyword of up to 2083 characters, ECS's for url.query.
	KeywordQuery
	// Wildcard is exact like a keyword, of any length.
	Wildcard
	// WildcardText is a Wildcard with a full-text sub-field "text".
	WildcardText
	// Stored is a text that is kept in _source and not indexed.
	Stored
	// Unindexed is a long text of ours that is kept in _source and not indexed.
	Unindexed
	// LongType is a whole number.
	LongType
	// LongStored is a whole number that is not indexed, ECS's for public_key_exponent.
	LongStored
	// Float is a number.
	Float
	// Boolean is a truth value.
	Boolean
	// Date is an instant.
	Date
	// IP is an address.
	IP
	// IPRange is a block of addresses in CIDR notation.
	IPRange
	// Flattened is an object whose members are not known beforehand, in one field.
	Flattened
)

// definitions is the mapping of each type, in the order of the constants.
var definitions = [...]struct{ name, json string }{
	{"keyword", `{"type":"keyword","ignore_above":1024}`},
	{"keyword", `{"type":"keyword","ignore_above":1024,"fields":{"text":{"type":"match_only_text"}}}`},
	{"keyword", `{"type":"keyword","ignore_above":2083}`},
	{"wildcard", `{"type":"wildcard"}`},
	{"wildcard", `{"type":"wildcard","fields":{"text":{"type":"match_only_text"}}}`},
	{"keyword", `{"type":"keyword","index":false,"doc_values":false}`},
	{"text", `{"type":"text","index":false}`},
	{"long", `{"type":"long"}`},
	{"long", `{"type":"long","index":false,"doc_values":false}`},
	{"float", `{"type":"float"}`},
	{"boolean", `{"type":"boolean"}`},
	{"date", `{"type":"date"}`},
	{"ip", `{"type":"ip"}`},
	{"ip_range", `{"type":"ip_range"}`},
	{"flattened", `{"type":"flattened","ignore_above":1024}`},
}

// String is Elasticsearch's name of the type.
func (t Type) String() string {
	if int(t) >= len(definitions) {
		return "invalid"
	}
	return definitions[t].name
}

// Field is one field that a document can have.
type Field struct {
	// Name is the whole name, with dots.
	Name string
	// Type is how it is mapped.
	Type Type
	// Form is how documents hold it.
	Form Form
}

// Form is whether documents hold a field as an array.
type Form uint8

// The forms of a field.
const (
	// Single is never an array.
	Single Form = iota
	// List is an array, even of one.
	List
	// Some is an array if there are several values.
	Some
)

// Fields is every field that a document can have, in the order in which they are written.
func Fields() []Field {
	var s schema
	w := writer{schema: &s}
	(&Document{}).fields(&w)
	return s.fields
}

// Mapping is the mapping of an index of such documents, for the "mappings" of a
// component template: dynamic mapping and date detection off, every field explicit.
// It is always the same text.
func Mapping() jsontext.Value {
	b := []byte(`{"dynamic":false,"date_detection":false,"properties":`)
	return append(append(b, Properties()...), '}')
}

// Properties is the "properties" of [Mapping], as PUT <index>/_mapping takes them too.
func Properties() jsontext.Value {
	root := node{}
	for _, f := range Fields() {
		at := root
		parts := strings.Split(f.Name, ".")
		for _, name := range parts[:len(parts)-1] {
			next, _ := at[name].(node)
			if next == nil {
				next = node{}
				at[name] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = jsontext.Value(definitions[f.Type].json)
	}
	b, err := json.Marshal(root.properties(), json.Deterministic(true))
	if err != nil {
		panic("ecs: mapping: " + err.Error()) // only maps, texts and our own JSON above
	}
	return b
}

// node is an object of the mapping: a node or a definition by name.
type node map[string]any

func (n node) properties() map[string]any {
	out := make(map[string]any, len(n))
	for name, v := range n {
		if object, ok := v.(node); ok {
			v = map[string]any{"properties": object.properties()}
		}
		out[name] = v
	}
	return out
}

// schema gathers the fields that a [writer] is asked to write.
type schema struct {
	path   []string
	fields []Field
}

func (s *schema) open(name string) { s.path = append(s.path, name) }
func (s *schema) close()           { s.path = s.path[:len(s.path)-1] }

func (s *schema) field(name string, t Type, form Form) {
	full := strings.Join(append(slices.Clone(s.path), name), ".")
	s.fields = append(s.fields, Field{Name: full, Type: t, Form: form})
}

// observable notes what a document of that type of observable can hold below the type's name.
func (s *schema) observable(w *writer, t *observableType) {
	s.open(t.key())
	w.text("id", Keyword, "")
	w.text("standard_id", Keyword, "")
	w.text("entity_type", Keyword, "")
	value := Keyword
	if t.long {
		value = Wildcard
	}
	w.text("value", value, "")
	w.long("score", LongType, Long{})
	for _, p := range t.properties {
		form := Single
		if p.kind == listed || p.kind == unreadList {
			form = List
		}
		s.field(p.name, p.mapped(), form)
	}
	s.close()
}
