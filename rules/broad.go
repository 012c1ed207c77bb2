package rules

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// tooBroad is the reason for which a rule is switched off that matches nearly everything.
func tooBroad(why string) string {
	if why == "" {
		return ""
	}
	return "it would match nearly everything (" + why + ")"
}

// broad returns why a pattern that is satisfied by (nearly) all events is so, "" for one that is not. One
// alternative is enough; of conditions that must hold together, all must be so.
func (g *guard) broad(o pattern.Observation) string {
	switch o := o.(type) {
	case *pattern.Observed:
		return g.broadExpr(o.Expr)
	case *pattern.Combined:
		return broadOf(o.Operands, o.Op == pattern.Or, g.broad)
	case *pattern.Qualified:
		return g.broad(o.Operand)
	}
	return ""
}

func (g *guard) broadExpr(e pattern.Expr) string {
	switch e := e.(type) {
	case *pattern.Comparison:
		return g.broadComparison(e)
	case *pattern.Junction:
		return broadOf(e.Operands, e.Op == pattern.AnyOf, g.broadExpr)
	}
	return ""
}

// broadOf joins the answers for parts: the first reason where any is enough, else the last one if each part has one.
func broadOf[T any](parts []T, anyIsEnough bool, of func(T) string) string {
	why := ""
	for _, part := range parts {
		switch why = of(part); {
		case why != "" && anyIsEnough:
			return why
		case why == "" && !anyIsEnough:
			return ""
		}
	}
	return why
}

func (g *guard) broadComparison(c *pattern.Comparison) string {
	switch {
	case c.IsEquality():
		for l := range c.Literals() {
			if what := g.innocent(c.Path, l.Text); what != "" {
				return named(c, plain(l.Text, false)+" is "+what)
			}
		}
	case c.Negated || c.Op == pattern.NotEqual:
		return named(c, "all but what is named satisfies the pattern")
	case c.Op == pattern.Exists,
		c.Op == pattern.Like && strings.Trim(c.Value.Text, "%_") == "",
		c.Op == pattern.Matches && matchesAnything(c.Value.Text):
		return named(c, "any value satisfies the pattern")
	case c.Op == pattern.IsSubset:
		if block, err := netip.ParsePrefix(strings.TrimSpace(c.Value.Text)); err == nil {
			if what := g.innocentBlock(block); what != "" {
				return named(c, block.String()+" "+what)
			}
		}
	}
	return ""
}

func named(c *pattern.Comparison, what string) string {
	return plain(c.Path.String(), false) + ": " + what
}

// matchesAnything reports whether a regular expression is found in texts that have nothing in common.
func matchesAnything(expression string) bool {
	re, err := regexp.Compile(expression)
	return err == nil && !slices.ContainsFunc([]string{"a", "ZQX-1.Q", "0", "/", "é ", `C:\b`, "203.0.113.9"}, func(s string) bool { return !re.MatchString(s) })
}

// Native queries that are satisfied by all events, or by all that have some field, and those of ES|QL that have a condition.
var (
	broadKQL      = regexp.MustCompile(`^[(\s]*([\w.@*-]+\s*:\s*)?\*[)\s]*$`)
	broadLucene   = regexp.MustCompile(`^[(\s]*([\w.@*-]+:\s*)?\*[)\s]*$|^[(\s]*_exists_:\s*[\w.*]+[)\s]*$`)
	broadEQL      = regexp.MustCompile(`(?i)^\s*("[^"]*"|\w+|\*)\s+where\s+\(*\s*(true|not\s+false)\s*\)*\s*$`)
	conditionESQL = regexp.MustCompile(`(?i)\|\s*(where|lookup|inline|stats)\b`)
)

// broadQuery returns why a native query that matches (nearly) all events does so.
func broadQuery(lang query.Language, text string) string {
	switch {
	case lang == query.KQL && broadKQL.MatchString(text), lang == query.Lucene && broadLucene.MatchString(text), lang == query.EQL && broadEQL.MatchString(text):
		return "the query matches every event, or every one that has a field"
	case lang == query.ESQL && !conditionESQL.MatchString(text):
		return "the query has no condition"
	}
	return ""
}
