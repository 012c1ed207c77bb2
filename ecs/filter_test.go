package ecs_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/opencti-elastic/opencti-elastic/ecs"
)

func TestFilter(t *testing.T) {
	o := indicator(t, `{"confidence":40,"labels":["C2","apt"],"created_by_ref":"identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced","modified":"2026-11-13T18:00:01Z",`+
		`"object_marking_refs":["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]}`, `{"id":"1","type":"Indicator","score":60,"detection":false,"main_observable_type":"IPv4-Addr"}`)
	bare := indicator(t, `{}`, `{"id":"1"}`)
	for _, row := range []struct {
		filter     string
		full, bare bool
	}{
		{"", true, true},
		{"score>=60", true, false},
		{"score>=61", false, false},
		{"confidence>=40", true, false},
		{"confidence>=41", false, false},
		{"label=c2,other", true, false},
		{"label=other", false, false},
		{"label!=APT", false, true},
		{"label!=other", true, true},
		{"tlp<=AMBER", true, true},
		{"tlp<=tlp:green", false, true},
		{"author=acme", true, false},
		{"author=identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced", true, false},
		{`author="Other Inc."`, false, false},
		{"type=indicator", true, true},
		{"type=ipv4-addr", true, false},
		{"type=domain-name,Url", false, false},
		{"detection=true", false, false},
		{"age<=10d", true, true},
		{"age<=239h", false, true},
		{"score>=50 label=apt tlp<=RED", true, false},
	} {
		t.Run(row.filter, func(t *testing.T) {
			f, err := ecs.ParseFilter(row.filter)
			if err != nil {
				t.Fatal(err)
			}
			m := newMapper(t, func(o *ecs.Options) { o.Filter = f })
			_, fullErr := m.Map(o)
			_, bareErr := m.Map(bare)
			if passed(t, fullErr) != row.full || passed(t, bareErr) != row.bare {
				t.Errorf("%v, %v; want %v, %v", fullErr, bareErr, row.full, row.bare)
			}
			again, err := ecs.ParseFilter(f.String())
			if diff := cmp.Diff(f, again, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(ecs.Filter{}, "Now", "References")); err != nil || diff != "" {
				t.Errorf("%q parsed again: %v\n%s", f.String(), err, diff)
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

func TestParseFilterFaults(t *testing.T) {
	for _, bad := range []string{"score>=101", "score=50", "score", "=", ">=5", "tlp<=PURPLE", "age<=soon", "age<=-1d", "detection=perhaps", "label=", "colour=red", "confidence>=x"} {
		if _, err := ecs.ParseFilter(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
