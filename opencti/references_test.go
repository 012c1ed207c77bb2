package opencti_test

import (
	"fmt"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

func object(tb testing.TB, text string) *stix.Object {
	tb.Helper()
	o, err := stix.DecodeObject([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

func TestReferences(t *testing.T) {
	refs := opencti.NewReferences(0)
	for _, text := range []string{
		author,
		`{"id":"marking-definition--1","type":"marking-definition","name":"TLP:AMBER","definition_type":"TLP"}`,
		`{"id":"marking-definition--2","type":"marking-definition","definition_type":"statement","definition":{"statement":"© ACME"}}`,
		`{"id":"identity--nameless","type":"identity"}`,
		`{"id":"identity--platform","type":"identity","name":"Initech","identity_class":"organization","extensions":{"` + stix.ExtensionOCTI + `":{"id":"e86be5ff-ca7e-42ba-9e38-a93e8f1c60ea"}}}`,
		`{"id":"indicator--1","type":"indicator","name":"no reference"}`,
	} {
		refs.Learn(object(t, text))
	}
	path := filepath.Join(t.TempDir(), "references.ndjson")
	if err := refs.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded := opencti.NewReferences(0)
	if err := loaded.Load(path); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*opencti.References{refs, loaded} {
		for _, tt := range []struct {
			id, name, kind string
			ok             bool
		}{
			{"identity--a1", "ACME", "organization", true},
			{"marking-definition--1", "TLP:AMBER", "TLP", true},
			{"marking-definition--2", "© ACME", "statement", true},
			{"identity--nameless", "", "", false},
			{"identity--platform", "Initech", "organization", true},
			{"e86be5ff-ca7e-42ba-9e38-a93e8f1c60ea", "Initech", "organization", true}, // all that an SSH-Key says of its author
			{"indicator--1", "", "", false},
		} {
			find := r.Author
			if strings.HasPrefix(tt.id, "marking") {
				find = r.Marking
			}
			if name, kind, ok := find(tt.id); name != tt.name || kind != tt.kind || ok != tt.ok {
				t.Errorf("%s: %q, %q, %v; want %q, %q, %v", tt.id, name, kind, ok, tt.name, tt.kind, tt.ok)
			}
		}
	}
	if err := loaded.Load(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("no file yet: %v", err)
	}
}

func TestReferencesAreBounded(t *testing.T) {
	refs := opencti.NewReferences(10)
	var readers stdsync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for range 1000 {
				refs.Author("identity--0") // keeps it young, and races with the learning
			}
		})
	}
	readers.Wait()
	for i := range 100 {
		refs.Learn(object(t, fmt.Sprintf(`{"id":"identity--%d","type":"identity","name":"n"}`, i)))
		refs.Author("identity--0")
	}
	known := 0
	for i := range 100 {
		if _, _, ok := refs.Author(fmt.Sprint("identity--", i)); ok {
			known++
		}
	}
	if _, _, ok := refs.Author("identity--0"); known != 10 || !ok {
		t.Errorf("%d are known, the one in use: %v; want 10, with it", known, ok)
	}
}
