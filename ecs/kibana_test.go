package ecs_test

import (
	"slices"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// kibanaNames is the field that Kibana's Indicators page takes a document's name
// from, by its type; of the fields of file the first that is there.
var kibanaNames = map[string][]string{
	"ipv4-addr": {"ip"}, "ipv6-addr": {"ip"}, "url": {"url.full"}, "domain-name": {"url.domain"}, "email-addr": {"email.address"},
	"file":             {"file.hash.sha256", "file.hash.md5", "file.hash.sha1", "file.hash.sha224", "file.hash.sha3-256", "file.hash.sha512", "file.hash.sha384", "file.hash.ssdeep", "file.hash.tlsh"},
	"x509-certificate": {"x509.serial_number"}, "windows-registry-key": {"registry.key"}, "autonomous-system": {"as.number"},
}

// unnamed is the golden documents that the page can have no name for.
var unnamed = map[string]string{
	"file-wrong-hash": "its only hash is none",
}

// TestKibanaNames: a document with values that join has a type that Kibana can name it by.
func TestKibanaNames(t *testing.T) {
	for _, g := range goldens(t) {
		word, _ := at(g.document, "threat.indicator.type").Text()
		fields := kibanaNames[word]
		values := false
		leaves("", g.document, func(path string) { values = values || isValue(path) })
		if !values || fields == nil || unnamed[g.name] != "" {
			continue
		}
		if !slices.ContainsFunc(fields, func(f string) bool { return !at(g.document, "threat.indicator."+f).Empty() }) {
			t.Errorf("%s: type %s has none of %q", g.name, word, fields)
		}
	}
}

// TestNoEventFields: a document with an event's fields would raise an alert against itself, since
// the rules search its index for events too.
func TestNoEventFields(t *testing.T) {
	allowed := []string{"@timestamp", "ecs", "event", "tags", "threat", "related", "opencti"}
	for _, g := range goldens(t) {
		last := -1
		for name := range at(g.document, "event").Members() {
			if name == "url" || name == "reference" {
				t.Errorf("%s has event.%s", g.name, name)
			}
		}
		for name := range stix.Value(g.document).Members() {
			i := slices.Index(allowed, name)
			if i <= last {
				t.Errorf("%s: field %q is not one of the root's, or not in their order", g.name, name)
			}
			last = i
		}
	}
}
