package ecs_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

func TestMapping(t *testing.T) {
	m := ecs.Mapping()
	if !m.IsValid() || !bytes.Equal(m, ecs.Mapping()) {
		t.Fatalf("not valid, or not the same each time: %s", m)
	}
	if dynamic, ok := at(m, "dynamic").Bool(); dynamic || !ok {
		t.Error("dynamic is not false")
	}
	if dates, ok := at(m, "date_detection").Bool(); dates || !ok {
		t.Error("date_detection is not false")
	}
	if !bytes.Equal(at(m, "properties"), ecs.Properties()) {
		t.Error("Properties is not the properties of Mapping")
	}
	for _, f := range ecs.Fields() {
		v := at(ecs.Properties(), strings.ReplaceAll(f.Name, ".", ".properties."))
		if kind, _ := v.Member("type").Text(); kind != f.Type.String() {
			t.Errorf("%s is mapped as %q, want %s", f.Name, kind, f.Type)
		}
	}
	for field, want := range map[string]string{
		"@timestamp": "date", "threat.indicator.first_seen": "date", "opencti.indicator.valid_until": "date", "opencti.updated_at": "date", "opencti.expires_at": "date",
		"threat.indicator.ip": "ip", "related.ip": "ip", "opencti.observable.ipv4_addr.range": "ip_range", "opencti.observable.ipv6_addr.range": "ip_range",
		"threat.indicator.url.full": "wildcard", "threat.indicator.url.path": "wildcard", "threat.indicator.registry.data.strings": "wildcard", "opencti.indicator.pattern": "wildcard",
		"event.risk_score": "float", "event.module": "keyword", "threat.indicator.type": "keyword", "threat.feed.name": "keyword",
		"opencti.indicator.score": "long", "opencti.indicator.confidence": "long", "opencti.indicator.revoked": "boolean", "opencti.indicator.detection": "boolean",
		"threat.indicator.x509.public_key_exponent": "long", "threat.indicator.as.number": "long",
	} {
		if kind, _ := at(m, "properties."+strings.ReplaceAll(field, ".", ".properties.")+".type").Text(); kind != want {
			t.Errorf("%s is mapped as %q, want %s", field, kind, want)
		}
	}
}

// TestTemplateVersion: an index with another mapping is told by the version alone, so
// the mapping may not change without it. With -update the file is written, but not under the old version.
func TestTemplateVersion(t *testing.T) {
	const file = "testdata/mapping.json"
	was, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	now := indent(t, fmt.Appendf(nil, `{"version":%d,"mapping":%s}`, ecs.TemplateVersion, ecs.Mapping())) + "\n"
	version, _ := at(was, "version").Int()
	switch {
	case string(was) == now:
	case version == ecs.TemplateVersion:
		t.Errorf("the mapping has changed: raise TemplateVersion, then run go test -update (-want +got):\n%s", cmp.Diff(string(was), now))
	case *update:
		if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s has version %d of the mapping, want %d; run go test -update", file, version, ecs.TemplateVersion)
	}
}

// TestMappingLeavesRoom: Elasticsearch takes 1,000 fields, with objects and sub-fields; users want some of their own.
func TestMappingLeavesRoom(t *testing.T) {
	n := countFields(stix.Value(ecs.Properties()))
	t.Logf("%d fields, %d with objects and sub-fields", len(ecs.Fields()), n)
	if n > 800 {
		t.Errorf("%d fields leave too little room", n)
	}
}

func countFields(properties stix.Value) (n int) {
	for _, f := range properties.Members() {
		n += 1 + countFields(f.Member("properties")) + countFields(f.Member("fields"))
	}
	return n
}
