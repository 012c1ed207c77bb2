package rules

import (
	"net/netip"
	"net/url"
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
func broad(o pattern.Observation) string {
	switch o := o.(type) {
	case *pattern.Observed:
		return broadExpr(o.Expr)
	case *pattern.Combined:
		return broadOf(o.Operands, o.Op == pattern.Or, broad)
	case *pattern.Qualified:
		return broad(o.Operand)
	}
	return ""
}

func broadExpr(e pattern.Expr) string {
	switch e := e.(type) {
	case *pattern.Comparison:
		return broadComparison(e)
	case *pattern.Junction:
		return broadOf(e.Operands, e.Op == pattern.AnyOf, broadExpr)
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

func broadComparison(c *pattern.Comparison) string {
	path := plain(c.Path.String(), false)
	switch {
	case c.IsEquality():
		for l := range c.Literals() {
			if what := innocent(c.Path, l.Text); what != "" {
				return path + ": " + plain(l.Text, false) + " is " + what
			}
		}
	case c.Negated || c.Op == pattern.NotEqual:
		return path + ": all but what is named satisfies the pattern"
	case c.Op == pattern.Exists:
		return path + ": any value satisfies the pattern"
	case c.Op == pattern.Like && strings.Trim(c.Value.Text, "%_") == "",
		c.Op == pattern.Matches && matchesAnything(c.Value.Text):
		return path + ": any value satisfies the pattern"
	case c.Op == pattern.IsSubset:
		return broadBlock(path, c.Value.Text)
	}
	return ""
}

// broadBits4 and broadBits6 are how many bits of an IPv4 or IPv6 address a block must fix at least.
const broadBits4, broadBits6 = 8, 16

func broadBlock(path, text string) string {
	block, err := netip.ParsePrefix(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	if block.Bits() < broadBits4 || block.Addr().Is6() && block.Bits() < broadBits6 {
		return path + ": " + block.String() + " holds nearly all addresses"
	}
	if slices.ContainsFunc(guardPrefixes(), func(guard netip.Prefix) bool { return guard.Bits() <= block.Bits() && guard.Contains(block.Addr()) }) {
		return path + ": " + block.String() + " is local, reserved or shared by everyone"
	}
	return ""
}

func guardPrefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, n := range guardNetworks() {
		out = append(out, netip.MustParsePrefix(n))
	}
	return out
}

// innocent says what a value is that all networks see every day, "" for any other. Match rules leave the same values out.
func innocent(path pattern.ObjectPath, text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if strings.Contains(path.String(), "hashes") {
		for _, algorithm := range []string{"md5", "sha1", "sha256", "sha512"} {
			if text == guardHash(algorithm) {
				return "the hash of the empty file"
			}
		}
		return ""
	}
	if a, err := netip.ParseAddr(text); err == nil {
		if slices.ContainsFunc(guardPrefixes(), func(guard netip.Prefix) bool { return guard.Contains(a) }) {
			return "local, reserved or shared by everyone"
		}
		return ""
	}
	host := text
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return ""
		}
		host = u.Hostname()
	}
	if slices.Contains(guardDomains(), strings.TrimPrefix(strings.TrimSuffix(host, "."), "www.")) {
		return "a site that everyone visits"
	}
	return ""
}

// matchesAnything reports whether a regular expression is found in texts that have nothing in common.
func matchesAnything(expression string) bool {
	re, err := regexp.Compile(expression)
	return err == nil && !slices.ContainsFunc([]string{"a", "ZQX-1.Q", "0", "/", "é ", `C:\b`, "203.0.113.9"}, func(s string) bool { return !re.MatchString(s) })
}

// broadQueries are native queries that are satisfied by all events, or by all that have some field.
var broadQueries = map[query.Language]*regexp.Regexp{
	query.KQL:    regexp.MustCompile(`^[(\s]*([\w.@*-]+\s*:\s*)?\*[)\s]*$`),
	query.Lucene: regexp.MustCompile(`^[(\s]*([\w.@*-]+:\s*)?\*[)\s]*$|^[(\s]*_exists_:\s*[\w.*]+[)\s]*$`),
	query.EQL:    regexp.MustCompile(`(?i)^\s*("[^"]*"|\w+|\*)\s+where\s+\(*\s*(true|not\s+false)\s*\)*\s*$`),
}

// broadQuery returns why a native query that matches (nearly) all events does so.
func broadQuery(lang query.Language, text string) string {
	if re := broadQueries[lang]; re != nil && re.MatchString(text) {
		return "the query matches every event, or every one that has a field"
	}
	if lang == query.ESQL && !regexp.MustCompile(`(?i)\|\s*(where|lookup|inline|stats)\b`).MatchString(text) {
		return "the query has no condition"
	}
	return ""
}
