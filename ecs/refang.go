package ecs

import "strings"

// refanger undoes the ways in which addresses are written so that nobody opens
// them by mistake: example[.]org, user[at]example(dot)org, 2001[:]db8::1.
var refanger = strings.NewReplacer(
	" [.] ", ".", " (.) ", ".", " [dot] ", ".", " (dot) ", ".", " [at] ", "@", " (at) ", "@",
	"[.]", ".", "(.)", ".", "{.}", ".", "[.", ".", ".]", ".",
	"[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "[Dot]", ".", "(DOT)", ".", "[d]", ".",
	"[:]", ":", "(:)", ":", "[/]", "/",
	"[@]", "@", "(@)", "@", "[at]", "@", "(at)", "@", "[AT]", "@", "(AT)", "@",
)

// refang returns a name, address or e-mail address without blanks around it and as it is used.
// None of them can hold a bracket of its own.
func refang(s string) string {
	s = strings.TrimSpace(s)
	if !strings.ContainsAny(s, "[({") {
		return s
	}
	return strings.TrimSpace(refanged(s))
}

// refanged replaces until nothing is left to replace: evil[[.]]example is one of them, too.
func refanged(s string) string {
	const longest = 4 << 10 // no address or name is that long; of what is longer once is enough
	for {
		next := refanger.Replace(s)
		if next == s || len(s) > longest {
			return next
		}
		s = next
	}
}

// schemes is how schemes are written so that nobody follows a URL.
var schemes = map[string]string{
	"hxxp": "http", "hxxps": "https", "hxtp": "http", "hxtps": "https", "htxp": "http", "htxps": "https",
	"h**p": "http", "h**ps": "https", "fxp": "ftp", "fxps": "ftps",
}

// refangURL returns a URL as it is used. A URL can hold brackets of its own, so it is
// given back to the letter unless its scheme or host shows that it was written in this way.
func refangURL(s string) string {
	out, defanged := s, false
	if at := strings.IndexAny(s, ":[("); at > 0 && at <= len("hxxps") {
		if scheme := schemes[strings.ToLower(s[:at])]; scheme != "" {
			out, defanged = scheme+s[at:], true
		}
	}
	before, host, found := strings.Cut(out, "//")
	switch {
	case !found:
		host = out
	case strings.HasSuffix(before, "[:") && strings.HasPrefix(host, "]"): // http[://]
		host, defanged = host[1:], true
		out = before[:len(before)-2] + "://" + host
	case strings.HasSuffix(before, "[:]") || strings.HasSuffix(before, "(:)"):
		defanged = true
		out = before[:len(before)-3] + "://" + host
	}
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	switch {
	case isBracketed(host):
		return out
	case defanged || strings.ContainsAny(host, "[({"):
		return refanged(out)
	}
	return s
}

// isBracketed reports whether the host of a URL is an IPv6 address in its brackets, which are then no writing of ours.
func isBracketed(host string) bool {
	host = host[strings.LastIndexByte(host, '@')+1:]
	end := strings.IndexByte(host, ']')
	return strings.HasPrefix(host, "[") && end > 0 && strings.Count(host[:end], ":") >= 2
}
