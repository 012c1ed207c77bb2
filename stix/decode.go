package stix

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A DecodeError says what is wrong with the JSON of an object or envelope, and where.
type DecodeError struct {
	// What names the thing that was read: "object", "envelope".
	What string
	// Offset is the byte offset in the input.
	Offset int64
	// Pointer is the JSON pointer (RFC 6901) to the fault, "/data/id"; empty for the root.
	Pointer string
	// Err is the cause.
	Err error
}

// Error implements error. Of the input it holds at most names of members and single characters, never a value.
func (e *DecodeError) Error() string {
	at := e.Pointer
	if at == "" {
		at = "/"
	}
	return fmt.Sprintf("decode %s: at %s (byte %d): %v", e.What, at, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

var (
	errNotObject = errors.New("want a JSON object")
	errNoType    = errors.New("want a STIX type, a non-empty text")
	errNoID      = errors.New("want an id, a non-empty text")
	errTrailing  = errors.New("unexpected data after the JSON value")
)

// DecodeObject reads one STIX object. It keeps b, which must not be changed afterwards.
// The object needs a type and an id (or OpenCTI's internal one); any other
// property may be missing or of another type than the standard says.
func DecodeObject(b []byte) (*Object, error) {
	if err := validate("object", b); err != nil {
		return nil, err
	}
	return newObject("object", "", b)
}

// validate checks that b is one JSON value and nothing else, so that the walks
// below it cannot fail.
func validate(what string, b []byte) error {
	// The platform writes with JSON.stringify, which escapes lone surrogates; they
	// are taken (as U+FFFD) since a hostile text must not cost the object.
	if jsontext.Value(b).IsValid(jsontext.AllowInvalidUTF8(true)) {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowInvalidUTF8(true))
	_, err := d.ReadValue()
	if err == nil {
		return &DecodeError{What: what, Offset: d.InputOffset(), Err: errTrailing}
	}
	e := &DecodeError{What: what, Offset: d.InputOffset(), Err: err}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e.Offset, e.Pointer, e.Err = s.ByteOffset, string(s.JSONPointer), s.Err
	}
	return e
}

// newObject makes the view of an object whose JSON is known to be well formed.
func newObject(what, pointer string, b []byte) (*Object, error) {
	v := Value(bytes.TrimSpace(b))
	fail := func(at string, err error) error {
		return &DecodeError{What: what, Pointer: pointer + at, Err: err}
	}
	if v.Kind() != '{' {
		return nil, fail("", errNotObject)
	}
	o := &Object{}
	o.parse(v)
	if o.Type == "" {
		return nil, fail("/type", errNoType)
	}
	if o.Key() == "" {
		return nil, fail("/id", errNoID)
	}
	o.hideSecrets()
	return o, nil
}

// parse makes the view of an object of its JSON.
func (o *Object) parse(v Value) {
	o.raw, o.root, o.octi, o.sco, o.export, o.custom = v, members(v, 24), nil, nil, nil, nil
	for name, e := range o.Root("extensions").Members() {
		switch name {
		case ExtensionOCTI:
			o.octi = members(e, 16)
		case ExtensionSCO:
			o.sco = members(e, 8)
		}
	}
	o.readExport()
	o.Type, _ = o.Root("type").Text()
	o.ID, _ = o.Root("id").Text()
	o.InternalID, _ = o.OCTI("id").Text()
	o.EntityType, _ = o.OCTI("type").Text()
}

// The names that the platform's exports and its client give to what its streams have in an extension.
const (
	exportPrefix = "x_opencti_"
	customPrefix = "x_opencti_cf_"
)

// readExport finds what stands at the root under the names of exports, and the custom fields, wherever they are.
func (o *Object) readExport() {
	for _, m := range o.root {
		if name, ok := strings.CutPrefix(m.name, exportPrefix); ok && !strings.HasPrefix(m.name, customPrefix) {
			o.export = append(o.export, member{name, m.value})
		}
	}
	for _, place := range [...][]member{o.octi, o.sco, o.root} {
		for _, m := range place {
			if name, ok := strings.CutPrefix(m.name, customPrefix); ok && !m.value.Empty() && find(o.custom, name) == nil {
				o.custom = append(o.custom, member{name, m.value})
			}
		}
	}
	slices.SortFunc(o.custom, func(a, b member) int { return strings.Compare(a.name, b.name) })
}

func members(v Value, guess int) []member {
	out := make([]member, 0, guess)
	for name, e := range v.rawMembers() {
		out = append(out, member{intern(name), e})
	}
	return out
}

// intern is unquote without an allocation for the names that most objects have.
func intern(quoted []byte) string {
	switch string(quoted) {
	case `"id"`:
		return "id"
	case `"type"`:
		return "type"
	case `"spec_version"`:
		return "spec_version"
	case `"created"`:
		return "created"
	case `"modified"`:
		return "modified"
	case `"revoked"`:
		return "revoked"
	case `"confidence"`:
		return "confidence"
	case `"lang"`:
		return "lang"
	case `"labels"`:
		return "labels"
	case `"object_marking_refs"`:
		return "object_marking_refs"
	case `"created_by_ref"`:
		return "created_by_ref"
	case `"external_references"`:
		return "external_references"
	case `"name"`:
		return "name"
	case `"description"`:
		return "description"
	case `"indicator_types"`:
		return "indicator_types"
	case `"pattern"`:
		return "pattern"
	case `"pattern_type"`:
		return "pattern_type"
	case `"pattern_version"`:
		return "pattern_version"
	case `"valid_from"`:
		return "valid_from"
	case `"valid_until"`:
		return "valid_until"
	case `"kill_chain_phases"`:
		return "kill_chain_phases"
	case `"extensions"`:
		return "extensions"
	case `"value"`:
		return "value"
	case `"hashes"`:
		return "hashes"
	case `"size"`:
		return "size"
	case `"mime_type"`:
		return "mime_type"
	case `"number"`:
		return "number"
	case `"key"`:
		return "key"
	case `"path"`:
		return "path"
	case `"url"`:
		return "url"
	case `"extension_type"`:
		return "extension_type"
	case `"created_at"`:
		return "created_at"
	case `"updated_at"`:
		return "updated_at"
	case `"modified_at"`:
		return "modified_at"
	case `"is_inferred"`:
		return "is_inferred"
	case `"creator_ids"`:
		return "creator_ids"
	case `"labels_ids"`:
		return "labels_ids"
	case `"created_by_ref_id"`:
		return "created_by_ref_id"
	case `"detection"`:
		return "detection"
	case `"score"`:
		return "score"
	case `"main_observable_type"`:
		return "main_observable_type"
	case `"observable_values"`:
		return "observable_values"
	case `"stix_ids"`:
		return "stix_ids"
	case `"additional_names"`:
		return "additional_names"
	case `"source_name"`:
		return "source_name"
	case `"external_id"`:
		return "external_id"
	case `"kill_chain_name"`:
		return "kill_chain_name"
	case `"phase_name"`:
		return "phase_name"
	case `"definition_type"`:
		return "definition_type"
	case `"identity_class"`:
		return "identity_class"
	}
	return unquote(quoted)
}
