package rules

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/rules/native"
	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// detection is what a pattern makes of a rule.
type detection struct {
	rule     Rule // with its own fields, without the common ones
	atomic   bool // match rules cover it
	noLookup bool // though match rules cover it, those by LOOKUP JOIN don't
	sequence bool
	span     time.Duration // how much further than usual a run must look back
	ends     time.Time     // from when on no run can find anything; zero for never
	fields   []string      // the event fields that the pattern speaks of
	remarks  []string      // what an analyst should know of the query
	off      string        // why the rule is made switched off; empty for one that may run
}

const (
	// maxQuery is how long a query may be, in bytes.
	maxQuery = 512 << 10
	// maxFields bounds the investigation fields that come from the pattern.
	maxFields = 12
	// maxSpan bounds how far a rule looks back.
	maxSpan = 31 * 24 * time.Hour
)

// notes are what an analyst should know of the rule.
func (d *detection) notes() []string {
	if d.off == "" {
		return d.remarks
	}
	return append([]string{"Made switched off: " + d.off + "."}, d.remarks...)
}

// covered tells whether the policy's managed rules say all that the pattern says.
func (d *detection) covered(policy Policy) bool {
	return d.atomic && (policy == Match || policy == Lookup && !d.noLookup)
}

func (b *Builder) detect(o *stix.Object) (detection, error) {
	text, _ := o.Root("pattern").Text()
	if strings.TrimSpace(text) == "" {
		return detection{}, &NoRuleError{Why: BrokenPattern, Detail: "the indicator has no pattern"}
	}
	switch patternType(o) {
	case "stix":
		return b.detectSTIX(o, text)
	case "kql", "kuery":
		return b.native(query.KQL, text)
	case "lucene":
		return b.native(query.Lucene, text)
	case "eql":
		return b.native(query.EQL, text)
	}
	return b.native(query.ESQL, text)
}

// native takes a pattern that is a query already, once it is known not to fail at each run.
func (b *Builder) native(lang query.Language, text string) (detection, error) {
	if err := native.Check(lang, text); err != nil {
		return detection{}, &NoRuleError{Why: BrokenPattern, Detail: "the " + lang.String() + " query can't run: " + clip(plain(err.Error(), false), 400), Err: err}
	}
	if len(text) > maxQuery {
		return detection{}, &NoRuleError{Why: BrokenPattern, Detail: fmt.Sprintf("the query is longer than %d bytes", maxQuery)}
	}
	var d detection
	switch lang {
	case query.EQL:
		if d.sequence = native.IsSequence(text); d.sequence {
			d.span = b.opts.Window
			if span, ok := native.MaxSpan(text); ok {
				d.span = min(max(span, time.Second).Round(time.Second), maxSpan)
			}
		}
	case query.ESQL:
		var remark string
		if text, remark = native.WithMetadata(text); remark != "" {
			d.remarks = append(d.remarks, remark)
		}
	}
	d.rule, d.off = b.queryRule(lang, text), tooBroad(broadQuery(lang, text))
	if lang == query.ESQL {
		if what := b.beyond(text); what != "" {
			d.off = "it would read " + what
		}
	}
	return d, nil
}

// queryRule makes the type of rule that the language needs.
func (b *Builder) queryRule(lang query.Language, text string) Rule {
	suppression := b.suppression()
	index, view := b.opts.Indices, b.opts.DataViewID
	if view != "" {
		index = nil
	}
	switch lang {
	case query.EQL:
		return &EQLRule{Language: "eql", Query: text, Index: index, DataViewID: view, Suppression: suppression, Common: Common{Kind: "eql"}}
	case query.ESQL:
		return &ESQLRule{Language: "esql", Query: text, Suppression: suppression, Common: Common{Kind: "esql"}}
	case query.Lucene:
		return &QueryRule{Language: "lucene", Query: text, Index: index, DataViewID: view, Suppression: suppression, Common: Common{Kind: "query"}}
	}
	return &QueryRule{Language: "kuery", Query: text, Index: index, DataViewID: view, Suppression: suppression, Common: Common{Kind: "query"}}
}

func (b *Builder) suppression() *Suppression {
	if len(b.opts.SuppressBy) == 0 {
		return nil
	}
	return &Suppression{GroupBy: b.opts.SuppressBy, Duration: suppressFor(b.opts.SuppressFor), MissingFields: "doNotSuppress"}
}

// detectSTIX takes the least powerful type of rule that says exactly what the pattern says.
func (b *Builder) detectSTIX(o *stix.Object, text string) (detection, error) {
	version, _ := o.Root("pattern_version").Text()
	p, err := pattern.Options{Version: pattern.VersionOf(version, "")}.Parse(text)
	if err != nil {
		return detection{}, &NoRuleError{Why: BrokenPattern, Detail: "the pattern can't be read: " + clip(plain(err.Error(), false), 400), Err: err}
	}
	meaning := b.opts.Reading.Read(p)
	if p = meaning.Pattern; p == nil {
		return detection{}, &NoRuleError{Why: Untranslatable, Detail: "nothing can satisfy the pattern: " + clip(plain(meaning.Impossible[0].String(), false), 400)}
	}
	match, lookup := b.covered(p)
	d := detection{atomic: match, noLookup: match && !lookup, off: tooBroad(b.guard.broad(p.Root))}
	if stop := ends(p.Root); !stop.IsZero() {
		d.ends = stop.Add(b.opts.Interval + b.opts.Lookback)
		if related(p.Root) {
			d.ends = d.ends.Add(b.spanOf(p.Root))
		}
		if !d.ends.After(b.opts.Now()) {
			return detection{}, &NoRuleError{Why: Expired, Detail: "the pattern asks for observations of a time that is over"}
		}
	}
	if times, inner, ok := counted(p.Root); ok {
		if err := b.threshold(&d, p, inner, times); err == nil {
			d.remarks = append(d.remarks, assumptions(meaning)...)
			return d, nil
		}
	}
	languages := []query.Language{query.KQL, query.Lucene, query.EQL, query.ESQL}
	if related(p.Root) {
		languages = []query.Language{query.EQL, query.ESQL}
		d.sequence, d.span = true, b.spanOf(p.Root)
	}
	var first error
	for _, lang := range languages {
		q, err := b.translated(p, lang)
		if err == nil {
			d.rule, d.remarks, d.fields = b.queryRule(lang, q.Text), remarks(q), eventFields(q)
			if lang == query.ESQL {
				d.sequence = false
			}
			if d.sequence {
				d.remarks = append(d.remarks, "The rule relates events of the last "+interval(d.span)+".")
			}
			d.remarks = append(d.remarks, assumptions(meaning)...)
			return d, nil
		}
		if first == nil {
			first = err
		}
	}
	return detection{}, &NoRuleError{Why: Untranslatable, Detail: clip(plain(first.Error(), false), 400), Err: first}
}

var errTooLarge = errors.New("the query would ask more than Elasticsearch takes")

// translated makes a query that Elasticsearch takes.
func (b *Builder) translated(p *pattern.Pattern, lang query.Language) (query.Query, error) {
	q, err := b.translate.Translate(p, lang)
	if err == nil && len(q.Text) > maxQuery {
		err = errTooLarge
	}
	return q, err
}

// remarks are what the query doesn't say though the pattern does.
func remarks(q query.Query) []string {
	var out []string
	for _, l := range q.Lossy {
		text := l.Why
		if l.Path != "" {
			text = l.Path + ": " + text
		}
		out = append(out, "Not searched: "+text)
	}
	return out
}

// assumptions are what is taken for granted of the pattern.
func assumptions(meaning pattern.Interpretation) []string {
	var out []string
	for _, r := range meaning.Assumed {
		out = append(out, "Assumed: "+r.String())
	}
	return out
}

// eventFields are the fields that the query looks at, as many as an alert can show first.
func eventFields(q query.Query) []string {
	fields := q.Fields()
	return fields[:min(len(fields), maxFields)]
}

// threshold counts the events of an observation that is to repeat.
func (b *Builder) threshold(d *detection, p *pattern.Pattern, inner pattern.Observation, times int) error {
	one := &pattern.Pattern{Text: p.Text, Version: p.Version, Root: inner}
	var fault error
	for _, lang := range [...]query.Language{query.KQL, query.Lucene} {
		q, err := b.translated(one, lang)
		if err != nil {
			fault = err
			continue
		}
		r := &ThresholdRule{
			Common: Common{Kind: "threshold"}, Language: "kuery", Query: q.Text, Index: b.opts.Indices, DataViewID: b.opts.DataViewID,
			Threshold: Threshold{Field: b.opts.JoinBy, Value: times},
		}
		if lang == query.Lucene {
			r.Language = "lucene"
		}
		if r.DataViewID != "" {
			r.Index = nil
		}
		if b.opts.DisableJoin {
			r.Threshold.Field = []string{}
		}
		if len(b.opts.SuppressBy) > 0 {
			r.Suppression = &Suppression{Duration: suppressFor(b.opts.SuppressFor)}
		}
		d.rule, d.span, d.fields, d.remarks = r, b.opts.Window, eventFields(q), append(remarks(q), b.countRemark())
		return nil
	}
	return fault
}

func (b *Builder) countRemark() string {
	if b.opts.DisableJoin {
		return "The rule counts the events of the last " + interval(b.opts.Window) + "."
	}
	return "The rule counts the events of the last " + interval(b.opts.Window) + " with the same " + strings.Join(b.opts.JoinBy, ", ") + "."
}

// counted tells whether the pattern is one observation that must repeat, within no given time.
func counted(o pattern.Observation) (times int, inner pattern.Observation, ok bool) {
	q, ok := o.(*pattern.Qualified)
	if !ok {
		return 0, nil, false
	}
	r, ok := q.Qualifier.(*pattern.Repeats)
	if !ok || r.Times < 2 || r.Times > math.MaxInt32 || related(q.Operand) {
		return 0, nil, false
	}
	return r.Times, q.Operand, true
}

// related tells whether more than one observation is needed, so that no single event decides.
func related(o pattern.Observation) bool {
	switch o := o.(type) {
	case *pattern.Combined:
		return o.Op != pattern.Or || slices.ContainsFunc(o.Operands, related)
	case *pattern.Qualified:
		switch q := o.Qualifier.(type) {
		case *pattern.Repeats:
			return q.Times > 1 || related(o.Operand)
		case *pattern.Within, *pattern.StartStop:
			return related(o.Operand)
		}
	case *pattern.Observed:
	}
	return false
}

// spanOf is how far apart the observations may be: the WITHIN around all of them, or the window.
func (b *Builder) spanOf(o pattern.Observation) time.Duration {
	if q, ok := o.(*pattern.Qualified); ok {
		if w, ok := q.Qualifier.(*pattern.Within); ok {
			if w.Seconds >= maxSpan.Seconds() {
				return maxSpan
			}
			return time.Duration(math.Ceil(w.Seconds)) * time.Second
		}
	}
	return b.opts.Window
}

// ends is the STOP from which on no event satisfies the pattern; the zero time if there is none.
func ends(o pattern.Observation) time.Time {
	switch o := o.(type) {
	case *pattern.Qualified:
		end := ends(o.Operand)
		if q, ok := o.Qualifier.(*pattern.StartStop); ok {
			end = earlier(end, q.Stop)
		}
		return end
	case *pattern.Combined:
		var end time.Time
		for _, operand := range o.Operands {
			switch e := ends(operand); {
			case o.Op != pattern.Or:
				end = earlier(end, e)
			case e.IsZero():
				return e
			case e.After(end):
				end = e
			}
		}
		return end
	case *pattern.Observed:
	}
	return time.Time{}
}

// earlier is the first of two instants, of which the zero time is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
