package ecs

import "strings"

// refanger undoes the ways in which addresses are written so that nobody opens
// them by mistake: example[.]org, user[at]example(dot)org, 2001[:]db8::1.
var refanger = strings.NewReplacer(
	"[.]", ".", "(.)", ".", "{.}", ".", "[.", ".", ".]", ".",
	"[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "(DOT)", ".", "[d]", ".",
	"[:]", ":", "(:)", ":", "[://]", "://", "[:/]", ":/", "[/]", "/",
	"[@]", "@", "(@)", "@", "[at]", "@", "(at)", "@", "[AT]", "@", "(AT)", "@",
)

// refang gives a name, address or e-mail address without blanks around it and as it is used.
// None of them can hold a bracket of its own.
func refang(s string) string {
	s = strings.TrimSpace(s)
	if !strings.ContainsAny(s, "[({") {
		return s
	}
	return refanger.Replace(s)
}

// refangURL gives a URL as it is used. A URL can hold brackets of its own, so they
// are only touched if its scheme or host shows that it was written in this way.
func refangURL(s string) string {
	scheme, rest, found := strings.Cut(s, ":")
	real := ""
	switch {
	case !found || len(scheme) > 12:
	case strings.EqualFold(scheme, "hxxp"), strings.EqualFold(scheme, "h**p"), strings.EqualFold(scheme, "htxp"):
		real = "http"
	case strings.EqualFold(scheme, "hxxps"), strings.EqualFold(scheme, "h**ps"), strings.EqualFold(scheme, "htxps"):
		real = "https"
	case strings.EqualFold(scheme, "fxp"):
		real = "ftp"
	case strings.EqualFold(scheme, "hxxp["), strings.EqualFold(scheme, "hxxp("):
		real, rest = "http", scheme[4:]+":"+rest
	case strings.EqualFold(scheme, "hxxps["), strings.EqualFold(scheme, "hxxps("):
		real, rest = "https", scheme[5:]+":"+rest
	}
	if real != "" {
		return real + refangRest(schemeless(rest, scheme))
	}
	if !strings.ContainsAny(authority(s), "[({") {
		return s
	}
	if out := refanger.Replace(s); !isBracketedV6(authority(s)) {
		return out
	}
	return s
}

// schemeless gives what follows a scheme, with the colon that it was cut at.
func schemeless(rest, scheme string) string {
	if strings.HasSuffix(scheme, "[") || strings.HasSuffix(scheme, "(") {
		return rest
	}
	return ":" + rest
}

func refangRest(s string) string {
	if isBracketedV6(authority("x" + s)) {
		return s
	}
	return refanger.Replace(s)
}

// authority is about what stands between the scheme and the path of a URL,
// also of one whose "://" is written in brackets.
func authority(s string) string {
	if at := strings.Index(s, "//"); at >= 0 {
		host := s[at+2:]
		if end := strings.IndexAny(strings.TrimPrefix(host, "]"), "/?#"); end >= 0 {
			host = host[:min(end+1, len(host))]
		}
		if at > 0 && (strings.HasSuffix(s[:at], "[:") || strings.HasSuffix(s[:at], "(:")) {
			return "[" + host
		}
		return host
	}
	if end := strings.IndexAny(s, "/?#"); end >= 0 {
		return s[:end]
	}
	return s
}

// isBracketedV6 tells whether the host is an IPv6 address in its brackets, which are then no writing of ours.
func isBracketedV6(host string) bool {
	host = host[strings.LastIndexByte(host, '@')+1:]
	end := strings.IndexByte(host, ']')
	return strings.HasPrefix(host, "[") && end > 0 && strings.Count(host[:end], ":") >= 2
}
