package ecs

import (
	"cmp"
	"strings"
)

// The methods here put one value of a kind where it belongs: to related.* in any
// case, to the fields that rules join on if it suffices alone. A value that a
// field cannot hold is noted and left out; it never costs the document.

func (b *builder) address(s string) {
	address, block := parseAddress(s)
	switch {
	case address != "":
		b.add(&b.doc.Related.IP, address)
		if b.joined {
			b.add(&b.values().IP, address)
		}
	case block != "":
		b.add(&b.blocks, block)
	default:
		b.drop("threat.indicator.ip", "not an IP address")
	}
}

func (b *builder) domain(s string) {
	name, reason := domainName(s)
	if reason != "" {
		b.drop("threat.indicator.url.domain", reason)
		return
	}
	if isAddress(name) {
		b.add(&b.doc.Related.IP, name)
	} else {
		b.host(name)
	}
	if b.joined {
		b.urlDomain(name)
	}
}

// host adds a name to related.hosts, also in its readable form, so that it is found by either.
func (b *builder) host(name string) {
	b.add(&b.doc.Related.Hosts, name)
	b.add(&b.doc.Related.Hosts, unicodeName(name))
}

func (b *builder) urlDomain(name string) {
	u := &b.values().URL
	b.add(&u.Domain, name)
	if isAddress(name) {
		return
	}
	subdomain, registered, suffix := nameParts(name)
	b.add(&u.Subdomain, subdomain)
	b.add(&u.RegisteredDomain, registered)
	b.add(&u.TopLevelDomain, suffix)
}

func (b *builder) url(given string) {
	if given == "" {
		return
	}
	full := refangURL(given)
	p, ok := splitURL(full)
	if p.address != "" {
		b.add(&b.doc.Related.IP, p.address)
	} else if p.name != "" {
		b.host(p.name)
	}
	b.add(&b.doc.Related.User, p.username)
	if !b.joined {
		return
	}
	u := &b.values().URL
	b.add(&u.Full, full)
	b.add(&u.Original, cmp.Or(b.written, given))
	if !ok {
		b.drop("threat.indicator.url.domain", "the URL cannot be parsed; only full and original are set")
		return
	}
	b.add(&u.Scheme, p.scheme)
	b.add(&b.hosts, p.host)
	if p.port.Set {
		u.Port = addLong(u.Port, p.port.Value)
	}
	b.add(&u.Path, p.path)
	if b.add(&u.Query, p.query); p.hasQuery && len(u.Query) == 0 {
		u.Query = []string{""} // a bare "?" is an empty query, which ECS wants said
	}
	b.add(&u.Fragment, p.fragment)
	b.add(&u.Extension, p.extension)
	b.add(&u.Username, p.username)
}

// urlHosts takes the hosts of URLs into url.domain, unless domain names are there: a rule
// that joins on names would take the URL's host for one of them, and it does not suffice.
func (b *builder) urlHosts() {
	if len(b.values().URL.Domain) > 0 {
		return
	}
	for _, host := range b.hosts {
		if host[0] == '[' {
			b.add(&b.values().URL.Domain, host)
		} else {
			b.urlDomain(host)
		}
	}
}

// hash puts a hash of a file where its algorithm says.
func (b *builder) hash(algorithm, s string) {
	a := findAlgorithm(algorithm)
	if a != nil && a.name == "tlsh" {
		s = strings.TrimSpace(s) // which has a letter case of its own
	} else {
		s = hashText(s)
	}
	if s == "" {
		return
	}
	if len(s) > 1024 {
		b.drop("related.hash", "too long for a hash")
		return
	}
	b.add(&b.doc.Related.Hash, s)
	switch {
	case a == nil:
		b.drop("threat.indicator.file.hash", "ECS has no field for this hash algorithm")
	case !a.valid(s):
		b.drop("threat.indicator.file.hash."+a.name, "not a hash of this algorithm")
	case a.list != nil && b.joined:
		b.add(a.list(&b.values().File), s)
	}
}

func (b *builder) email(s string) {
	s = refang(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 1024 || strings.ContainsAny(s, " \t\r\n\x00<>") {
		b.drop("threat.indicator.email.address", "not an e-mail address")
		return
	}
	b.add(&b.doc.Related.User, s)
	if b.joined {
		b.add(&b.values().Email, s)
	}
}

func (b *builder) fileName(s string) {
	name := baseName(strings.TrimSpace(s))
	if name == "" || !b.joined {
		return
	}
	f := &b.values().File
	b.add(&f.Name, name)
	b.add(&f.Extension, extension(name))
}

// patternFileName takes the name that a pattern asks for. One with directories before it is
// a path: a file of that name elsewhere is another file.
func (b *builder) patternFileName(s string) {
	if strings.ContainsAny(s, `/\`) {
		b.filePath(s)
		return
	}
	b.fileName(s)
}

// filePath takes a file's path, in Windows' or Unix's notation.
func (b *builder) filePath(s string) {
	s = strings.TrimSpace(s)
	if s == "" || !b.joined {
		return
	}
	f := &b.values().File
	b.add(&f.Path, s)
	name := baseName(s)
	b.add(&f.Extension, extension(name))
	b.add(&f.Directory, directoryOf(s[:len(s)-len(name)]))
}

// directoryOf is a directory without the separator behind it, but for a root's: C:\ and /.
func directoryOf(s string) string {
	trimmed := strings.TrimRight(s, `/\`)
	if trimmed == "" || strings.HasSuffix(trimmed, ":") {
		return s[:min(len(trimmed)+1, len(s))]
	}
	return trimmed
}

func (b *builder) registryKey(s string) {
	hive, key := splitKey(s)
	if !b.joined {
		return
	}
	r := b.registry()
	b.add(&r.Hive, hive)
	b.add(&r.Key, key)
	b.add(&r.Path, registryPath(hive, key, ""))
	if hive == "" {
		b.drop("threat.indicator.registry.path", "the key names no hive")
	}
}

func (b *builder) port(n int64) {
	if n < 0 || n > 65535 {
		b.drop("threat.indicator.port", "not a port number")
		return
	}
	if v := b.values(); b.joined {
		v.Port = addLong(v.Port, n)
	}
}

func (b *builder) user(s string) { b.add(&b.doc.Related.User, s) }
