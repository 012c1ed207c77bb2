package ecs

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// A pathRule is what becomes of a value that a pattern compares an object path with.
type pathRule struct {
	// path is the object path without indices: "email-message:to_refs.value". A last
	// step "*" stands for any name, such as a hash algorithm's.
	path string
	// put gets the value; name is the step that "*" stood for.
	put func(b *builder, name, value string)
	// word is the threat.indicator.type of a value that suffices alone, byLook for a path that leads to several types.
	word string
}

// byLook stands for the type that a value has by its look.
const byLook = "?"

// pathRules is one entry a path. What a path names only in one role (the
// recipient, the source) goes to related.*: the rules join the fields of all roles.
var pathRules = [...]pathRule{
	{"ipv4-addr:value", (*builder).patternAddress, "ipv4-addr"},
	{"ipv6-addr:value", (*builder).patternAddress, "ipv6-addr"},
	{"domain-name:value", func(b *builder, _, s string) { b.domain(s) }, "domain-name"},
	{"hostname:value", func(b *builder, _, s string) { b.domain(s) }, "domain-name"},
	{"url:value", func(b *builder, _, s string) { b.url(s) }, "url"},
	{"file:hashes.*", (*builder).hash, "file"},
	{"file:name", func(b *builder, _, s string) { b.patternFileName(s) }, "file"},
	{"file:size", func(b *builder, _, s string) { b.fileSize(s) }, "file"},
	{"file:mime_type", func(b *builder, _, s string) { b.put(&b.values().File.MimeType, s) }, "file"},
	{"file:path", func(b *builder, _, s string) { b.filePath(s) }, "file"},
	{"file:extension", func(b *builder, _, s string) { b.put(&b.values().File.Extension, s) }, "file"},
	{"file:parent_directory_ref.path", func(b *builder, _, s string) { b.put(&b.values().File.Directory, s) }, "file"},
	{"file:extensions.windows-pebinary-ext.imphash", func(b *builder, _, s string) { b.hash("imphash", s) }, "file"},
	{"artifact:hashes.*", (*builder).hash, "artifact"},
	{"artifact:mime_type", func(b *builder, _, s string) { b.put(&b.values().File.MimeType, s) }, "artifact"},
	{"artifact:url", func(b *builder, _, s string) { b.put(&b.values().File.OriginURL, s) }, "artifact"},
	{"directory:path", func(b *builder, _, s string) { b.put(&b.values().File.Path, s) }, "directory"},
	{"email-addr:value", func(b *builder, _, s string) { b.email(s) }, "email-addr"},
	{"email-message:from_ref.value", func(b *builder, _, s string) { b.email(s) }, "email-addr"},
	{"email-message:sender_ref.value", func(b *builder, _, s string) { b.email(s) }, "email-addr"},
	{"email-message:to_refs.value", relatedOnly((*builder).email), ""},
	{"email-message:cc_refs.value", relatedOnly((*builder).email), ""},
	{"email-message:bcc_refs.value", relatedOnly((*builder).email), ""},
	{"domain-name:resolves_to_refs.value", relatedOnly((*builder).anyAddress), ""},
	{"network-traffic:src_ref.value", func(b *builder, _, s string) { b.anyAddress(s) }, byLook},
	{"network-traffic:dst_ref.value", func(b *builder, _, s string) { b.anyAddress(s) }, byLook},
	{"network-traffic:dst_port", (*builder).patternPort, "port"},
	{"network-traffic:src_port", (*builder).patternPort, "port"},
	{"process:image_ref.hashes.*", relatedHash, ""},
	{"process:binary_ref.hashes.*", relatedHash, ""},
	{"process:creator_user_ref.account_login", relatedOnly((*builder).user), ""},
	{"user-account:account_login", relatedOnly((*builder).user), ""},
	{"user-account:user_id", relatedOnly((*builder).user), ""},
	{"persona:persona_name", relatedOnly((*builder).user), ""},
	{"x509-certificate:hashes.*", func(b *builder, _, s string) { b.add(&b.doc.Related.Hash, cut(hashText(s), 1024)) }, ""},
	{"x509-certificate:serial_number", func(b *builder, _, s string) {
		if b.shown {
			b.certificateSerial(s)
		}
	}, "x509-certificate"},
	{"x509-certificate:issuer", func(b *builder, _, s string) {
		if b.shown {
			b.certificateIssuer(s)
		}
	}, "x509-certificate"},
	{"x509-certificate:subject", func(b *builder, _, s string) {
		if b.shown {
			b.certificateSubject(s)
		}
	}, "x509-certificate"},
	{"windows-registry-key:key", func(b *builder, _, s string) { b.registryKey(s) }, "windows-registry-key"},
	{"windows-registry-key:values.name", func(b *builder, _, s string) { b.registryValue(s) }, "windows-registry-key"},
	{"windows-registry-key:values.data", func(b *builder, _, s string) { b.registryData(s) }, "windows-registry-key"},
	{"autonomous-system:number", func(b *builder, _, s string) { b.systemNumber(s) }, "autonomous-system"},
	{"autonomous-system:name", func(b *builder, _, s string) { b.put(&b.values().ASName, s) }, "autonomous-system"},
}

// findPath returns the rule of a path and the name that its "*" stands for.
func findPath(p *pattern.ObjectPath) (rule *pathRule, name string) {
	for i := range pathRules {
		if name, ok := pathRules[i].matches(p); ok {
			return &pathRules[i], name
		}
	}
	return nil, ""
}

func (r *pathRule) matches(p *pattern.ObjectPath) (name string, ok bool) {
	rest, found := strings.CutPrefix(r.path, p.Object)
	if !found || rest[0] != ':' {
		return "", false
	}
	rest = rest[1:]
	done := false
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Kind != pattern.Property {
			continue
		}
		if done {
			return "", false
		}
		if rest == "*" {
			name, done = s.Name, true
			continue
		}
		after, found := strings.CutPrefix(rest, s.Name)
		switch {
		case !found || s.Name == "":
			return "", false
		case after == "":
			done = true
		case after[0] == '.':
			rest = after[1:]
		default:
			return "", false
		}
	}
	return name, done
}

// put adds a text to a field that rules join on, if it suffices.
func (b *builder) put(list *[]string, s string) {
	if b.joined {
		b.add(list, strings.TrimSpace(s))
	}
}

func (b *builder) registryValue(s string) {
	if b.joined {
		b.add(&b.registry().Value, s)
	}
}

func (b *builder) registryData(s string) {
	if b.joined {
		b.add(&b.registry().DataStrings, s)
	}
}

func (b *builder) patternAddress(_, s string) { b.address(s) }

func (b *builder) patternPort(_, s string) {
	if n, ok := wholeNumber(s); ok {
		b.port(n)
	} else {
		b.drop("threat.indicator.port", "not a port number")
	}
}

func (b *builder) fileSize(s string) {
	if n, ok := wholeNumber(s); !ok || n < 0 {
		b.drop("threat.indicator.file.size", "not a size")
	} else if b.joined {
		b.values().File.Size = addLong(b.values().File.Size, n)
	}
}

func (b *builder) systemNumber(s string) {
	if n, ok := wholeNumber(s); !ok || n < 0 {
		b.drop("threat.indicator.as.number", "not a number")
	} else if b.joined {
		b.values().ASNumber = addLong(b.values().ASNumber, n)
	}
}

// anyAddress takes what a reference to an address or a name can lead to.
func (b *builder) anyAddress(s string) {
	switch typeOfValue(s) {
	case "ipv4-addr", "ipv6-addr":
		b.address(s)
	case "mac-addr": // ECS has no field for one
	default:
		b.domain(s)
	}
}

func relatedOnly(put func(*builder, string)) func(*builder, string, string) {
	return func(b *builder, _, s string) {
		joined := b.joined
		b.joined = false
		put(b, s)
		b.joined = joined
	}
}

func relatedHash(b *builder, name, s string) {
	joined := b.joined
	b.joined = false
	b.hash(name, s)
	b.joined = joined
}
