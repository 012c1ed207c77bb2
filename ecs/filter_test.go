package ecs_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/ecs"
)

func TestFilter(t *testing.T) {
	o := indicator(t, `{"confidence":40,"labels":["C2","apt"],"created_by_ref":"identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced","modified":"2026-11-13T18:00:01Z",`+
		`"x_opencti_cf_risk":"high","object_marking_refs":["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]}`, `{"id":"1","type":"Indicator","score":60,"detection":false,"main_observable_type":"IPv4-Addr","x_opencti_cf_owner":["blue","red"],"x_opencti_cf_level":0,"x_opencti_cf_seen":false}`)
	bare := indicator(t, `{}`, `{"id":"1"}`)
	const acme, day = "identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced", 24 * time.Hour
	for _, row := range []struct {
		name       string
		filter     ecs.Filter
		full, bare bool
	}{
		{"none", ecs.Filter{}, true, true},
		{"score reached", ecs.Filter{Score: 60}, true, false},
		{"score not reached", ecs.Filter{Score: 61}, false, false},
		{"confidence reached", ecs.Filter{Confidence: 40}, true, false},
		{"confidence not reached", ecs.Filter{Confidence: 41}, false, false},
		{"one of the labels", ecs.Filter{Labels: []string{"c2", "other"}}, true, false},
		{"another label", ecs.Filter{Labels: []string{"other"}}, false, false},
		{"unwanted label", ecs.Filter{NotLabels: []string{"APT"}}, false, true},
		{"no unwanted label", ecs.Filter{NotLabels: []string{"other"}}, true, true},
		{"TLP reached", ecs.Filter{TLP: "AMBER"}, true, true},
		{"TLP above", ecs.Filter{TLP: "tlp:green"}, false, true},
		{"author's name", ecs.Filter{Authors: []string{"acme"}}, true, false},
		{"author's id", ecs.Filter{Authors: []string{acme}}, true, false},
		{"another author", ecs.Filter{Authors: []string{"Other Inc."}}, false, false},
		{"type", ecs.Filter{Types: []string{"indicator"}}, true, true},
		{"main observable", ecs.Filter{Types: []string{"ipv4-addr"}}, true, false},
		{"other types", ecs.Filter{Types: []string{"domain-name", "Url"}}, false, false},
		{"for detection", ecs.Filter{Detection: true}, false, false},
		{"young enough", ecs.Filter{MaxAge: 10 * day}, true, true},
		{"too old", ecs.Filter{MaxAge: 10*day - time.Hour}, false, true},
		{"custom text", ecs.Filter{Custom: map[string][]string{"risk": {"low", "HIGH"}}}, true, false},
		{"custom number", ecs.Filter{Custom: map[string][]string{"level": {"0"}}}, true, false},
		{"custom truth", ecs.Filter{Custom: map[string][]string{"seen": {"false"}}}, true, false},
		{"custom list", ecs.Filter{Custom: map[string][]string{"owner": {"red"}}}, true, false},
		{"one custom field of two", ecs.Filter{Custom: map[string][]string{"owner": {"red"}, "risk": {"low"}}}, false, false},
		{"several at once", ecs.Filter{Score: 50, Labels: []string{"apt"}, TLP: "RED"}, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := newMapper(t, func(o *ecs.Options) { o.Filter = row.filter })
			_, fullErr := m.Map(o)
			_, bareErr := m.Map(bare)
			if passed(t, fullErr) != row.full || passed(t, bareErr) != row.bare {
				t.Errorf("%v, %v; want %v, %v", fullErr, bareErr, row.full, row.bare)
			}
		})
	}
}

func passed(t *testing.T, err error) bool {
	t.Helper()
	if skip, ok := errors.AsType[*ecs.SkipError](err); err != nil && (!ok || !skip.Filtered || skip.Reason == "") {
		t.Errorf("%v is no SkipError of the filter", err)
	}
	return err == nil
}

// TestMarkingsFailClosed: with a ceiling, a marking above it counts in every form, and so does one of which
// nothing is known; without a ceiling neither changes anything.
func TestMarkingsFailClosed(t *testing.T) {
	const red, green, own = `"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"`, `"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"`, `"marking-definition--a0000000-0000-4000-8000-000000000001"`
	const unknown = `"marking-definition--99999999-9999-4999-8999-999999999999"`
	for _, row := range []struct {
		name, properties, reason string
	}{
		{"above", `{"object_marking_refs":[` + red + `]}`, "TLP:RED is above AMBER"},
		{"above, beside one below", `{"object_marking_refs":[` + green + `,` + red + `]}`, "TLP:RED is above AMBER"},
		{"above, not in an array", `{"object_marking_refs":` + red + `}`, "TLP:RED is above AMBER"},
		{"above, of a single property", `{"granular_markings":[{"marking_ref":` + red + `,"selectors":["name"]}]}`, "TLP:RED is above AMBER"},
		{"above, in the form of exports", `{"x_opencti_object_marking_refs":[` + red + `]}`, "TLP:RED is above AMBER"},
		{"unknown", `{"object_marking_refs":[` + unknown + `]}`, "nothing is known of its marking " + strings.Trim(unknown, `"`) + ", which may be above AMBER"},
		{"below", `{"object_marking_refs":[` + green + `]}`, ""},
		{"known, not of TLP", `{"object_marking_refs":[` + own + `]}`, ""},
		{"none", `{}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := indicator(t, row.properties, `{"id":"1"}`)
			_, err := newMapper(t, func(o *ecs.Options) { o.Filter.TLP = "AMBER" }).Map(o)
			reason := ""
			if skip, ok := errors.AsType[*ecs.SkipError](err); ok {
				reason = skip.Reason
			}
			if reason != row.reason {
				t.Errorf("reason %q, want %q", reason, row.reason)
			}
			mapped(t, newMapper(t), o)
		})
	}
}
