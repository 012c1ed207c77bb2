package rules

import (
	"fmt"
	"slices"
	"strings"
)

// join is a managed rule of the policies [Match] and [Lookup]: which event fields equal which field
// of the indicators.
type join struct {
	name  string // in the rule_id
	title string
	// pairs are event field and indicator field, in alternatives of entries that must all hold.
	pairs [][]pair
	// needs is what an indicator must have besides a joined field, in KQL and in ES|QL.
	needs, needsESQL string
	// suppress is the event fields that stand for the indicator, at most two.
	suppress []string
	network  bool // denied traffic is left out
}

type pair struct{ event, indicator string }

const indicatorPath = "threat.indicator"

// joins gives the managed rules, one for each kind of field. Addresses have two: what our
// own hosts reach for, and who reached us and was let in.
func joins() []join {
	const at = indicatorPath + "."
	all := func(indicator string, events ...string) (out [][]pair) {
		for _, e := range events {
			out = append(out, []pair{{e, at + indicator}})
		}
		return out
	}
	var hashes [][]pair
	for _, algorithm := range [...]string{"md5", "sha1", "sha256", "sha512"} {
		for _, holder := range [...]string{"file", "process", "dll"} {
			hashes = append(hashes, []pair{{holder + ".hash." + algorithm, at + "file.hash." + algorithm}})
		}
	}
	return []join{
		{name: "address-outbound", title: "destination address", pairs: all("ip", "destination.ip", "dns.resolved_ip"), suppress: []string{"destination.ip"}, network: true},
		{name: "address-inbound", title: "source address", pairs: all("ip", "source.ip"), suppress: []string{"source.ip"}, network: true},
		{
			name: "domain", title: "domain", suppress: []string{"dns.question.name", "url.domain"}, network: true,
			pairs: all("url.domain", "dns.question.name", "url.domain", "destination.domain", "source.domain", "tls.client.server_name"),
			needs: "not " + at + "url.full: *", needsESQL: at + "url.full IS NULL",
		},
		{
			name: "url", title: "URL", suppress: []string{"url.full"}, network: true,
			pairs: append(all("url.full", "url.full"), all("url.original", "url.original")...),
		},
		{name: "hash", title: "file hash", pairs: hashes, suppress: []string{"file.hash.sha256", "process.hash.sha256"}},
		{
			name: "email", title: "e-mail address", suppress: []string{"email.from.address"},
			pairs: all("email.address", "email.from.address", "email.sender.address", "email.reply_to.address", "email.to.address", "email.cc.address"),
		},
		{
			name: "registry", title: "registry key", suppress: []string{"registry.path"},
			pairs: append(all("registry.path", "registry.path"), []pair{
				{"registry.hive", at + "registry.hive"}, {"registry.key", at + "registry.key"},
			}),
		},
		{name: "file-name", title: "file name", pairs: all("file.name", "file.name", "process.name", "dll.name"), suppress: []string{"file.name", "process.name"}},
		{
			name: "certificate", title: "certificate serial number", suppress: []string{"tls.server.x509.serial_number"}, network: true,
			pairs: all("x509.serial_number", "tls.server.x509.serial_number", "tls.client.x509.serial_number", "file.x509.serial_number"),
			// A serial number beside an issuer or subject is not sufficient alone.
			needs:     "not " + at + "x509.issuer.distinguished_name: * and not " + at + "x509.subject.distinguished_name: *",
			needsESQL: at + "x509.issuer.distinguished_name IS NULL AND " + at + "x509.subject.distinguished_name IS NULL",
		},
		{
			name: "autonomous-system", title: "autonomous system", suppress: []string{"destination.as.number"}, network: true,
			pairs: all("as.number", "destination.as.number", "source.as.number"),
		},
	}
}

// eventFields are the event fields of which one must be there.
func (j join) eventFields() []string {
	var out []string
	for _, entries := range j.pairs {
		if f := entries[0].event; !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

func (j join) indicatorFields() []string {
	var out []string
	for _, entries := range j.pairs {
		if f := entries[0].indicator; !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// Managed gives the rules that the policy asks for besides those of the indicators: none for
// [PerIndicator] and [Off].
func (b *Builder) Managed() []Rule {
	var out []Rule
	for _, j := range joins() {
		switch b.opts.Policy {
		case Match:
			out = append(out, b.matchRule(j))
		case Lookup:
			out = append(out, b.lookupRules(j)...)
		}
	}
	return out
}

func (b *Builder) managed(j join, origin Origin, id, kind string) Common {
	m := b.opts.Managed
	c := Common{
		RuleID: managedRuleID(b.opts.Connector, origin, id), Kind: kind,
		Name: "OpenCTI indicators: " + j.title,
		Description: "Events whose " + j.title + " equals that of an indicator from OpenCTI. Which indicator it was stands in the alert under threat.enrichments. " +
			"One rule covers all indicators whose pattern is nothing but such values.",
		RiskScore: 73, Severity: High, Enabled: !b.opts.CreateDisabled,
		Interval: interval(m.Interval), From: back(m.Interval + b.opts.Lookback), To: "now",
		MaxSignals: b.opts.MaxSignals, Tags: b.marks(), Author: []string{b.opts.Author}, License: b.opts.License,
		Note: "## Indicators from OpenCTI\n\nThe alert names the indicator that matched under threat.enrichments, with a link to it. " +
			"Look at its validity, score and source before you act.\n\n" + NoteMarker,
		Meta: Meta{ManagedBy: ManagedBy, Connector: b.opts.Connector, Origin: origin},
	}
	if b.opts.OpenCTIURL != "" {
		c.References = []string{b.opts.OpenCTIURL}
	}
	if !b.opts.EventTime {
		c.TimestampOverride = timestampOverride
	}
	c.InvestigationFields = &InvestigationFields{FieldNames: unique(j.eventFields(), b.opts.InvestigationFields)}
	if b.opts.BuildingBlock {
		c.BuildingBlockType = "default"
	}
	return c
}

func (b *Builder) matchRule(j join) Rule {
	r := &ThreatMatchRule{
		Common: b.managed(j, FromMatch, j.name, "threat_match"), Language: "kuery", Query: b.eventQuery(j), Index: b.opts.Indices, DataViewID: b.opts.DataViewID,
		ThreatIndex: []string{b.opts.Managed.Index}, ThreatQuery: b.threatQuery(j), ThreatLanguage: "kuery", ThreatIndicatorPath: indicatorPath,
	}
	if r.DataViewID != "" {
		r.Index = nil
	}
	for _, entries := range j.pairs {
		var m ThreatMapping
		for _, p := range entries {
			m.Entries = append(m.Entries, ThreatMappingEntry{Field: p.event, Type: "mapping", Value: p.indicator})
		}
		r.ThreatMapping = append(r.ThreatMapping, m)
	}
	if !b.opts.Managed.NoSuppression {
		r.Suppression = &Suppression{
			GroupBy: append(slices.Clone(j.suppress), "host.name"), Duration: suppressFor(b.opts.SuppressFor), MissingFields: "suppress",
		}
	}
	return r
}

// eventQuery says which events are looked at. The guards stand here and not among
// the indicators, since one indicator can have several values.
func (b *Builder) eventQuery(j join) string {
	fields := j.eventFields()
	if b.opts.Managed.NoGuard {
		return kqlExists(fields)
	}
	query := kqlGuarded(fields, func(f string) []string { return b.leftOut(j, f) })
	if j.network {
		query += " and " + notDenied
	}
	return query
}

// leftOut is the values of a field that are left out.
func (b *Builder) leftOut(j join, field string) []string {
	switch {
	case b.opts.Managed.NoGuard:
	case strings.HasPrefix(j.name, "address"):
		return slices.Concat(guardNetworks(), b.opts.Managed.Networks)
	case j.name == "domain":
		var names []string
		for _, d := range slices.Concat(guardDomains(), b.opts.Managed.Domains) {
			names = append(names, d, "www."+d)
		}
		return names
	case j.name == "hash":
		return []string{guardHash(field[strings.LastIndexByte(field, '.')+1:])}
	}
	return nil
}

// threatQuery says which indicators are joined: ours, alive, of enough confidence. Observables
// are not: they were seen, nobody said that they are malicious.
func (b *Builder) threatQuery(j join) string {
	m := b.opts.Managed
	parts := []string{
		"event.dataset: " + quoteKQL(m.Dataset), "opencti.indicator.pattern_type: *", kqlExists(j.indicatorFields()),
		"not opencti.indicator.revoked: true", `not opencti.expires_at < "now"`,
	}
	for _, word := range below(m.MinConfidence) {
		parts = append(parts, "not threat.indicator.confidence: "+quoteKQL(word))
	}
	if m.MinScore > 0 {
		parts = append(parts, fmt.Sprintf("opencti.indicator.score >= %d", m.MinScore))
	}
	if j.needs != "" {
		parts = append(parts, j.needs)
	}
	return strings.Join(parts, " and ")
}

// below are ECS's words for less confidence than that.
func below(confidence string) []string {
	words := []string{"None", "Low", "Medium", "High"}
	return words[:max(slices.Index(words, confidence), 0)]
}
