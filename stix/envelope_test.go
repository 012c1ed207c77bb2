package stix_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

func envelope(t *testing.T, name string) *stix.Envelope {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "envelope", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := stix.DecodeEnvelope(data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestThreePlaces(t *testing.T) {
	type facts struct {
		Key, Type, Entity string
		Score             int
		Labels            []string
		Description       string
		Author            string
		Markings          []string
		Created           time.Time
	}
	const author = "identity--f4f46614-66d1-5dbf-95cc-bcb7fb880ced"
	tests := []struct {
		name, why string
		want      facts
	}{
		{"indicator", "score in the OCTI extension, the rest at the root", facts{
			"7ad0f4ab-93b3-4a8e-9d3b-0c4f9f1f2a10", "indicator", "Indicator", 85, []string{"c2", "cobalt-strike"}, "Beacon server", author,
			[]string{"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"}, time.Date(2026, 11, 23, 15, 12, 20, 1e8, time.UTC),
		}},
		{"file", "all in the SCO extension", facts{
			"0b21fbac-7825-4d68-8792-3986bb968a43", "file", "StixFile", 90, []string{"ransomware"}, "Dropper", author,
			[]string{"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"}, time.Date(2026, 11, 23, 15, 12, 21, 0, time.UTC),
		}},
		{"hostname", "OpenCTI's own type: all at the root", facts{
			"2f9f7b1c-5a35-4b49-8f0a-2a9c35cf7c01", "hostname", "Hostname", 60, []string{"apt"}, "Seen beaconing", author,
			[]string{"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"}, time.Date(2026, 11, 23, 15, 12, 22, 0, time.UTC),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := envelope(t, tt.name).Object
			score, ok := o.Score()
			if !ok {
				t.Error("no score")
			}
			got := facts{o.Key(), o.Type, o.EntityType, score, o.Labels(), o.Text("description"), o.Author(), o.Markings(), o.Created()}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
		})
	}
}

func TestEnvelopeKinds(t *testing.T) {
	if e := envelope(t, "recovered"); !e.Recovered() || e.Dependency() || e.Type != "" {
		t.Errorf("recovered: %+v", e)
	}
	if e := envelope(t, "dependency"); e.Recovered() || !e.Dependency() || e.Object.Text("name") != "TLP:AMBER" {
		t.Errorf("dependency: %+v", e)
	}
	e := envelope(t, "merge")
	var sources []string
	for _, o := range e.Sources {
		sources = append(sources, o.Key())
	}
	if diff := cmp.Diff([]string{"2f9f7b1c-5a35-4b49-8f0a-2a9c35cf7c01", "7ad0f4ab-93b3-4a8e-9d3b-0c4f9f1f2a10"}, sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	e = envelope(t, "update")
	if v := firstElement(e.ReversePatch).Member("value"); string(v) != "85" {
		t.Errorf("reverse patch: value %s, want 85", v)
	}
}

func firstElement(v stix.Value) stix.Value {
	for e := range v.Elements() {
		return e
	}
	return nil
}

func TestDecodeEnvelopeErrors(t *testing.T) {
	tests := []struct{ name, in, at, why string }{
		{"empty", ``, "", "nothing"},
		{"no object", `[1]`, "", "an array is no envelope"},
		{"cut", `{"data":{"id":"a","type":`, "/data/type", "a cut inside a line"},
		{"no data", `{"version":"4"}`, "/data", "an envelope without an object"},
		{"data text", `{"data":"x"}`, "/data", ""},
		{"no type", `{"data":{"id":"a--b"}}`, "/data/type", ""},
		{"no id", `{"data":{"type":"a"}}`, "/data/id", ""},
		{"trailing", `{"data":{"type":"a","id":"b"}} x`, "", "two values on a line"},
		{"duplicate", `{"data":{"type":"a","id":"b","id":"c"}}`, "/data/id", "two readers would see two objects"},
		{"source", `{"data":{"type":"a","id":"b"},"context":{"sources":[{"type":"a","id":"c"},{}]}}`, "/context/sources/1/type", "a merge source that cannot be found"},
		{"control character", "{\"data\":{\"type\":\"a\x01\"}}", "/data/type", "JSON forbids it unescaped"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := stix.DecodeEnvelope([]byte(tt.in))
			e, ok := errors.AsType[*stix.DecodeError](err)
			if !ok {
				t.Fatalf("error %v, want a *DecodeError (%s)", err, tt.why)
			}
			if e.Pointer != tt.at {
				t.Errorf("at %q, want %q: %v", e.Pointer, tt.at, err)
			}
		})
	}
}

func TestDecodeLenient(t *testing.T) {
	in := `{"data":{"type":"ipv4-addr","id":"ipv4-addr--1","value":{"a":[1,"]}"]},"score":"70","labels":"one","confidence":"high",
 "revoked":"TRUE","created":"2026-11-23T15:12:20","unknown":"\ud800 x` + "\u2028" + `","n":null,"empty":[ ],"extensions":7}}`
	e, err := stix.DecodeEnvelope([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	o := e.Object
	if s, ok := o.Score(); !ok || s != 70 {
		t.Errorf("score %d %v, want 70: a number as text can be read without guessing", s, ok)
	}
	if _, ok := o.Confidence(); ok {
		t.Error("confidence: a word is no number")
	}
	if !o.Revoked() {
		t.Error("revoked: want true")
	}
	if diff := cmp.Diff([]string{"one"}, o.Labels()); diff != "" {
		t.Error(diff)
	}
	if got := o.Created().Format(time.RFC3339); got != "2026-11-23T15:12:20Z" {
		t.Errorf("created %s: a date without a zone is UTC", got)
	}
	if got := o.Text("unknown"); got != "\uFFFD x\u2028" {
		t.Errorf("unknown %q: nothing is lost, lone surrogates are replaced", got)
	}
	if got := string(o.Root("value")); got != `{"a":[1,"]}"]}` {
		t.Errorf("value %s: kept as it came", got)
	}
	if !o.Root("n").Empty() || !o.Root("empty").Empty() || o.Root("value").Empty() {
		t.Error("empty values")
	}
	if o.Key() != "ipv4-addr--1" {
		t.Errorf("key %q: without the extension the STIX id", o.Key())
	}
}

func TestLongLine(t *testing.T) {
	in := `{"data":{"type":"artifact","id":"artifact--1","payload_bin":"` + strings.Repeat("A", 8<<20) + `"}}`
	e, err := stix.DecodeEnvelope([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.Object.Text("payload_bin")); n != 8<<20 {
		t.Errorf("%d bytes, want %d", n, 8<<20)
	}
}
