package elastic

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// edit is a change to a JSON object, as a tree of member names: at a leaf the member is
// dropped, or gets a value. What the tree does not name is copied byte for byte.
type edit struct {
	members map[string]*edit
	// drop removes the member.
	drop bool
	// value takes the place of the member's, and is added where there is none.
	value []byte
}

// paths is a set of fields to leave out.
type paths struct{ root *edit }

// newPaths makes an edit that drops the fields of those dotted names.
func newPaths(names []string) paths {
	if len(names) == 0 {
		return paths{}
	}
	root := &edit{}
	for _, name := range names {
		root.at(name).drop = true
	}
	return paths{root}
}

// at gives the leaf of a dotted name, making the way there.
func (e *edit) at(name string) *edit {
	for part := range strings.SplitSeq(name, ".") {
		next := e.members[part]
		if next == nil {
			if e.members == nil {
				e.members = make(map[string]*edit)
			}
			next = &edit{}
			e.members[part] = next
		}
		e = next
	}
	return e
}

// set gives a field a value.
func (e *edit) set(name string, value []byte) { e.at(name).value = value }

// append adds the edited form of an object to dst.
func (e *edit) append(dst, object []byte) ([]byte, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	dst, _, err := e.object(dst, d)
	if err != nil {
		return dst, fmt.Errorf("edit document: %w", err)
	}
	return dst, nil
}

// object copies the object that d stands before; empty tells that nothing is left of one that held something.
func (e *edit) object(dst []byte, d *jsontext.Decoder) (out []byte, empty bool, err error) {
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return dst, false, fmt.Errorf("want an object: %w", err)
	}
	start := len(dst)
	dst = append(dst, '{')
	had := false
	var seen map[string]bool
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return dst, false, err
		}
		had = true
		key := name.String()
		change := e.members[key]
		before := len(dst)
		if dst[before-1] != '{' {
			dst = append(dst, ',')
		}
		dst = appendText(dst, key)
		dst = append(dst, ':')
		gone := false
		switch {
		case change == nil:
			var v jsontext.Value
			if v, err = d.ReadValue(); err == nil {
				dst = append(dst, v...)
			}
		case change.drop:
			gone, err = true, d.SkipValue()
		case change.value != nil:
			dst, err = append(dst, change.value...), d.SkipValue()
		case d.PeekKind() == '{':
			dst, gone, err = change.object(dst, d)
		default:
			var v jsontext.Value
			if v, err = d.ReadValue(); err == nil {
				dst = append(dst, v...)
			}
		}
		if err != nil {
			return dst, false, err
		}
		if gone {
			dst = dst[:before]
		}
		if change != nil {
			if seen == nil {
				seen = make(map[string]bool, len(e.members))
			}
			seen[key] = true
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return dst, false, err
	}
	dst = e.appendMissing(dst, seen)
	dst = append(dst, '}')
	return dst, had && len(dst) == start+2, nil
}

// appendMissing adds the values whose members the object did not have.
func (e *edit) appendMissing(dst []byte, seen map[string]bool) []byte {
	for name, change := range e.members {
		if seen[name] || !change.adds() {
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = appendText(dst, name)
		dst = append(dst, ':')
		if change.value != nil {
			dst = append(dst, change.value...)
			continue
		}
		dst = append(dst, '{')
		dst = change.appendMissing(dst, nil)
		dst = append(dst, '}')
	}
	return dst
}

func (e *edit) adds() bool {
	if e.value != nil {
		return true
	}
	for _, m := range e.members {
		if m.adds() {
			return true
		}
	}
	return false
}

// clone copies the tree, so that values can be set in the copy.
func (e *edit) clone() *edit {
	out := *e
	if e.members != nil {
		out.members = make(map[string]*edit, len(e.members))
		for name, m := range e.members {
			out.members[name] = m.clone()
		}
	}
	return &out
}
