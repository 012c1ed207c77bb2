package rules

import (
	"slices"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// covered reports whether the managed rules of the policies say all that the pattern says:
// whether it asks for nothing but values that its document holds in fields that they join.
func (b *Builder) covered(p *pattern.Pattern) (match, lookup bool) {
	const domain, url, registry = indicatorPath + ".url.domain", indicatorPath + ".url.full", indicatorPath + ".registry.path"
	var domains, urls, keys bool
	for field := range ecs.JoinFields(p) {
		if !slices.Contains(b.joined, field) {
			return false, false
		}
		domains, urls, keys = domains || field == domain, urls || field == url, keys || field == registry
	}
	// The domain of a URL stands in the same field as a Domain-Name: the rule of
	// domains leaves documents with a URL out.
	match = !domains || !urls
	// A key's values are joined by two fields, and LOOKUP JOIN takes one.
	return match, match && !keys
}

// joinedFields is the fields of indicators that managed rules join.
func joinedFields() []string {
	var out []string
	for _, j := range joins() {
		out = append(out, j.indicatorFields()...)
	}
	return out
}
