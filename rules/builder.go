package rules

import (
	"errors"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Builder makes Kibana rules of OpenCTI indicators. It is safe for concurrent use.
type Builder struct {
	opts      Options
	translate Translator
	joined    []string // the fields of documents that managed rules join
	guard     *guard
}

// NewBuilder makes a builder, or says everything that is wrong with the options.
func NewBuilder(opts Options) (*Builder, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	b := &Builder{opts: opts.withDefaults(), joined: joinedFields()}
	b.guard = newGuard(b.opts.Managed)
	b.translate = b.opts.Translator
	if b.translate == nil {
		o := query.Options{Indices: b.opts.Indices, Fields: b.opts.Fields, JoinBy: b.opts.JoinBy, DisableJoin: b.opts.DisableJoin, AsEvents: true, FileIdentity: !b.opts.Reading.DisableFileIdentity}
		if o.DisableJoin {
			o.JoinBy = nil
		}
		t, err := query.New(o)
		if err != nil {
			return nil, err
		}
		b.translate = t
	}
	return b, nil
}

// Policy tells which indicators have rules of their own.
func (b *Builder) Policy() Policy { return b.opts.Policy }

// Connector returns the id of the connector that the rules belong to; it can be empty.
func (b *Builder) Connector() string { return b.opts.Connector }

// RuleID returns the rule_id of an indicator's rule, by the indicator's key.
func (b *Builder) RuleID(key string) string { return RuleID(b.opts.Connector, key) }

// Build makes the rule of an indicator. A [*NoRuleError] says that there is none, and why;
// any other error is a fault of ours.
func (b *Builder) Build(o *stix.Object) (Rule, error) {
	d, err := b.plan(o)
	if err != nil {
		return nil, err
	}
	shown := o
	if !b.opts.KeepPasswords {
		shown = o.Masked()
		if sensitive := o.Sensitive(); sensitive != 0 {
			for i, remark := range d.remarks {
				d.remarks[i] = sensitive.Mask(remark)
			}
		}
	}
	r := d.rule
	*r.Base() = b.common(shown, d, r.Type())
	return r, nil
}

// Check tells whether an indicator has a rule, by the same error as [Builder.Build], for less work.
func (b *Builder) Check(o *stix.Object) error {
	_, err := b.plan(o)
	return err
}

func (b *Builder) plan(o *stix.Object) (detection, error) {
	if err := b.wanted(o); err != nil {
		return detection{}, err
	}
	d, err := b.detect(o)
	if err == nil && d.covered(b.opts.Policy) {
		err = &NoRuleError{Why: Covered, Detail: "the managed match rules cover its values"}
	}
	if none, ok := errors.AsType[*NoRuleError](err); ok && !b.opts.KeepPasswords {
		none.Detail = o.Sensitive().Mask(none.Detail)
	}
	return d, err
}

// wanted gives the reason why an indicator has no rule whatever its pattern says.
func (b *Builder) wanted(o *stix.Object) error {
	if o.Type != "indicator" {
		return &NoRuleError{Why: NotIndicator, Detail: "a " + clip(plain(o.Type, false), 64) + " has no pattern"}
	}
	if b.opts.Policy == Off {
		return &NoRuleError{Why: SwitchedOff, Detail: "rules are switched off"}
	}
	if ok, reason := b.opts.Filter.Passes(o); !ok {
		return &NoRuleError{Why: Filtered, Detail: "the filter leaves the indicator out: " + plain(reason, false)}
	}
	if o.Revoked() {
		return &NoRuleError{Why: Revoked, Detail: "the indicator is revoked"}
	}
	if until := o.Time("valid_until"); !until.IsZero() && !until.After(b.opts.Now()) {
		return &NoRuleError{Why: Expired, Detail: "the indicator was valid until " + day(until)}
	}
	switch patternType(o) {
	case "stix", "kql", "kuery", "lucene", "eql", "esql":
		return nil
	}
	return &NoRuleError{Why: NoElasticQuery, Detail: "pattern type " + clip(plain(patternType(o), false), 64) + " has no Elastic query"}
}

// patternType is the language of the pattern, in lower case; STIX's default is stix.
func patternType(o *stix.Object) string {
	s, _ := o.Root("pattern_type").Text()
	if s = strings.ToLower(strings.TrimSpace(s)); s == "" {
		return "stix"
	}
	return s
}

const (
	maxName        = 256
	maxDescription = 4 << 10
	maxTag         = 128
	maxLabels      = 64
	maxReferences  = 32
)

// common fills in what rules of all types have.
func (b *Builder) common(o *stix.Object, d detection, kind string) Common {
	risk := RiskScore(o)
	c := Common{
		RuleID: b.RuleID(o.Key()), Kind: kind,
		Name:        clip("OpenCTI: "+plain(b.nameOf(o), false), maxName),
		Description: clip(plain(o.Text("description"), true), maxDescription),
		RiskScore:   risk, Severity: SeverityOf(risk), Enabled: d.off == "" && b.enabled(o),
		Interval: interval(b.opts.Interval), From: back(b.opts.Interval + b.opts.Lookback + d.span), To: "now", MaxSignals: b.opts.MaxSignals,
		Tags: b.tags(o), Author: unique([]string{b.opts.Author}, []string{clip(plain(b.authorOf(o), false), maxTag)}), License: b.opts.License,
		References: b.references(o), Threat: threats(o), Note: b.note(o, d.notes()),
		FalsePositives: []string{"The value is shared or has changed hands (hosting, content delivery, sinkholes), or the indicator is out of date. Its score and validity stand in OpenCTI."},
		Meta: Meta{
			ManagedBy: ManagedBy, Connector: b.opts.Connector, OpenCTIID: clip(o.Key(), 256), Origin: FromIndicator, Atomic: d.atomic, NoLookup: d.noLookup,
			PatternType: clip(patternType(o), 64), ExpiresAt: earlier(o.Time("valid_until"), d.ends),
		},
	}
	if c.Description == "" {
		c.Description = "Events that satisfy the pattern of this indicator from OpenCTI."
	}
	if !b.opts.EventTime && !d.sequence {
		c.TimestampOverride = timestampOverride
	}
	if fields := unique(d.fields, b.opts.InvestigationFields); len(fields) > 0 {
		c.InvestigationFields = &InvestigationFields{FieldNames: fields}
	}
	if b.opts.BuildingBlock {
		c.BuildingBlockType = "default"
	}
	return c
}

// nameOf is the indicator's name, or else the first line of its pattern.
func (b *Builder) nameOf(o *stix.Object) string {
	if name := o.Text("name"); plain(name, false) != "" {
		return name
	}
	pattern, _ := o.Root("pattern").Text()
	if pattern = strings.TrimSpace(pattern); plain(pattern, false) == "" {
		return o.Key()
	}
	first, _, _ := strings.Cut(pattern, "\n")
	return first
}

func (b *Builder) authorOf(o *stix.Object) string {
	if b.opts.References == nil || o.Author() == "" {
		return ""
	}
	if name, _, ok := b.opts.References.Author(o.Author()); ok {
		return name
	}
	return ""
}

func (b *Builder) markingsOf(o *stix.Object) []string {
	var out []string
	for m := range o.MarkingsBy(b.opts.References) {
		if m.Name != "" && !slices.Contains(out, m.Name) {
			out = append(out, m.Name)
		}
	}
	return out
}

// marks are the tags that say whose a rule is.
func (b *Builder) marks() []string {
	return unique([]string{"opencti", "threat-intel", ManagedTag, OwnerTag(b.opts.Connector)})
}

func (b *Builder) tags(o *stix.Object) []string {
	tags := b.marks()
	var more []string
	for _, t := range slices.Concat(b.markingsOf(o), o.Labels()) {
		t = clip(plain(t, false), maxTag)
		if len(more) == maxLabels {
			more = append(more, "more labels in OpenCTI"+cutMark)
			break
		}
		more = append(more, t)
	}
	return unique(tags, more)
}

// link is the indicator's page in OpenCTI.
func (b *Builder) link(o *stix.Object) string {
	if b.opts.OpenCTIURL == "" {
		return ""
	}
	return b.opts.OpenCTIURL + "/dashboard/id/" + pathEscape(o.Key())
}

func (b *Builder) references(o *stix.Object) []string {
	var out []string
	if link := b.link(o); link != "" {
		out = append(out, link)
	}
	for _, ref := range o.ExternalReferences() {
		if u, ok := webURL(ref.URL); ok && len(out) < maxReferences {
			out = append(out, u)
		}
	}
	return unique(out)
}

// enabled tells whether the rule is to run.
func (b *Builder) enabled(o *stix.Object) bool {
	e := b.opts.Enable
	if b.opts.CreateDisabled {
		return false
	}
	if detection, _ := o.OCTI("detection").Bool(); e.Detection && !detection {
		return false
	}
	if score, _ := o.Score(); score < e.MinScore {
		return false
	}
	labels := o.Labels()
	if len(e.Labels) > 0 && !anyFold(labels, e.Labels) || anyFold(labels, e.ExceptLabels) {
		return false
	}
	return len(e.PatternTypes) == 0 || anyFold([]string{patternType(o)}, e.PatternTypes)
}

func anyFold(have, want []string) bool {
	return slices.ContainsFunc(have, func(h string) bool {
		return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(h, w) })
	})
}

// unique joins lists, without what is empty or was there before.
func unique(lists ...[]string) []string {
	var out []string
	for _, s := range slices.Concat(lists...) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func pathEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte(safeInRuleID, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + hexByte(c))
		}
	}
	return b.String()
}

func hexByte(c byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[c>>4], digits[c&15]})
}
