package ecs_test

import (
	"fmt"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

func TestSmoke(t *testing.T) {
	o, err := stix.DecodeObject([]byte(`{"id":"indicator--5a6bd6a4-2f0b-5d0c-9a1e-4f2f5d9b7c11","spec_version":"2.1","type":"indicator",
  "created":"2026-11-23T15:12:20.100Z","modified":"2026-11-23T15:12:20.100Z","revoked":false,"confidence":80,"lang":"en",
  "labels":["c2","cobalt-strike"],"object_marking_refs":["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"],
  "created_by_ref":"identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced",
  "external_references":[{"source_name":"ACME report","url":"https://example.org/report/12"}],
  "name":"203.0.113.77","description":"Beacon server","indicator_types":["malicious-activity"],
  "pattern":"[ipv4-addr:value = '203.0.113.77' OR domain-name:value = 'c2.example.org']","pattern_type":"stix","pattern_version":"2.1",
  "valid_from":"2026-11-20T00:00:00.000Z","valid_until":"2027-02-18T00:00:00.000Z",
  "kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"command-and-control"}],
  "extensions":{
   "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba":{"extension_type":"property-extension","id":"7ad0f4ab-93b3-4a8e-9d3b-0c4f9f1f2a10","type":"Indicator",
    "created_at":"2026-11-23T15:12:20.100Z","updated_at":"2026-11-23T15:12:20.100Z","is_inferred":false,
    "detection":true,"score":85,"main_observable_type":"IPv4-Addr","observable_values":[{"type":"IPv4-Addr","value":"203.0.113.77"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ecs.NewMapper(ecs.Options{OpenCTIURL: "https://cti.example.org/"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Map(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.MarshalJSON()
	fmt.Println(string(b), err)
	fmt.Println(len(ecs.Mapping()), len(ecs.Fields()))
}

func BenchmarkIndicator(b *testing.B) {}
