package ecs

import (
	"cmp"
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
	text, _ := b.given.Root("pattern").Text()
	p, err := pattern.Options{Version: pattern.VersionOf(info.PatternVersion, "")}.Parse(text)
	if err != nil {
		reason := "the STIX pattern cannot be parsed"
		if strings.TrimSpace(text) == "" {
			reason = "the indicator has no pattern"
		}
		b.drop("threat.indicator", reason)
		b.observableValues(info)
		return
	}
	v := patternValues{b: b, info: info, written: p}
	v.pattern(p, b.m.options.Reading.Read(p))
	info.Range = b.blocks
	if f := &b.values().File; !f.empty() {
		f.Type = v.fileType()
	}
	switch {
	case v.word != "" && !v.fits:
		// The Indicators page names a document by its type and the value that belongs to it.
		i.Type = v.word
	case i.Type != "":
	case v.otherWord != "":
		i.Type = v.otherWord
	default:
		for c := range p.Comparisons() {
			if i.Type = entryWord(c.Path.Object); i.Type != "" {
				break
			}
		}
	}
}

// patternValues takes the values of a pattern for a document.
type patternValues struct {
	b    *builder
	info *IndicatorInfo
	// written is the pattern as its author wrote it.
	written *pattern.Pattern
	// word is the type of the first value that suffices alone, otherWord of the first that needs company.
	word, otherWord string
	// fits reports that a value that suffices alone is of the type that the platform says.
	fits bool
	// files and directories tell that a value that suffices alone is of one.
	files, directories bool
}

// fileType is threat.indicator.file.type of the values that suffice; a document has one only.
func (v *patternValues) fileType() string {
	switch {
	case v.files && !v.directories:
		return "file"
	case v.directories && !v.files:
		return "dir"
	}
	return ""
}

// pattern takes the values of a pattern by what it means: those that suffice, those that need
// company, and what describes a file that is known by its hash.
func (v *patternValues) pattern(p *pattern.Pattern, meaning pattern.Interpretation) {
	if meaning.Pattern == nil {
		v.b.drop("threat.indicator", "nothing can satisfy the pattern: "+meaning.Impossible[0].String())
		for c := range p.Comparisons() {
			v.comparison(c, false)
		}
		return
	}
	for c, alone := range meaning.Pattern.Sufficient() {
		v.comparison(c, alone)
	}
	for _, c := range meaning.Implied {
		// Its other hashes are the file's too: those by which it is not known alone.
		n := len(c.Path.Steps)
		v.comparison(c, n > 1 && c.Path.Steps[n-2].Name == "hashes")
	}
}

// comparison takes the values that a comparison names whole: not those of LIKE and
// MATCHES, which are patterns themselves, nor of an order (<, >=).
func (v *patternValues) comparison(c *pattern.Comparison, alone bool) {
	switch c.Op {
	case pattern.Equal, pattern.NotEqual:
		v.value(c, &c.Value, alone && c.IsEquality())
	case pattern.IsSubset:
		v.value(c, &c.Value, alone && !c.Negated)
	case pattern.In:
		for i := range c.Set {
			if i > 0 && c.Set[i].Start > 0 && c.Set[i].Span == c.Set[i-1].Span {
				v.spelling(c, c.Set[i].Text, alone && c.IsEquality())
				continue
			}
			v.value(c, &c.Set[i], alone && c.IsEquality())
		}
	case pattern.Like:
		// A relative path is asked for at the end of longer ones; whole is what its author wrote.
		if c.Value.Span == c.Span && c.Span.End > 0 {
			v.named(c, strings.TrimLeft(c.Value.Text, `%\/`))
		}
	}
}

// value takes one value. One that suffices goes to the fields that rules join on.
func (v *patternValues) value(c *pattern.Comparison, l *pattern.Literal, suffices bool) {
	b := v.b
	if c.Path.Steps[len(c.Path.Steps)-1].Name == "type" {
		return // the name of a type is no value
	}
	v.named(c, l.Text)
	word := ""
	if rule, name := findPath(&c.Path); rule != nil {
		blocks := len(b.blocks)
		// An address that is a subset of a block, or of itself, is told by opencti.indicator.range.
		b.joined = suffices && c.Op != pattern.IsSubset
		b.shown = b.joined || c.IsEquality()
		if c.Path.Object == "url" {
			b.written = v.written.Written(*l)
		}
		rule.put(b, name, l.Text)
		if !suffices {
			b.blocks = b.blocks[:blocks] // a range is joined on as well
		}
		if word = rule.word; word == byLook {
			word = typeOfValue(l.Text)
		}
	}
	if suffices {
		v.files, v.directories = v.files || word == "file", v.directories || word == "directory"
		v.word, v.fits = cmp.Or(v.word, word), v.fits || word != "" && word == b.doc.Threat.Indicator.Type
	} else {
		v.otherWord = cmp.Or(v.otherWord, word)
	}
}

// named takes a value to opencti.indicator.value, whether it suffices or not.
func (v *patternValues) named(c *pattern.Comparison, text string) {
	const most = 1024
	switch {
	case stix.SecretPath(&c.Path):
	case len(v.info.Value) == most:
		v.b.drop("opencti.indicator.value", "there are more than 1024 values")
	default:
		v.b.add(&v.info.Value, v.b.show(text))
	}
}

// spelling takes another spelling of the value before it, for events that carry that.
func (v *patternValues) spelling(c *pattern.Comparison, text string, suffices bool) {
	rule, name := findPath(&c.Path)
	if rule == nil || !suffices {
		return
	}
	b := v.b
	b.joined = true
	switch rule.word {
	case "domain-name", byLook:
		b.add(&b.values().URL.Domain, text)
	case "url":
		b.add(&b.values().URL.Full, text)
	default:
		rule.put(b, name, text)
	}
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
