package ecs

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// patternValues fills what an indicator's pattern says: the values that suffice
// alone go to the fields that rules join on, those that need company to related.*.
// A pattern that cannot be parsed, or of another language, gives what OpenCTI itself understood of it,
// which lacks the pattern's logic and so never suffices.
func (b *builder) patternValues(info *IndicatorInfo) {
	i := &b.doc.Threat.Indicator
	i.Type = entityWord(info.MainObservableType)
	if info.PatternType != "" && !strings.EqualFold(info.PatternType, "stix") {
		b.observableValues(info)
		return
	}
	p, err := pattern.Parse(info.Pattern)
	if err != nil {
		b.drop("threat.indicator", "the STIX pattern cannot be parsed")
		b.observableValues(info)
		return
	}
	words := make([]string, 0, 4) // the types of the values that suffice
	others := make([]string, 0, 4)
	valuesOf(p.Root, true, func(v patternValue) {
		word := b.patternValue(info, v)
		if v.sufficient {
			words = add(words, word)
		} else {
			others = add(others, word)
		}
	})
	info.Range = b.blocks
	switch {
	case len(words) > 0 && !contains(words, i.Type):
		// The Indicators page names a document by its type and the value that belongs to it.
		i.Type = words[0]
	case i.Type != "":
	case len(others) > 0:
		i.Type = others[0]
	default:
		for c := range p.Comparisons() {
			if i.Type = entryWord(c.Path.Object); i.Type != "" {
				break
			}
		}
	}
}

// patternValue takes one value; it returns the type that such a value has.
func (b *builder) patternValue(info *IndicatorInfo, v patternValue) (word string) {
	const most = 1024 // values in opencti.indicator.value
	if path := &v.comparison.Path; !secretPath(path) && len(info.Value) < most {
		b.add(&info.Value, v.text)
	}
	rule, name := findPath(&v.comparison.Path)
	if rule == nil {
		return ""
	}
	blocks := len(b.blocks)
	// An address that is a subset of a block, or of itself, is told by opencti.indicator.range.
	b.joined = v.sufficient && v.comparison.Op != pattern.IsSubset
	rule.put(b, name, v.text)
	if !v.sufficient {
		b.blocks = b.blocks[:blocks] // a range is joined on as well
	}
	return rule.word
}

// secretPath tells whether a path leads to what is never stored.
func secretPath(p *pattern.ObjectPath) bool {
	name := p.Steps[len(p.Steps)-1].Name
	return contains(secrets[""], name) || contains(secrets[p.Object], name)
}

// observableValues takes what OpenCTI understood of a pattern: [{"type":"IPv4-Addr","value":…},
// {"type":"StixFile","hashes":{…}}].
func (b *builder) observableValues(info *IndicatorInfo) {
	b.joined = false
	for e := range b.o.OCTI("observable_values").Elements() {
		entity, _ := e.Member("type").Text()
		t := findEntity(entity)
		if t == nil || t.stix == "credential" {
			continue
		}
		text := plainText(e.Member("value"))
		switch t.stix {
		case "ipv4-addr", "ipv6-addr":
			b.address(text)
		case "domain-name", "hostname":
			b.domain(text)
		case "url":
			b.url(text)
		case "email-addr":
			b.email(text)
		case "file", "artifact":
			eachHash(e.Member("hashes"), b.hash)
		}
		b.add(&info.Value, text)
		eachHash(e.Member("hashes"), func(_, s string) { b.add(&info.Value, hashText(s)) })
	}
	b.blocks = nil
}

// eachHash reads a dictionary of hashes, or the list of algorithm and hash that some versions send.
func eachHash(hashes stix.Value, take func(algorithm, hash string)) {
	for algorithm, v := range hashes.Members() {
		take(algorithm, plainText(v))
	}
	for e := range hashes.Elements() {
		algorithm, _ := e.Member("algorithm").Text()
		take(algorithm, plainText(e.Member("hash")))
	}
}

// entityWord is the threat.indicator.type of a type in OpenCTI's spelling, "" for Unknown.
func entityWord(name string) string {
	if t := findEntity(name); t != nil {
		return t.word
	}
	return ""
}

// entryWord is the threat.indicator.type of a STIX type.
func entryWord(stixType string) string {
	if t := findObservable(strings.ToLower(stixType)); t != nil {
		return t.word
	}
	return ""
}
