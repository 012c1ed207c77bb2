package ecs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// realIndicators is the indicators of published bundles, which lie outside the module.
func realIndicators(t *testing.T) []*stix.Object {
	t.Helper()
	shared := os.Getenv("OPENCTI_ELASTIC_SHARED")
	if shared == "" {
		shared = "../../shared"
	}
	files, _ := filepath.Glob(filepath.Join(shared, "data", "stix-real", "bundles", "*"))
	if len(files) == 0 {
		t.Skip("no published bundles: set OPENCTI_ELASTIC_SHARED to a directory with data/stix-real/bundles")
	}
	var out []*stix.Object
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for e := range at(b, "objects").Elements() {
			if kind, _ := e.Member("type").Text(); kind != "indicator" {
				continue
			}
			o, err := stix.DecodeObject(e)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			out = append(out, o)
		}
	}
	return out
}

func TestRealIndicators(t *testing.T) {
	v, m := newValidator(t), newMapper(t)
	named, joined := 0, 0
	all := realIndicators(t)
	for _, o := range all {
		doc := mapJSON(t, m, o)
		for _, finding := range v.check(doc) {
			t.Errorf("%s: %s", o.ID, finding)
		}
		if len(texts(doc, "opencti.indicator.value")) > 0 {
			named++
		}
		leaf := false
		leaves("", doc, func(path string) { leaf = leaf || isValue(path) })
		if leaf {
			joined++
		}
	}
	t.Logf("%d indicators: %d name a value, %d have one that suffices and that ECS has a field for", len(all), named, joined)
	if named != len(all) {
		t.Errorf("%d indicators name no value", len(all)-named)
	}
}

// TestElasticsearchTakesReal indexes them and finds each by every value of its pattern.
func TestElasticsearchTakesReal(t *testing.T) {
	b := &bulk{index: newIndex(t)}
	m := newMapper(t)
	all := realIndicators(t)
	for _, o := range all {
		b.add(mapJSON(t, m, o))
	}
	b.flush()
	if len(b.rejected) > 0 {
		t.Fatalf("rejected: %.1000s", b.rejected)
	}
	if ignored := b.hits(`{"exists":{"field":"_ignored"}}`); len(ignored) > 0 {
		t.Errorf("a field was ignored in %.2000s", ignored[0])
	}
	for i, o := range all {
		if i%23 != 0 { // a search takes a millisecond
			continue
		}
		for _, value := range texts(mapJSON(t, m, o), "opencti.indicator.value") {
			if len(b.hits(`{"bool":{"filter":[{"term":{"opencti.indicator.value":`+quote(value)+`}},{"term":{"event.id":`+quote(o.Key())+`}}]}}`)) != 1 {
				t.Errorf("%s is not found by %q", o.ID, value)
			}
		}
	}
}
