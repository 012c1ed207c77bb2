package stix

import (
	"bytes"
	"errors"
	"fmt"
	"io"

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

// Error implements error. It never holds the input's content.
func (e *DecodeError) Error() string {
	at := e.Pointer
	if at == "" {
		at = "/"
	}
	return fmt.Sprintf("decode %s: at %s (byte %d): %v", e.What, at, e.Offset, e.Err)
}

// Unwrap gives the cause.
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
	d := newDecoder(b)
	_, err := d.ReadValue()
	if err == nil {
		if _, err = d.ReadToken(); err == nil {
			return &DecodeError{What: what, Offset: d.InputOffset(), Err: errTrailing}
		} else if errors.Is(err, io.EOF) {
			return nil
		}
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
	o := &Object{raw: v, root: members(v, 24)}
	for name, e := range o.Root("extensions").Members() {
		switch name {
		case ExtensionOCTI:
			o.octi = members(e, 16)
		case ExtensionSCO:
			o.sco = members(e, 8)
		}
	}
	o.Type, _ = o.Root("type").Text()
	o.ID, _ = o.Root("id").Text()
	o.InternalID, _ = o.OCTI("id").Text()
	o.EntityType, _ = o.OCTI("type").Text()
	if o.Type == "" {
		return nil, fail("/type", errNoType)
	}
	if o.Key() == "" {
		return nil, fail("/id", errNoID)
	}
	return o, nil
}

func members(v Value, guess int) []member {
	out := make([]member, 0, guess)
	for name, e := range v.Members() {
		out = append(out, member{name, e})
	}
	return out
}
