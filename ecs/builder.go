package ecs

import (
	"bytes"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// builder makes one document of one object.
type builder struct {
	m *Mapper
	// given is the object with all that detection needs, o the one that people may read; see [Options.KeepPasswords].
	given, o *stix.Object
	// sensitive is what o does not show of given.
	sensitive stix.Sensitive
	doc       *Document
	// joined reports whether values go to the fields that rules join on, or to related.* only.
	joined bool
	// shown reports whether what says more of an object than a value to join goes to its fields all the same.
	shown bool
	// written is a URL as its author wrote it, where that is not what events carry.
	written string
	// score and confidence are the object's.
	score, confidence Long
	// blocks gathers the blocks of addresses of an indicator.
	blocks []string
	// hosts is the hosts of URLs that suffice; see urlHosts.
	hosts []string
	// slots is room for the first elements of the document's lists, most of which have one only.
	slots []string
	// placed is the property that is the main value of an object of an unknown type.
	placed string
	// seen is what is in lists that have become long; see add.
	seen map[entry]struct{}
}

// entry is a text in a list of the document.
type entry struct {
	list *[]string
	text string
}

// add appends s to a list of the document unless it is empty or there already.
func (b *builder) add(list *[]string, s string) {
	const long = 32 // from here on a set is faster than looking
	switch n := len(*list); {
	case s == "":
		return
	case n == 0:
		*list = b.first(s)
		return
	case n < long:
		*list = add(*list, s)
		return
	}
	if _, known := b.seen[entry{list: list}]; !known { // no list holds an empty text
		if b.seen == nil {
			b.seen = make(map[entry]struct{})
		}
		b.seen[entry{list: list}] = struct{}{}
		for _, t := range *list {
			b.seen[entry{list, t}] = struct{}{}
		}
	}
	key := entry{list, s}
	if _, ok := b.seen[key]; !ok {
		b.seen[key] = struct{}{}
		*list = append(*list, s)
	}
}

// first returns a list of one, which grows elsewhere.
func (b *builder) first(s string) []string {
	const slots = 12
	if len(b.slots) == cap(b.slots) {
		b.slots = make([]string, 0, slots)
	}
	b.slots = append(b.slots, s)
	n := len(b.slots)
	return b.slots[n-1 : n : n]
}

// show is a text of the given object as people may read it.
func (b *builder) show(text string) string {
	if b.o == b.given {
		return text
	}
	return b.sensitive.Mask(text)
}

// drop notes that a value could not go to a field.
func (b *builder) drop(field, reason string) { note(&b.doc.Dropped, Note{field, reason}) }

// adjust notes that a field has another value than the object, and what was done.
func (b *builder) adjust(field, what string) { note(&b.doc.Adjusted, Note{field, what}) }

func note(list *[]Note, n Note) {
	const most = 32 // notes on one document
	if len(*list) > most || slices.Contains(*list, n) {
		return
	}
	if len(*list) == most {
		n = Note{"more", "further notes are left out"}
	}
	*list = append(*list, n)
}

// values is where the values that rules join on go.
func (b *builder) values() *Values { return &b.doc.Threat.Indicator.Values }

func (b *builder) registry() *Registry {
	v := b.values()
	if v.Registry == nil {
		v.Registry = &Registry{}
	}
	return v.Registry
}

func (b *builder) x509() *X509 {
	v := b.values()
	if v.X509 == nil {
		v.X509 = &X509{}
	}
	return v.X509
}

// property reads a property of the object: "name", "object/member", or several
// of them with "|" between, of which the first that says something is taken.
func (b *builder) property(path string) stix.Value {
	for path != "" {
		var alternative string
		alternative, path, _ = strings.Cut(path, "|")
		name, rest, nested := strings.Cut(alternative, "/")
		v := b.o.Property(name)
		if nested && name == "extensions" {
			v = b.o.Root(name) // of the root only, like type
		}
		for nested {
			name, rest, nested = strings.Cut(rest, "/")
			v = v.Member(name)
		}
		if !v.Empty() {
			return v
		}
	}
	return nil
}

// text reads a property as a text without blanks around it; a whole number counts as its digits.
func (b *builder) text(path string) string { return plainText(b.property(path)) }

func plainText(v stix.Value) string {
	switch v.Kind() {
	case '"':
		s, _ := v.Text()
		return strings.TrimSpace(s)
	case '0':
		return string(v)
	case '{':
		// Hashes: the first of whatever is there.
		for _, e := range v.Members() {
			if s := plainText(e); s != "" {
				return s
			}
		}
	case '[':
		for e := range v.Elements() {
			if s := plainText(e); s != "" {
				return s
			}
		}
	}
	return ""
}

// plainBytes is the bytes of a text that needs no decoding, to look it up without a
// copy; nil for any other value.
func plainBytes(v stix.Value) []byte {
	if v.Kind() != '"' || len(v) < 2 || bytes.IndexByte(v, '\\') >= 0 {
		return nil
	}
	return v[1 : len(v)-1]
}

// texts reads a property as a list of texts.
func (b *builder) texts(path string) []string {
	list := b.property(path).Texts()
	for i, s := range list {
		list[i] = strings.TrimSpace(s)
	}
	return unique(list)
}
