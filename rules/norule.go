package rules

// Why tells why an indicator has no rule of its own.
type Why string

// The reasons. Those up to [Expired] are how things should be; from [Untranslatable] on
// something is amiss with the pattern, which a person may want to see.
const (
	// NotIndicator: the object is none.
	NotIndicator Why = "not_indicator"
	// SwitchedOff: the policy makes no rules.
	SwitchedOff Why = "off"
	// Covered: managed match rules cover it.
	Covered Why = "covered"
	// Filtered: [Options.Filter] leaves it out.
	Filtered Why = "filtered"
	// NoElasticQuery: the pattern is in a language that has no Elastic query (sigma, yara, snort …).
	NoElasticQuery Why = "no_elastic_query"
	// Revoked: the indicator is revoked.
	Revoked Why = "revoked"
	// Expired: the indicator is not valid any more.
	Expired Why = "expired"
	// Untranslatable: no honest query exists for the pattern.
	Untranslatable Why = "untranslatable"
	// BrokenPattern: the pattern can't be read, or would fail at each run.
	BrokenPattern Why = "broken_pattern"
)

// NoRuleError says that an indicator has no rule of its own, and that none must be kept.
type NoRuleError struct {
	Why Why
	// Detail says it in words, with the place in the pattern where there is one.
	Detail string
	// Err is the cause, such as a *query.UntranslatableError; it can be nil.
	Err error
}

// Error implements error.
func (e *NoRuleError) Error() string { return "no rule: " + e.Detail }

// Unwrap gives the cause.
func (e *NoRuleError) Unwrap() error { return e.Err }

// Fault tells whether something is amiss with the pattern.
func (e *NoRuleError) Fault() bool { return e.Why == Untranslatable || e.Why == BrokenPattern }

// Gone tells whether the indicator had its time: revoked or expired.
func (e *NoRuleError) Gone() bool { return e.Why == Revoked || e.Why == Expired }
