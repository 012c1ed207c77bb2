package ecs_test

import (
	"errors"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// TestGenerated maps 20,000 ordinary objects of all types: no document breaks a rule of ECS.
func TestGenerated(t *testing.T) {
	g, v, m := newGenerator(t, 1), newValidator(t), newMapper(t)
	for i := range 20_000 {
		o := g.object(t)
		doc := mapJSON(t, m, o)
		if findings := v.check(doc); len(findings) > 0 {
			t.Fatalf("object %d: %q\n%s\n%s", i, findings, o.Raw(), doc)
		}
	}
}

// hostileDocuments maps 5,000 mutated objects.
func hostileDocuments(t *testing.T, each func(o *stix.Object, doc []byte)) {
	t.Helper()
	g, m := newGenerator(t, 2), newMapper(t, func(o *ecs.Options) { o.KeepOriginal, o.CredentialHash = true, true })
	documents, skipped, undecoded := 0, 0, 0
	for i := range 5_000 {
		b := g.mutate(t)
		o, err := stix.DecodeObject(b)
		if err != nil {
			if _, ok := errors.AsType[*stix.DecodeError](err); !ok {
				t.Fatalf("object %d: %v", i, err)
			}
			undecoded++
			continue
		}
		d, err := m.Map(o)
		if err != nil {
			if skip, ok := errors.AsType[*ecs.SkipError](err); !ok || skip.Reason == "" {
				t.Fatalf("object %d: %v", i, err)
			}
			skipped++
			continue
		}
		doc, err := d.AppendJSON(nil)
		if err != nil {
			t.Fatalf("object %d: %v", i, err)
		}
		documents++
		each(o, doc)
	}
	t.Logf("%d documents, %d skipped, %d could not be decoded", documents, skipped, undecoded)
	if documents < 4_500 {
		t.Errorf("only %d of 5,000 hostile objects became documents", documents)
	}
}

func TestHostile(t *testing.T) {
	v := newValidator(t)
	hostileDocuments(t, func(o *stix.Object, doc []byte) {
		if findings := v.check(doc); len(findings) > 0 {
			t.Fatalf("%q\n%.3000s\n%.3000s", findings, o.Raw(), doc)
		}
	})
}
