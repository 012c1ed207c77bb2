package pattern

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// regexp looks at a regular expression. The standard asks for PCRE; many tools, this
// package's evaluator among them, have RE2.
func (l *linter) regexp(c *Comparison, v Literal) {
	if v.Text == "" {
		l.warn(v.Start, WarnRegexp, "an empty regular expression matches every text")
		return
	}
	if _, err := regexp.Compile(v.Text); err != nil {
		why := err.Error()
		if e, ok := errors.AsType[*syntax.Error](err); ok {
			why = string(e.Code) + ": " + quote(e.Expr)
		}
		if feature := pcreOnly(v.Text); feature != "" {
			why = feature
		}
		l.warn(v.Start, WarnRegexp, "tools with RE2 do not read the regular expression: %s", why)
		return
	}
	if difference := readDifferently(v.Text); difference != "" {
		l.warn(v.Start, WarnRegexp, "RE2 and PCRE read the regular expression differently: %s", difference)
	}
	if c.Path.Steps[len(c.Path.Steps)-1].Name == "value" && strings.HasPrefix(v.Text, "/") && strings.HasSuffix(v.Text, "/") {
		l.warn(v.Start, WarnRegexp, "the slashes around the regular expression are part of it")
	}
}

// pcreFeatures is what PCRE has and RE2 has not, with its name.
var pcreFeatures = [][2]string{
	{"(?=", "look-ahead (?=…)"}, {"(?!", "negative look-ahead (?!…)"},
	{"(?<=", "look-behind (?<=…)"}, {"(?<!", "negative look-behind (?<!…)"},
	{"(?>", "atomic group (?>…)"}, {"(?#", "comment (?#…)"}, {"(?|", "branch reset (?|…)"},
	{"(?(", "condition (?(…)…)"}, {"(?R)", "recursion (?R)"}, {"(?P=", "back-reference (?P=…)"},
	{"(?P>", "recursion (?P>…)"}, {"(*", "verb (*…)"},
	{"*+", "possessive quantifier"}, {"++", "possessive quantifier"}, {"?+", "possessive quantifier"}, {"}+", "possessive quantifier"},
}

// pcreOnly names a feature of PCRE that RE2 lacks; empty if none is found.
func pcreOnly(s string) string {
	for i, class := 0, false; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			if !class && '1' <= s[i] && s[i] <= '9' || strings.IndexByte("kg", s[i]) >= 0 {
				return `back-reference \` + s[i:i+1]
			}
			if strings.IndexByte("GKRXhHNZeco", s[i]) >= 0 {
				return `escape \` + s[i:i+1]
			}
		case class:
			class = s[i] != ']'
		case s[i] == '[':
			class = true
		default:
			for _, f := range pcreFeatures {
				if strings.HasPrefix(s[i:], f[0]) {
					return f[1]
				}
			}
		}
	}
	return ""
}

// readDifferently names a part that both read, but not as the same; empty if none is found.
func readDifferently(s string) string {
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], `\v`):
			return `\v is one character to RE2, all vertical white space to PCRE`
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "{,"):
			return "{,n} is text to RE2, a quantifier to newer PCRE"
		}
	}
	return ""
}
