package stix_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

func TestValueNumbers(t *testing.T) {
	tests := []struct {
		in  string
		n   int64
		ok  bool
		why string
	}{
		{"12", 12, true, ""},
		{"-3", -3, true, ""},
		{"9223372036854775807", 1<<63 - 1, true, "the largest"},
		{"9223372036854775808", 0, false, "one too many: never a wrong number"},
		{"1e3", 1000, true, "a whole number, however it is written"},
		{"1.5", 0, false, "not whole"},
		{`" 64500 "`, 64500, true, "a number as text"},
		{`"AS64500"`, 0, false, "a guess"},
		{"true", 0, false, ""},
		{"null", 0, false, ""},
		{"", 0, false, "absent"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			if n, ok := stix.Value(tt.in).Int(); n != tt.n || ok != tt.ok {
				t.Errorf("got %d %v, want %d %v %s", n, ok, tt.n, tt.ok, tt.why)
			}
		})
	}
}

func TestValueEmpty(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{"", true}, {"null", true}, {`""`, true}, {"[]", true}, {"{ \n}", true}, {`" "`, false}, {"[0]", false}, {"0", false}, {"false", false},
		{`"`, true}, {"[", true}, {"{", true}, // cut off: no JSON, but no reason to panic
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			if got := stix.Value(tt.in).Empty(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestValueTime(t *testing.T) {
	tests := []struct{ in, want, why string }{
		{`"2026-11-23T15:12:20.100Z"`, "2026-11-23T15:12:20.1Z", ""},
		{`"2026-11-23T17:12:20+02:00"`, "2026-11-23T15:12:20Z", "to UTC"},
		{`"2026-11-23"`, "2026-11-23T00:00:00Z", "a day"},
		{`"1970-01-01T00:00:00.000Z"`, "", "the platform's none"},
		{`"5138-11-16T09:46:39.999Z"`, "", "the platform's never"},
		{`""`, "", ""},
		{`"yesterday"`, "", ""},
		{`1795446740123`, "", "a number is no date"},
		{`"2026-13-45T00:00:00Z"`, "", "no such day"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got := ""
			if d, ok := stix.Value(tt.in).Time(); ok {
				got = d.Format(time.RFC3339Nano)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q (%s)", got, tt.want, tt.why)
			}
		})
	}
}

// FuzzDecodeEnvelope: no panic; what decodes is walked without loss, by the
// standard library's reading of the same bytes.
func FuzzDecodeEnvelope(f *testing.F) {
	for _, s := range []string{
		`{"data":{"type":"a","id":"b"}}`,
		`{"data":{"type":"a","id":"b","x":[1,2,{"y":"\"}\\"}],"extensions":{"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba":{"id":"c"}}},"context":{"sources":[{"type":"a","id":"d"}]}}`,
		`{"data":{"type":"a","id":"b","\u0069":"\ud800","n":-1.5e+7 , "e" : [ ] , "o" : { } }}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := stix.DecodeEnvelope(bytes.Clone(data))
		if err != nil {
			if e != nil && e.Object == nil {
				t.Error("half an envelope with an error")
			}
			return
		}
		o := e.Object
		if o.Key() == "" || o.Type == "" {
			t.Error("an object without key or type")
		}
		o.ExternalReferences()
		o.KillChainPhases()
		var want map[string]json.RawMessage
		if err := json.Unmarshal(o.Raw(), &want); err != nil {
			t.Fatalf("raw object is no JSON: %v", err)
		}
		n := 0
		for name, v := range o.Raw().Members() {
			n++
			if w, ok := want[name]; !ok || string(w) != string(v) {
				t.Errorf("member %q: got %s, want %s", name, v, w)
			}
			for range v.Elements() {
			}
			v.Text()
			v.Int()
			v.Time()
			v.Texts()
		}
		if n != len(want) {
			t.Error(cmp.Diff(len(want), n))
		}
	})
}
