package rules

import (
	"errors"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Reason returns in words why no rule that is switched on detects an indicator: there is none, or it would match nearly
// everything, or read other indices than those of events, and is made switched off. It is "" if one does or the indicator is of no interest. It
// is what a document says of its indicator, for those who miss a rule.
func (b *Builder) Reason(o *stix.Object) string {
	d, err := b.plan(o)
	none, ok := errors.AsType[*NoRuleError](err)
	switch {
	case ok && none.Why != NotIndicator && none.Why != Covered:
		return none.Detail
	case err == nil && d.off != "", ok && none.Why == Covered && d.off != "":
		return "the rule is made switched off: " + d.off
	}
	return ""
}
