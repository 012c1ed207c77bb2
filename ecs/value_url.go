package ecs

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// normalURL writes a URL's scheme and host in lower case, the host in its xn-- form. Its other
// spellings are those with the readable host, and with and without a slash that is the
// whole path; of one without a scheme those of the web's two.
func normalURL(s string) (Spellings, error) {
	s = strings.TrimSpace(refangURL(strings.TrimSpace(s)))
	if s == "" {
		return Spellings{}, errors.New("no URL")
	}
	scheme, _, found := strings.Cut(s, "://")
	switch {
	case !found && hasHost(s):
		n := spellURL("http://"+s, len("http"))
		n.Others = append(n.Others, spellURL("https://"+s, len("https")).all()...)
		n.Others = add(n.Others, s)
		return n, nil
	case !found || !isScheme(scheme):
		return Spellings{Canonical: s}, nil // a path, or what nobody can take apart
	}
	return spellURL(s, len(scheme)), nil
}

// all is the canonical spelling and the others.
func (n Spellings) all() []string { return append([]string{n.Canonical}, n.Others...) }

// spellURL spells a URL whose scheme has that length.
func spellURL(s string, scheme int) Spellings {
	start := scheme + len("://")
	end := len(s)
	if i := strings.IndexAny(s[start:], `/?#\`); i >= 0 {
		end = start + i
	}
	start += strings.LastIndexByte(s[start:end], '@') + 1
	host, readable := spellHost(s[start:end])
	n := Spellings{Canonical: s}
	before, tail := strings.ToLower(s[:scheme])+s[scheme:start], s[end:]
	if before != s[:start] || host != s[start:end] {
		n.Canonical = before + host + tail
	}
	for _, h := range [...]string{host, readable} {
		if h == "" {
			continue
		}
		if h != host {
			n.Others = addOther(n.Others, n.Canonical, before+h+tail)
		}
		switch {
		case tail == "" || tail[0] == '?':
			n.Others = addOther(n.Others, n.Canonical, before+h+"/"+tail)
		case tail == "/" || strings.HasPrefix(tail, "/?"):
			n.Others = addOther(n.Others, n.Canonical, before+h+tail[1:])
		}
	}
	return n
}

func addOther(list []string, canonical, s string) []string {
	if s == canonical {
		return list
	}
	return add(list, s)
}

// spellHost returns a URL's host with its port in lower case, and its readable form if it has another.
func spellHost(s string) (host, readable string) {
	name, port := s, ""
	if colon := strings.LastIndexByte(s, ':'); colon >= 0 && strings.Trim(s[colon+1:], "0123456789") == "" {
		name, port = s[:colon], s[colon:]
	}
	known, reason := domainName(name)
	if reason != "" {
		return strings.ToLower(s), ""
	}
	if known == name && port == s[len(name):] {
		host = s
	} else {
		host = known + port
	}
	if readable = unicodeName(known); readable != "" {
		readable += port
	}
	return host, readable
}

// isScheme reports whether s can be the scheme of a URL.
func isScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case c >= 'a' && c <= 'z':
		case i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// hasHost reports whether a text without a scheme begins with a host, as evil.example/a does.
func hasHost(s string) bool {
	end := len(s)
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		end = i
	}
	host, port, hasPort := strings.Cut(s[:end], ":")
	if hasPort && (port == "" || strings.Trim(port, "0123456789") != "") {
		return false
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	name, reason := domainName(host)
	return reason == "" && strings.IndexByte(name, '.') > 0 && !strings.ContainsAny(name, "_") && isSuffix(name)
}

// isSuffix reports whether a name ends as names of hosts do: not in a number, as a version does.
func isSuffix(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return strings.Trim(last, "0123456789") != ""
}

// splitPort cuts the port off an address or name: 203.0.113.9:8080, [2001:db8::1]:443. It is false
// for one without a port.
func splitPort(s string) (host, port string, ok bool) {
	s = refang(s)
	colon := strings.LastIndexByte(s, ':')
	if colon <= 0 || s[len(s)-1] > '9' {
		return "", "", false
	}
	number, err := strconv.ParseUint(s[colon+1:], 10, 16)
	if err != nil || number == 0 {
		return "", "", false
	}
	host, port = s[:colon], strconv.FormatUint(number, 10)
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		host, ok = strings.CutSuffix(inner, "]")
		return host, port, ok
	}
	return host, port, strings.IndexByte(host, ':') < 0
}
