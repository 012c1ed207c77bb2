package ecs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
)

// TestPatternValues looks at what of a pattern is shown, joined and left out where that is not plain.
func TestPatternValues(t *testing.T) {
	for _, row := range []struct {
		name, pattern string
		value         []string
		file          ecs.File
		dropped       []ecs.Note
	}{
		{"relative path", `[file:name = 'a\\b.exe']`, []string{`a\b.exe`}, ecs.File{}, nil},
		{"whole path", `[file:name = 'C:\\a\\b.exe']`, []string{`C:\a\b.exe`}, ecs.File{
			Path: []string{`C:\a\b.exe`}, Directory: []string{`C:\a`}, Extension: []string{"exe"}, Type: "file",
		}, nil},
		{"directory", `[directory:path = 'C:\\a']`, []string{`C:\a`}, ecs.File{Path: []string{`C:\a`}, Type: "dir"}, nil},
		{"file or directory: a document has one type", `[directory:path = '/a' OR file:name = 'b.exe']`, []string{"/a", "b.exe"}, ecs.File{
			Path: []string{"/a"}, Name: []string{"b.exe"}, Extension: []string{"exe"},
		}, nil},
		{"no hash", `[file:hashes.'SHA-256' = 'abc']`, []string{"abc"}, ecs.File{}, []ecs.Note{{"threat.indicator.file.hash.sha256", "not a hash of this algorithm"}}},
		{"no port", `[network-traffic:dst_port = 'x']`, []string{"x"}, ecs.File{}, []ecs.Note{{"threat.indicator.port", "not a port number"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := mapped(t, newMapper(t), observable(t, "indicator", `{"pattern_type":"stix","pattern":`+quote(row.pattern)+`}`))
			if diff := cmp.Diff(row.value, d.OpenCTI.Indicator.Value); diff != "" {
				t.Errorf("opencti.indicator.value (-want +got):\n%s", diff)
			}
			// Some paths are joined in more than one spelling; those are tested where they are made.
			got := d.Threat.Indicator.File
			if len(got.Path) > 1 {
				got.Path = got.Path[:1]
			}
			if diff := cmp.Diff(row.file, got); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.dropped, d.Dropped); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnplacedProperties: what no field has a place for is named, and nothing else.
func TestUnplacedProperties(t *testing.T) {
	const reason = "no field has a place for this property"
	for _, row := range []struct {
		name, kind, properties string
		want                   []ecs.Note
	}{
		{"observable", "domain-name", `{"value":"evil.example","x_thing":1,"resolves_to_refs":["ipv4-addr--1"],"defanged":false,"x_opencti_score":1,"x_empty":""}`, []ecs.Note{{"x_thing", reason}, {"resolves_to_refs", reason}}},
		{"indicator", "indicator", `{"pattern":"[mutex:name = 'm']","lang":"en","x_misp_uuid":"u"}`, []ecs.Note{{"x_misp_uuid", reason}}},
		{"unknown type", "x-thing", `{"colour":"red","size":1}`, []ecs.Note{{"size", reason}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := mapped(t, newMapper(t), observable(t, row.kind, row.properties))
			if diff := cmp.Diff(row.want, d.Dropped); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
		})
	}
}
