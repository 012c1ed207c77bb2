package ecs

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// lookupNames is IDNA as programs that look names up apply it, but for the rule
// that only letters, digits and hyphens are allowed: names in events have underscores too.
var lookupNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// domainName returns a name as events carry it: refanged, lower case, without a
// final dot, an internationalised one in its xn-- form. It says why if s cannot be such a name.
func domainName(s string) (name, reason string) {
	s = strings.TrimSuffix(refang(s), ".")
	switch {
	case s == "":
		return "", "empty"
	case len(s) > 1024:
		return "", "too long for a domain name"
	case strings.HasPrefix(s, "*.") || strings.HasPrefix(s, ".") || strings.IndexByte(s, '*') >= 0:
		return "", "a wildcard names no single host"
	}
	if name = strings.ToLower(s); !ascii(s) {
		var err error
		if name, err = lookupNames.ToASCII(s); err != nil {
			return "", "not a domain name"
		}
		name = strings.TrimSuffix(name, ".")
	}
	if !validName(name) {
		return "", "not a domain name"
	}
	return name, ""
}

// unicodeName returns the readable form of a name in xn-- form, or "".
func unicodeName(name string) string {
	if !strings.Contains(name, "xn--") {
		return ""
	}
	s, err := lookupNames.ToUnicode(name)
	if err != nil || s == name || !utf8.ValidString(s) {
		return ""
	}
	return s
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// validName checks lengths and characters: RFC 1035's limits, and what may stand
// in a name that events carry.
func validName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0
}

// nameParts cuts a name where the public suffix list says; empty where there is no such part.
func nameParts(name string) (subdomain, registered, suffix string) {
	if strings.IndexByte(name, '.') < 0 {
		return "", "", ""
	}
	suffix, _ = publicsuffix.PublicSuffix(name)
	rest, found := strings.CutSuffix(name, "."+suffix)
	if !found {
		return "", "", suffix
	}
	dot := strings.LastIndexByte(rest, '.')
	return rest[:max(dot, 0)], name[dot+1:], suffix
}
