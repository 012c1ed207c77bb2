package ecs

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// The functions here are the ECS column of the tables of observables. Each fills
// what ECS has a place for; the rest is in the tables.

func addressFields(b *builder) { b.address(b.text("value")) }

func nameFields(b *builder) { b.domain(b.text("value")) }

func urlFields(b *builder) {
	s, _ := b.given.Property("value").Text()
	b.url(s) // as given, to the letter
}

func emailFields(b *builder) { b.email(b.text("value")) }

func personaFields(b *builder) { b.user(b.text("persona_name")) }

func accountFields(b *builder) {
	b.user(b.text("account_login"))
	b.user(b.text("user_id"))
}

// simpleFields reads what OpenCTI's client writes for any observable: its type and property as "IPv4-Addr.value",
// "File.hashes.SHA-256", and the value beside it.
func (b *builder) simpleFields() {
	entity, property, _ := strings.Cut(b.text("key"), ".")
	if strings.EqualFold(entity, "File") {
		entity = "StixFile"
	}
	t := findEntity(entity)
	if t == nil {
		b.drop("threat.indicator", "the key names no known type of observable")
		return
	}
	b.doc.Threat.Indicator.Type = t.word
	path := pattern.ObjectPath{Object: t.stix}
	for name := range strings.SplitSeq(property, ".") {
		path.Steps = append(path.Steps, pattern.Step{Kind: pattern.Property, Name: name})
	}
	rule, name := findPath(&path)
	if rule == nil {
		return // kept as it is; no field has a place for it
	}
	value, _ := b.given.Property("value").Text()
	rule.put(b, name, value)
}

func fileFields(b *builder) {
	b.fileHashes()
	b.fileName(b.text("name"))
	for _, name := range b.texts("additional_names") {
		b.fileName(name)
	}
	if !b.joined {
		return
	}
	f := &b.values().File
	f.Type = "file"
	if size := b.property("size"); !size.Empty() {
		if n, ok := size.Int(); ok && n >= 0 {
			f.Size = addLong(f.Size, n)
		} else {
			b.drop("threat.indicator.file.size", "not a size")
		}
	}
	b.add(&f.MimeType, b.text("mime_type"))
	b.fileDates()
}

func artifactFields(b *builder) {
	b.fileHashes()
	for _, name := range b.texts("additional_names") {
		b.fileName(name)
	}
	if b.joined {
		b.add(&b.values().File.MimeType, b.text("mime_type"))
		b.add(&b.values().File.OriginURL, b.text("url"))
	}
}

func directoryFields(b *builder) {
	if !b.joined {
		return
	}
	f := &b.values().File
	f.Type = "dir"
	b.add(&f.Path, b.text("path"))
	b.fileDates()
}

func (b *builder) fileHashes() { eachHash(b.property("hashes"), b.hash) }

// fileDates: STIX's ctime is the creation, ECS's the change of metadata.
func (b *builder) fileDates() {
	f := &b.values().File
	f.Created = b.date("ctime", "threat.indicator.file.created")
	f.Modified = b.date("mtime", "threat.indicator.file.mtime")
	f.Accessed = b.date("atime", "threat.indicator.file.accessed")
}

func trafficFields(b *builder) {
	for _, name := range [...]string{"dst_port", "src_port"} {
		if v := b.property(name); !v.Empty() {
			if n, ok := v.Int(); ok {
				b.port(n)
			} else {
				b.drop("threat.indicator.port", "not a port number")
			}
		}
	}
	if len(b.values().Port) > 0 || b.property("dst_port|src_port") != nil {
		b.doc.Threat.Indicator.Type = "port"
	}
}

func systemFields(b *builder) {
	if !b.joined {
		return
	}
	v := b.values()
	digits := strings.TrimSpace(b.text("number"))
	if len(digits) > 2 && strings.EqualFold(digits[:2], "AS") {
		digits = digits[2:]
	}
	if n, ok := wholeNumber(digits); ok && n >= 0 {
		v.ASNumber = addLong(v.ASNumber, n)
	} else if digits != "" {
		b.drop("threat.indicator.as.number", "not a number")
	}
	b.add(&v.ASName, b.text("name"))
}

func registryFields(b *builder) {
	hive, key := splitKey(b.text("key|attribute_key"))
	if !b.joined {
		return
	}
	r := b.registry()
	b.add(&r.Hive, hive)
	b.add(&r.Key, key)
	for v := range b.property("values").Elements() {
		name, data, kind := plainText(v.Member("name")), plainText(v.Member("data")), plainText(v.Member("data_type"))
		b.add(&r.Value, name)
		b.add(&r.Path, registryPath(hive, key, name))
		b.add(&r.DataType, kind)
		if data == "" {
			continue
		}
		if kind == "REG_BINARY" {
			if text := registryBytes(data); text != "" {
				b.add(&r.DataBytes, text)
				continue
			}
			b.drop("threat.indicator.registry.data.bytes", "not hexadecimal")
		}
		b.add(&r.DataStrings, registryString(data, kind))
	}
	if len(r.Path) == 0 {
		b.add(&r.Path, registryPath(hive, key, ""))
	}
	if hive == "" {
		b.drop("threat.indicator.registry.path", "the key names no hive")
	}
}

func certificateFields(b *builder) {
	eachHash(b.property("hashes"), func(_, s string) { b.add(&b.doc.Related.Hash, cut(hashText(s), 1024)) })
	if !b.joined {
		return
	}
	x := b.x509()
	b.certificateSerial(b.text("serial_number"))
	b.certificateIssuer(b.text("issuer"))
	b.certificateSubject(b.text("subject"))
	x.NotBefore = b.date("validity_not_before", "threat.indicator.x509.not_before")
	x.NotAfter = b.date("validity_not_after", "threat.indicator.x509.not_after")
	x.Version = b.text("version")
	x.SignatureAlgorithm = b.text("signature_algorithm")
	x.KeyAlgorithm = b.text("subject_public_key_algorithm")
	if v := b.property("subject_public_key_exponent"); !v.Empty() {
		if x.KeyExponent = longFrom(v.Int()); !x.KeyExponent.Set {
			b.drop("threat.indicator.x509.public_key_exponent", "not a number")
		}
	}
	for _, name := range alternativeNames(b.text("x509_v3_extensions/subject_alternative_name|subject_alternative_name")) {
		b.add(&x.AlternativeNames, name)
	}
}

func (b *builder) certificateSerial(s string) {
	if s == "" {
		return
	}
	if serial := serialNumber(s); serial != "" {
		b.add(&b.x509().SerialNumber, serial)
	} else {
		b.drop("threat.indicator.x509.serial_number", "not hexadecimal")
	}
}

func (b *builder) certificateIssuer(s string) { b.distinguishedName(&b.x509().Issuer, s) }

func (b *builder) certificateSubject(s string) { b.distinguishedName(&b.x509().Subject, s) }

// environment is a process' variables as "name=value": the platform has a list of these, STIX a dictionary.
func environment(b *builder) any {
	list := b.texts("environment_variables")
	for name, v := range b.property("environment_variables").Members() {
		list = append(list, name+"="+plainText(v))
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// partTexts reads one property of each part of a message of several parts.
func partTexts(name string) func(*builder) any {
	return func(b *builder) any {
		var out []string
		for part := range b.property("body_multipart").Elements() {
			out = append(out, plainText(part.Member(name)))
		}
		if out = unique(out); out == nil {
			return nil
		}
		return out
	}
}

// addressBlock is the range of an address observable that holds a block.
func addressBlock(b *builder) any {
	if _, block := parseAddress(b.text("value")); block != "" {
		return block
	}
	return nil
}

// readableName is the Unicode form of a name in xn-- form.
func readableName(b *builder) any {
	name, _ := domainName(b.text("value"))
	if s := unicodeName(name); s != "" {
		return s
	}
	return nil
}

// credentialHash stands for a credential's value, which is never kept.
func credentialHash(b *builder) any {
	digest := b.given.SecretDigest()
	if digest == "" || !b.m.options.CredentialHash {
		return nil
	}
	return digest
}
