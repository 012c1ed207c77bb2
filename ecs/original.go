package ecs

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// secrets is the properties that are never stored, by the type of object; "" is any type.
var secrets = map[string][]string{
	"":             {"payload_bin", "decryption_key"},
	"user-account": {"credential"},
	"payment-card": {"cvv"},
	"credential":   {"value"},
}

func secret(o *stix.Object, name string) bool {
	if contains(secrets[""], name) || contains(secrets[o.Type], name) {
		return true
	}
	t := findEntity(o.EntityType)
	return t != nil && contains(secrets[t.stix], name)
}

// original gives the object's JSON without secrets and payloads.
func original(o *stix.Object) string {
	clean := true
	for name := range o.Raw().Members() {
		clean = clean && !secret(o, name)
	}
	if clean {
		return strings.ToValidUTF8(string(o.Raw()), "\uFFFD")
	}
	b := []byte{'{'}
	for name, v := range o.Raw().Members() {
		if secret(o, name) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = append(b, v...)
	}
	return strings.ToValidUTF8(string(append(b, '}')), "\uFFFD")
}
