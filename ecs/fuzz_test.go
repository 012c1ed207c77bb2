package ecs_test

import (
	"errors"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// FuzzMap maps arbitrary objects: a document that breaks no rule of ECS, or a reason.
func FuzzMap(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add([]byte(g.object.Raw()))
	}
	v, m := newValidator(f), newMapper(f, func(o *ecs.Options) { o.KeepOriginal = true })
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := stix.DecodeObject(b)
		if err != nil {
			return
		}
		d, err := m.Map(o)
		if err != nil {
			if skip, ok := errors.AsType[*ecs.SkipError](err); !ok || skip.Reason == "" {
				t.Fatal(err)
			}
			return
		}
		doc, err := d.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		if findings := v.check(doc); len(findings) > 0 {
			t.Errorf("%q\n%s", findings, doc)
		}
	})
}

// FuzzURL maps arbitrary URLs: full and original never change one that is not defanged.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"http://example.com/a?b#c", "hxxps[:]//evil[.]example/", "http://[::1]:80/", "a://[", "hxxp(", "//[]]"} {
		f.Add(s)
	}
	v, m := newValidator(f), newMapper(f)
	f.Fuzz(func(t *testing.T, s string) {
		doc := mapJSON(t, m, decode(t, `{"type":"url","id":"url--1","value":`+quote(s)+`}`))
		if findings := v.check(doc); len(findings) > 0 {
			t.Errorf("%q\n%s", findings, doc)
		}
	})
}
