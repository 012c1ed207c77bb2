package stix

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// Mask stands where a secret was.
const Mask = "***"

// secretProperties is the property that holds a secret, by the type of object. Everywhere else the
// names of [secretNames] are secrets too.
var secretProperties = map[string]string{
	"credential":   "value",
	"user-account": "credential",
	"payment-card": "cvv",
	"artifact":     "decryption_key",
}

var secretNames = [...]string{"credential", "cvv", "decryption_key"}

// SecretPath reports whether an object path leads to a secret, such as credential:value.
func SecretPath(p *pattern.ObjectPath) bool {
	for _, step := range slices.Backward(p.Steps) {
		if step.Kind == pattern.Property {
			return step.Name == secretProperties[p.Object] || slices.Contains(secretNames[:], step.Name)
		}
	}
	return false
}

// SecretDigest returns the SHA-256 of a credential's value in hexadecimal digits, or "" for any other object,
// and for one whose value was masked before it was decoded.
func (o *Object) SecretDigest() string { return o.digest }

// hideSecrets masks the secrets of the object, so that nothing made of it can show them: a
// credential's value, an account's credential, a card's check number, a key, and what a pattern
// compares such a property with; these also where a name or a description repeats them.
func (o *Object) hideSecrets() {
	property := secretProperties[strings.TrimPrefix(o.Type, "x-opencti-")]
	if property == "" {
		switch o.EntityType {
		case "Credential", "User-Account", "Payment-Card", "Artifact":
			property = secretProperties[strings.ToLower(o.EntityType)]
		}
	}
	var found []string
	if property != "" {
		found = o.ownSecrets(property)
	}
	text, literals := o.patternSecrets()
	found = append(append(found, literals...), o.observedSecrets()...)
	if len(found) == 0 {
		return
	}
	hide := secretReplacer(found)
	o.parse(rewrite(nil, o.raw, "", func(name string, v Value) Value {
		switch {
		case name == property || name == "pattern" && text != "":
			masked := Mask
			if name != property {
				masked = text
			}
			return quoted(masked)
		case v.Kind() != '"' || keptName(name):
			return v
		}
		return changed(v, hide)
	}))
	o.hidden = hide
}

// ownSecrets is the secret that the object itself is or has.
func (o *Object) ownSecrets(property string) []string {
	v := o.Property(property)
	secret, isText := v.Text()
	if !isText {
		secret = string(v) // a number, or no secret at all
	}
	if v.Empty() || secret == Mask {
		return nil
	}
	if property == "value" {
		sum := sha256.Sum256([]byte(secret))
		o.digest = hex.EncodeToString(sum[:])
	}
	return []string{secret}
}

// observedSecrets is those that the platform lists beside a pattern, or its client beside a key.
func (o *Object) observedSecrets() (found []string) {
	if strings.HasSuffix(o.Type, "simple-observable") {
		key, _ := o.Root("key").Text()
		entity, name, _ := strings.Cut(strings.ToLower(key), ".")
		if secret, ok := o.Root("value").Text(); ok && secretProperties[entity] == name && name != "" {
			found = append(found, secret)
		}
	}
	list := o.OCTI("observable_values")
	if !bytes.Contains(list, []byte("redential")) {
		return found
	}
	for e := range list.Elements() {
		entity, _ := e.Member("type").Text()
		if secret, ok := e.Member(secretProperties[strings.ToLower(entity)]).Text(); ok {
			found = append(found, secret)
		}
	}
	return slices.DeleteFunc(found, func(s string) bool { return s == Mask || s == "" })
}

// patternSecrets returns the pattern without the secrets that it names, and these; none of a pattern
// that names none, or of another language.
func (o *Object) patternSecrets() (masked string, secrets []string) {
	v := o.Root("pattern")
	if v.Kind() != '"' || !namesSecret(v) && !bytes.Contains(v, []byte(`\u`)) {
		return "", nil
	}
	if kind, _ := o.Root("pattern_type").Text(); kind != "" && !strings.EqualFold(strings.TrimSpace(kind), "stix") {
		return "", nil
	}
	text, _ := v.Text()
	p, err := pattern.Parse(text)
	if err != nil {
		if secrets = brokenSecrets(text); len(secrets) == 0 {
			return "", nil
		}
		return Mask, append(secrets, text) // where its literals end, nobody can tell
	}
	var b strings.Builder
	end := 0
	for c := range p.Comparisons() {
		if !SecretPath(&c.Path) {
			continue
		}
		for l := range c.Literals() {
			if l.Text == Mask {
				continue
			}
			b.WriteString(text[end:l.Start] + "'" + Mask + "'")
			end = l.End
			secrets = append(secrets, l.Text, strings.Trim(l.Text, "%_^$.*"), strings.Trim(text[l.Start:l.End], "'"))
		}
	}
	b.WriteString(text[end:])
	return b.String(), slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
}

// namesSecret reports whether JSON may name a property that is a secret.
func namesSecret(v Value) bool {
	return slices.ContainsFunc(secretNames[:], func(name string) bool { return bytes.Contains(v, []byte(name)) })
}

var (
	secretMention = regexp.MustCompile(`credential:value|[:.]'?(credential|cvv|decryption_key)\b`)
	literal       = regexp.MustCompile(`'((?:[^'\\]|\\.)*)(?:'|$)|[=(,]\s*([^\s'\]\[(),]+)`)
)

// brokenSecrets is what could be secrets of a pattern that cannot be parsed: all its literals.
func brokenSecrets(text string) (found []string) {
	if !secretMention.MatchString(text) {
		return nil
	}
	for _, m := range literal.FindAllStringSubmatch(text, -1) {
		if s := m[1] + m[2]; s != "" && s != Mask {
			found = append(found, s, strings.TrimRight(s, "]) "))
		}
	}
	return slices.DeleteFunc(found, func(s string) bool { return s == "" })
}

// secretReplacer masks secrets in a text: long ones anywhere, those that could be part of a
// word where they stand alone.
func secretReplacer(secrets []string) func(string) string {
	const long = 4
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // a part of another is masked with it
	return func(s string) string {
		for _, secret := range secrets {
			if len(secret) >= long {
				s = strings.ReplaceAll(s, secret, Mask)
			} else {
				s = replaceWord(s, secret)
			}
		}
		return s
	}
}

func replaceWord(s, word string) string {
	var b strings.Builder
	for rest := s; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			b.WriteString(rest)
			return b.String()
		}
		end := i + len(word)
		if (i == 0 || !isWord(rest[i-1])) && (end == len(rest) || !isWord(rest[end])) {
			b.WriteString(rest[:i] + Mask)
		} else {
			b.WriteString(rest[:end])
		}
		rest = rest[end:]
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

var secretJSON = regexp.MustCompile(`(?i)"type"\s*:\s*"(x-opencti-)?credential"|"(credential|cvv|decryption_key)"\s*:|` + secretMention.String())

// MaskUndecoded returns data that could not be decoded, or a note in its place if it may hold a
// secret, which cannot be found in it then.
func MaskUndecoded(data []byte) []byte {
	if secretJSON.Match(data) {
		return []byte(`{"withheld":"it may hold a secret"}`)
	}
	return data
}
