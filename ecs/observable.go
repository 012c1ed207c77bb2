package ecs

import (
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// observable fills the document of an observable.
func (b *builder) observable(t *observableType) {
	o, d := b.o, b.doc
	floor := int64(b.m.options.ObservableScore)
	b.joined = b.m.options.Observables == JoinObservables && (floor == 0 || b.score.Set && b.score.Value >= floor)

	info := &ObservableInfo{
		Kind: t.key(), ID: o.InternalID, StandardID: o.ID, EntityType: o.EntityType,
		Score: b.score,
	}
	b.references(&info.References)
	if inferred, ok := o.OCTI("is_inferred").Bool(); ok {
		info.IsInferred = Truth{inferred, true}
	}
	i := &d.Threat.Indicator
	i.TLP = b.markings(&info.Marking)
	info.Author, i.Provider, info.AuthorClass = b.author()
	i.Type = t.word
	for _, path := range t.main {
		if info.Value = b.text(path); info.Value != "" {
			break
		}
	}
	if info.Value == "" && t == &otherType {
		info.Value = b.anyText()
	}
	if t.text != nil {
		info.Value = t.text(info.Value)
	}
	switch {
	case t.ecs != nil:
		t.ecs(b)
	case t.stix == "simple-observable":
		b.simpleFields()
	}
	info.Properties = b.properties(t)
	i.Name = b.observableName(t, info.Value)
	d.OpenCTI.Observable = info
	d.Revoked = o.Revoked()
}

// anyText is the first text that an object of an unknown type has of its own.
func (b *builder) anyText() string {
	for name, v := range b.o.Raw().Members() {
		switch name {
		case "type", "id", "spec_version", "lang", "description", "defanged":
			continue
		}
		if strings.HasSuffix(name, "_ref") || strings.HasPrefix(name, "x_opencti_") || v.Kind() != '"' {
			continue
		}
		if s := plainText(v); s != "" {
			b.placed = name
			return s
		}
	}
	return ""
}

// observableName is what people see: the main value, or else the type.
func (b *builder) observableName(t *observableType, value string) string {
	const longest = 1024
	switch {
	case t.stix == "network-traffic":
		value = b.trafficName()
	case t.stix == "autonomous-system" && value != "":
		value = strings.TrimSpace("AS" + strings.TrimPrefix(value, "AS") + " " + b.text("name"))
	case value == "" && b.o.EntityType != "":
		value = b.o.EntityType
	case value == "":
		value = b.o.Type
	}
	return cut(value, longest)
}

// trafficName is what was seen: "tcp port 443".
func (b *builder) trafficName() string {
	name := strings.Join(b.texts("protocols"), " ")
	if port := b.text("dst_port|src_port"); port != "" {
		name += " port " + port
	}
	if name = strings.TrimSpace(name); name == "" {
		return b.o.Type
	}
	return name
}

// properties reads what the type's table lists.
func (b *builder) properties(t *observableType) []Property {
	var out []Property
	for i := range t.properties {
		p := &t.properties[i]
		var v any
		if p.get != nil {
			v = p.get(b)
		} else {
			v = b.read(p, "opencti.observable."+p.name)
		}
		if v != nil {
			if out == nil {
				out = make([]Property, 0, len(t.properties)-i)
			}
			out = append(out, Property{Name: p.name, Value: v})
		}
	}
	return out
}

// read reads one property; nil if it says nothing.
func (b *builder) read(p *property, field string) any {
	v := b.property(p.source())
	if v.Empty() {
		return nil
	}
	switch p.kind {
	case listed, unreadList:
		list := b.texts(p.source())
		if n := len(v.Texts()); n == 0 || v.Kind() == '[' && n < length(v) {
			b.drop(field, "not a list of texts alone")
		}
		if len(list) == 0 {
			return nil
		}
		return list
	case whole:
		if n, ok := v.Int(); ok {
			return n
		}
	case truth:
		if is, ok := v.Bool(); ok {
			return is
		}
	case instant:
		if t, ok := v.Time(); ok {
			return t
		}
		if !v.NoDate() {
			b.drop(field, "not a date")
		}
		return nil
	default:
		if s := plainText(v); s != "" || v.Kind() == '"' {
			if s == "" {
				return nil // blanks say nothing
			}
			return s
		}
	}
	b.drop(field, "of another type than expected")
	return nil
}

func length(v stix.Value) (n int) {
	for range v.Elements() {
		n++
	}
	return n
}

// date reads a date of the object; the zero time, noted, if it is none.
func (b *builder) date(name, field string) time.Time {
	v := b.property(name)
	t, ok := v.Time()
	if !ok && !v.Empty() && !v.NoDate() {
		b.drop(field, "not a date")
	}
	return t
}
