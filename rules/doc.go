// Package rules makes Kibana detection rules of OpenCTI indicators.
//
// Start with [NewBuilder] and [Builder.Build]:
//
//	b, err := rules.NewBuilder(rules.Options{OpenCTIURL: "https://cti.example.org"})
//	r, err := b.Build(indicator)   // a *stix.Object
//	line, err := rules.Marshal(r)  // as Kibana's import takes it
//
// The type of rule follows the pattern's language: kql and lucene give a
// [*QueryRule], eql an [*EQLRule], esql an [*ESQLRule]. A STIX pattern is translated
// (package query) to the least powerful type that says exactly what the pattern says: KQL or Lucene
// where one event decides, a [*ThresholdRule] for REPEATS, EQL for sequences, ES|QL
// where only that can say it. A query is never wider than the pattern; what it doesn't see
// stands in the rule's note. Where no honest query exists, Build gives a
// [*NoRuleError] that says why; [NoRuleError.Fault] tells a broken pattern from an indicator that
// has no rule for good reason: revoked, expired, sigma or yara, covered.
//
// The risk score is two parts OpenCTI's score and one part confidence ([RiskScore]); severity
// follows Kibana's own bands.
//
// # How many rules
//
// Kibana runs hundreds of rules well and thousands with care; it stops at 10,000 runs a
// minute (400 on serverless), which is 50,000 rules at the default interval of five minutes, and
// is slow long before. The policy says which indicators have a rule of their own:
//
//   - [PerIndicator], the default: each with a pattern. Good up to some thousand indicators.
//   - [Match]: those that are nothing but single values (addresses, domains, URLs, hashes …)
//     are covered by ten indicator-match rules over the index of documents, however many they are.
//   - [Lookup]: the same by ES|QL LOOKUP JOIN, cheaper; the index must be in lookup
//     mode, and every event field of the rules must be mapped by some index.
//   - [Off]: none.
//
// The match rules leave out private and reserved addresses, top sites, the empty file, denied
// traffic and indicators of low confidence ([Managed]).
//
// # Texts
//
// Intelligence is untrusted. What goes into names, tags, descriptions and notes can't be markup, a link
// of its own, a template, or a character that hides; long texts are cut visibly.
//
// # Facts
//
// Fields, limits and defaults are those of Kibana's detection engine API, version
// 2023-10-31, of 8.18 to 9.x. Kibana doesn't read a query when a rule is written and drops unknown
// fields in silence, so the tests hold every rule against its schema.
package rules
