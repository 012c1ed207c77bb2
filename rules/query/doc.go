// Package query translates STIX patterns to the query languages of Elastic:
// KQL, Lucene, EQL, ES|QL and Query DSL.
//
// Start with [New] and [Translator.Translate]:
//
//	t, err := query.New(query.Options{})
//	p, err := pattern.Parse(`[domain-name:value = 'evil.example']`)
//	q, err := t.Translate(p, query.KQL)
//	// q.Text: dns.question.name: "evil.example" or url.domain: "evil.example" or …
//
// A translation is exact, or says in [Query.Lossy] what it lost and where in
// the pattern, or there is none and the [*UntranslatableError] says why. What is
// lost makes the query match more, never less, and only with
// [Options.AllowWider]. One thing is left out of an OR without asking, but never
// without saying: a path that no event field carries can't be searched.
//
// There is one middle form between the pattern and the five printers. It
// decides which fields are looked at, how values are written in events, what a
// negation asks of a field, which comparisons must hold on one entity. The
// printers only spell it, and escape every value: no value is ever more than text.
//
// What a comparison means for an event: one mapped field has one value for
// which it holds. A negated one asks for a field that is there and holds
// another value. Comparisons of one object type that are joined by AND must
// hold on one entity (a file's name and hash), unless a path is asked to equal
// two values. The package speaks of an event's fields only: that a field is
// absent proves nothing, so that NOT EXISTS has no translation.
//
// AND, FOLLOWEDBY, WITHIN and REPEATS between observations become sequences and
// samples in EQL, joined by host.id unless told otherwise. In the other
// languages, which see one event, they are lossy: every event that may take part is returned.
// [Translator.Repetition] gives what a threshold rule needs instead.
//
// ES|QL is written with QSTR (Elasticsearch 8.17 and later) rather than its own
// operators, which yield null for fields of several values and fail on columns
// that no index maps. KQL is kept to what Kibana's and Elasticsearch's readers
// both take. A pattern that no event can satisfy is refused, or with
// [Options.AllowEmpty] translated to a query that matches nothing.
//
// Which fields hold what is data: [DefaultMapping] is for the Elastic Common
// Schema; [Mapping.Extend] and [LoadMapping] change it for other log sources.
//
// Facts are from STIX 2.1 part 9 and the documentation of Elasticsearch 8.19
// and Kibana, checked against Elasticsearch 8.19 but for EQL, which is printed after
// its grammar.
package query
