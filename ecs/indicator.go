package ecs

import (
	"strings"
	"time"
)

// indicator fills the document of an indicator.
func (b *builder) indicator() {
	o, d := b.o, b.doc
	i, opt := &d.Threat.Indicator, &b.m.options
	info := &IndicatorInfo{InternalID: o.InternalID, StandardID: o.ID, Revoked: o.Revoked()}
	info.Score, info.Confidence = b.score, b.confidence
	info.Lang, _ = o.Root("lang").Text()
	info.Pattern, _ = o.Root("pattern").Text()
	info.PatternType, _ = o.Root("pattern_type").Text()
	info.PatternVersion, _ = o.Root("pattern_version").Text()
	info.MainObservableType = o.Text("main_observable_type")
	info.IndicatorTypes = unique(o.Root("indicator_types").Texts())
	if is, ok := o.OCTI("is_inferred").Bool(); ok {
		info.IsInferred = truthOf(is)
	}
	if is, ok := o.OCTI("detection").Bool(); ok {
		info.Detection = truthOf(is)
	}
	b.references(&info.References)
	b.killChain(&info.KillChainPhase)
	i.TLP = b.markings(&info.Marking)
	info.Author, i.Provider, info.AuthorClass = b.author()
	b.validity(info)
	b.patternValues(info)
	i.Name = b.indicatorName(info)
	d.OpenCTI.Indicator = info
	if opt.RuleReason != nil {
		d.OpenCTI.RuleReason = b.show(opt.RuleReason(b.given))
	}
}

// validity fills the dates between which the indicator counts.
func (b *builder) validity(info *IndicatorInfo) {
	d := b.doc
	info.ValidFrom = b.date("valid_from", "opencti.indicator.valid_from")
	info.ValidUntil = b.date("valid_until", "opencti.indicator.valid_until")
	if !info.ValidUntil.IsZero() {
		d.ExpiresAt = info.ValidUntil
	}
	info.InvalidOrRevokedFrom = b.invalidFrom(info)
	d.Revoked = info.Revoked
}

// invalidFrom is from when the indicator counts no more: the revocation, if that came before the end.
func (b *builder) invalidFrom(info *IndicatorInfo) time.Time {
	if !info.Revoked {
		return info.ValidUntil
	}
	if modified := b.o.Modified(); !modified.IsZero() && (info.ValidUntil.IsZero() || modified.Before(info.ValidUntil)) {
		return modified
	}
	return info.ValidUntil
}

// indicatorName is the name, or else the first value, or else the beginning of the pattern.
func (b *builder) indicatorName(info *IndicatorInfo) string {
	const longest = 1024
	name, _ := b.o.Root("name").Text()
	switch {
	case strings.TrimSpace(name) != "":
	case len(info.Value) > 0:
		name = info.Value[0]
	case strings.TrimSpace(info.Pattern) != "":
		name = info.Pattern
	default:
		name = b.o.Key()
	}
	if short := cut(name, longest); short != name {
		b.adjust("threat.indicator.name", "cut to 1024 characters")
		return short
	}
	return name
}
