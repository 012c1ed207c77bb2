package rules

import (
	"errors"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Reason tells in words why an indicator has no detection rule at all, "" if it has one, is
// covered by a match rule, or is of no interest. It is what a document says of its indicator, for those who miss a rule.
func (b *Builder) Reason(o *stix.Object) string {
	none, ok := errors.AsType[*NoRuleError](b.Check(o))
	if !ok || none.Why == NotIndicator || none.Why == Covered {
		return ""
	}
	return none.Detail
}
