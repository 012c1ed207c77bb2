package ecs

import (
	"iter"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// JoinFields yields the fields of the document by which indicator-match rules find what a
// pattern asks for: for each value that suffices alone the field that holds it, such as
// "threat.indicator.ip", and "" for whatever else the pattern asks. Rules that join all of
// these fields, none of which is "", say all that the pattern says.
func JoinFields(p *pattern.Pattern) iter.Seq[string] {
	return func(yield func(string) bool) {
		b := builder{doc: &Document{}, joined: true, shown: true}
		for c, alone := range p.Sufficient() {
			if !alone || !c.IsEquality() {
				if !yield("") {
					return
				}
				continue
			}
			rule, name := findPath(&c.Path)
			for l := range c.Literals() {
				if !yield(b.joinField(rule, name, l.Text)) {
					return
				}
			}
			if c.Op == pattern.In && len(c.Set) == 0 && !yield("") {
				return
			}
		}
	}
}

// joinField returns the field that a value is joined by: where putting it into a document adds it.
func (b *builder) joinField(rule *pathRule, name, text string) string {
	const longest = 1024 // characters that a keyword is searched by
	if rule == nil || len(text) > longest {
		return ""
	}
	v := b.values()
	*v, b.doc.Dropped, b.slots, b.blocks, b.hosts, b.seen = Values{}, nil, b.slots[:0], nil, nil, nil
	b.doc.Related = Related{}
	rule.put(b, name, text)
	for _, field := range [...]struct {
		name  string
		holds bool
	}{
		{"ip", len(v.IP) > 0}, {"url.full", len(v.URL.Full) > 0}, {"url.domain", len(v.URL.Domain) > 0}, {"email.address", len(v.Email) > 0},
		{"file.hash.md5", len(v.File.Hash.MD5) > 0}, {"file.hash.sha1", len(v.File.Hash.SHA1) > 0}, {"file.hash.sha256", len(v.File.Hash.SHA256) > 0},
		{"file.hash.sha384", len(v.File.Hash.SHA384) > 0}, {"file.hash.sha512", len(v.File.Hash.SHA512) > 0}, {"file.hash.ssdeep", len(v.File.Hash.SSDEEP) > 0},
		{"file.hash.tlsh", len(v.File.Hash.TLSH) > 0}, {"file.name", len(v.File.Name) > 0}, {"registry.path", v.Registry != nil && len(v.Registry.Path) > 0},
		{"x509.serial_number", v.X509 != nil && len(v.X509.SerialNumber) > 0}, {"as.number", len(v.ASNumber) > 0},
	} {
		if field.holds {
			return "threat.indicator." + field.name
		}
	}
	return ""
}
