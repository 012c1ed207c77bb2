package ecs

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// custom reads the fields that the platform's administrators have added: integers, texts,
// truth values and dates, or lists of them.
func (b *builder) custom() []Property {
	const most, longest = 256, 256 // fields of one object, bytes of a name
	var out []Property
	for name, v := range b.o.Custom() {
		value := customValue(v)
		switch {
		case len(out) == most:
			b.drop("opencti.custom", "more custom fields than 256")
			return out
		case name == "" || len(name) > longest || strings.IndexFunc(name, func(r rune) bool { return r < ' ' }) >= 0:
			b.drop("opencti.custom", "a field's name is empty, too long or has control characters")
		case value == nil:
			b.drop("opencti.custom."+name, "neither a text, a number, a truth value nor a list of them")
		default:
			out = append(out, Property{Name: name, Value: value})
		}
	}
	return out
}

// customValue is a string, int64, float64, bool, or a []any of those; nil for anything else.
func customValue(v stix.Value) any {
	if v.Kind() != '[' {
		return scalar(v)
	}
	const most = 1024
	var list []any
	for e := range v.Elements() {
		if s := scalar(e); s != nil && len(list) < most {
			list = append(list, s)
		}
	}
	if list == nil {
		return nil
	}
	return list
}

func scalar(v stix.Value) any {
	switch v.Kind() {
	case '"':
		if s, _ := v.Text(); s != "" {
			return s
		}
	case '0':
		if n, ok := v.Int(); ok {
			return n
		}
		if f, ok := v.Float(); ok {
			return f
		}
	case 't', 'f':
		is, _ := v.Bool()
		return is
	}
	return nil
}

// customTexts is the values of a custom field as a filter names them.
func customTexts(v stix.Value) []string {
	if v.Kind() != '[' {
		return []string{customText(v)}
	}
	var out []string
	for e := range v.Elements() {
		out = append(out, customText(e))
	}
	return out
}

func customText(v stix.Value) string {
	if s, ok := v.Text(); ok {
		return strings.TrimSpace(s)
	}
	return string(v)
}
