package pattern

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Warning is something in a valid pattern that its author most probably did not
// mean, or that tools read differently.
type Warning struct {
	// At is the byte offset in the pattern's text.
	At int `json:"at"`
	// Code names the kind of warning, and does not change.
	Code WarningCode `json:"code"`
	// Message says what is wrong and what to do.
	Message string `json:"message"`
}

// String is the message with its place.
func (w Warning) String() string { return fmt.Sprintf("byte %d: %s (%s)", w.At, w.Message, w.Code) }

// WarningCode names a kind of warning.
type WarningCode string

// The kinds of warning.
const (
	// WarnHash: a value is no hash of the algorithm, or the algorithm's name is not the standard's.
	WarnHash WarningCode = "hash"
	// WarnNetwork: a value is no address or CIDR block of its kind.
	WarnNetwork WarningCode = "network"
	// WarnRegexp: a regular expression that RE2 and PCRE read differently, or that one of them does not read.
	WarnRegexp WarningCode = "regexp"
	// WarnWildcard: wildcards where there are none, or LIKE without any.
	WarnWildcard WarningCode = "wildcard"
	// WarnObject: an object type that neither STIX nor OpenCTI knows.
	WarnObject WarningCode = "object"
	// WarnPath: a path that the object type does not have.
	WarnPath WarningCode = "path"
	// WarnType: a literal of another type than the property.
	WarnType WarningCode = "type"
	// WarnMixedAnd: AND inside one observation over different object types.
	WarnMixedAnd WarningCode = "mixed-and"
	// WarnContradiction: a part of the pattern that nothing can match, or that everything matches.
	WarnContradiction WarningCode = "contradiction"
	// WarnQualifier: a qualifier that has no effect, or another than it seems.
	WarnQualifier WarningCode = "qualifier"
	// WarnValue: a value that was not meant to be compared as it stands, as a defanged one.
	WarnValue WarningCode = "value"
)

// Lint gives the warnings about a pattern, in the order of the text. A pattern with
// warnings is as valid as one without.
func Lint(p *Pattern) []Warning {
	l := linter{unknown: map[string]bool{}}
	p.Walk(func(n Node) bool {
		switch n := n.(type) {
		case *Comparison:
			l.path(n)
			l.comparison(n)
		case *Junction:
			l.junction(n)
		case *Combined:
			l.combined(n)
		case *Qualified:
			l.qualified(n)
		}
		return true
	})
	slices.SortStableFunc(l.warnings, func(a, b Warning) int { return cmp.Compare(a.At, b.At) })
	return l.warnings
}

type linter struct {
	warnings []Warning
	unknown  map[string]bool // the unknown object types that were warned of
}

func (l *linter) warn(at int, code WarningCode, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{at, code, fmt.Sprintf(format, args...)})
}

// quote shows a value of the pattern, shortened.
func quote(s string) string { return fmt.Sprintf("%+q", shorten(s, 60)) }

func (l *linter) comparison(c *Comparison) {
	if c.Op == In && len(c.Set) == 0 {
		l.warn(c.Start, WarnContradiction, "the set of IN is empty: no value is in it")
	}
	for v := range c.Literals() {
		l.literal(c, v)
	}
}

// junction looks for what AND and OR inside one observation make of their parts.
func (l *linter) junction(j *Junction) {
	var types []string
	seen := map[string]bool{}
	equal := map[string]Literal{}
	unequal := map[string]Literal{}
	for _, e := range j.Operands {
		for name := range typesOf(e) {
			if !seen[name] {
				seen[name] = true
				types = append(types, name)
			}
		}
		c, ok := e.(*Comparison)
		if !ok || slices.ContainsFunc(c.Path.Steps, func(s Step) bool { return s.Kind == AnyIndex }) {
			continue
		}
		path := c.Path.String()
		isEqual := c.IsEquality() && c.Op != In
		isUnequal := (c.Op == NotEqual) != c.Negated && (c.Op == Equal || c.Op == NotEqual)
		if first, ok := equal[path]; isEqual && ok && j.Op == AllOf && first.String() != c.Value.String() {
			l.warn(c.Start, WarnContradiction, "%s can't be %s and %s at once", path, shorten(first.String(), 60), shorten(c.Value.String(), 60))
		}
		if first, ok := unequal[path]; isUnequal && ok && j.Op == AnyOf && first.String() != c.Value.String() {
			l.warn(c.Start, WarnContradiction, "every %s differs from %s or from %s: was AND meant?", path, shorten(first.String(), 60), shorten(c.Value.String(), 60))
		}
		if isEqual {
			equal[path] = c.Value
		}
		if isUnequal {
			unequal[path] = c.Value
		}
	}
	if j.Op == AllOf && len(types) > 1 {
		l.warn(j.Start, WarnMixedAnd, "AND joins comparisons on different object types (%s) inside one observation: tools disagree on what that means; "+
			"put each in square brackets of its own, or follow a reference such as network-traffic:src_ref.value", shorten(strings.Join(types, ", "), 100))
	}
}

// typesOf yields the object types of an expression.
func typesOf(e Expr) func(func(string) bool) {
	return func(yield func(string) bool) {
		yieldExpr(e, func(c *Comparison) bool { return yield(c.Path.Object) })
	}
}

// combined looks for a WITHIN that was meant for the whole.
func (l *linter) combined(o *Combined) {
	if o.Op == Or {
		return
	}
	last, ok := o.Operands[len(o.Operands)-1].(*Qualified)
	if !ok {
		return
	}
	if _, ok := last.Operand.(*Observed); !ok {
		return
	}
	if q, ok := last.Qualifier.(*Within); ok {
		l.warn(q.Start, WarnQualifier, "WITHIN bounds only the observation right before it, where it has no effect: put the expressions joined by %s in parentheses to bound them together", o.Op)
	}
}

func (l *linter) qualified(o *Qualified) {
	switch q := o.Qualifier.(type) {
	case *Within:
		if q.Seconds == 0 {
			l.warn(q.Start, WarnQualifier, "WITHIN 0 SECONDS: the standard wants more than zero")
		}
	case *Repeats:
		if q.Times == 0 {
			l.warn(q.Start, WarnContradiction, "REPEATS 0 TIMES: the standard wants at least one; nothing matches")
		}
	case *StartStop:
		if !q.Start.Before(q.Stop) {
			l.warn(q.Span.Start, WarnContradiction, "STOP is not after START: no observation is between them")
		}
		l.date(q.Span.Start, q.StartText)
		l.date(q.Span.Start, q.StopText)
	}
}

// date looks for dates that no calendar has, which the grammar lets pass.
func (l *linter) date(at int, text string) {
	if text == "" || badTimestamp(text) >= 0 {
		return
	}
	if t := timeOf(text); t.Format("2006-01-02") != text[:10] && text[17:19] != "60" {
		l.warn(at, WarnValue, "%s is in no calendar; it is read as %s", text[:10], t.Format("2006-01-02"))
	}
}
