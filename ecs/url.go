package ecs

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// urlParts is a URL in ECS's parts. All but the last four are set only if the URL can be parsed.
type urlParts struct {
	scheme, host, path, query, fragment, extension, username string
	// name and address are the host again, as the one of the two that it is.
	name, address string
	port          Long
	hasQuery      bool
}

// splitURL cuts a URL into its parts, each as it is written. It is false for what cannot
// be parsed without guessing: those keep url.full and url.original only.
func splitURL(s string) (p urlParts, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return p, false
	}
	if p.host, p.name, p.address, ok = hostParts(u.Hostname(), strings.HasPrefix(u.Host, "[")); !ok {
		return p, false
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return urlParts{}, false
		}
		p.port = longOf(int64(n))
	}
	p.scheme = u.Scheme
	if u.User != nil {
		p.username = u.User.Username()
	}
	rest := s[strings.Index(s, "//")+2:]
	rest, p.fragment, _ = strings.Cut(rest, "#")
	rest, p.query, p.hasQuery = strings.Cut(rest, "?")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		p.path = rest[slash:]
		p.extension = extension(p.path[strings.LastIndexByte(p.path, '/')+1:])
	}
	return p, true
}

// hostParts returns the host of a URL as url.domain holds it, and as a name or an address.
func hostParts(host string, brackets bool) (domain, name, address string, ok bool) {
	if isAddress(host) || brackets {
		a, err := netip.ParseAddr(host)
		if err != nil {
			return "", "", "", false
		}
		if brackets {
			return "[" + strings.ToLower(host) + "]", "", a.WithZone("").String(), true
		}
		return host, "", addressText(a, host), a.Is4()
	}
	name, reason := domainName(host)
	return name, name, "", reason == ""
}

// extension is a file name's extension without the dot: gz for a.tar.gz, none for .profile.
func extension(name string) string {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return ""
	}
	return name[dot+1:]
}

// baseName is a file's name without the directories before it.
func baseName(s string) string { return s[strings.LastIndexAny(s, `/\`)+1:] }
