package pattern_test

import (
	"os"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func TestDecodeSightings(t *testing.T) {
	b, err := os.ReadFile("testdata/sightings.json")
	if err != nil {
		t.Fatal(err)
	}
	sightings, err := pattern.DecodeSightings(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(sightings) != 2 {
		t.Fatalf("%d sightings, want 2", len(sightings))
	}
	tests := map[string]bool{
		"[file:name = 'a.exe' AND file:size = 12345678901234567890]":                                                          true,
		"[file:size = 12345678901234567891]":                                                                                  false,
		"[file:parent_directory_ref.path LIKE '%Temp']":                                                                       true,
		"[network-traffic:dst_ref.value = '198.51.100.7']":                                                                    true, // STIX 2.0
		"[file:name = 'a.exe'] FOLLOWEDBY [network-traffic:dst_port = 443]":                                                   true,
		"[network-traffic:dst_port = 443] FOLLOWEDBY [file:name = 'a.exe']":                                                   false,
		"[file:name = 'a.exe'] REPEATS 3 TIMES":                                                                               true,
		"[file:name = 'a.exe'] REPEATS 4 TIMES":                                                                               false,
		"[indicator:name = 'not seen']":                                                                                       false,
		"([file:name = 'a.exe'] AND [network-traffic:dst_port = 443]) WITHIN 3599 SECONDS":                                    false,
		"[file:name = 'a.exe'] START t'2026-11-23T12:00:00Z' STOP t'2026-11-23T12:00:01Z' AND [network-traffic:dst_port > 0]": true,
	}
	for text, want := range tests {
		if got, err := pattern.Match(parse(t, text), sightings...); got != want || err != nil {
			t.Errorf("%s = %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestDecodeSightingsErrors(t *testing.T) {
	for _, bundle := range []string{
		"", "[]", `{"objects":[5]}`, `{"objects":{}}`,
		`{"objects":[{"type":"observed-data","id":"observed-data--1","first_observed":"yesterday"}]}`,
		`{"objects":[{"type":"observed-data","id":"observed-data--1","number_observed":"x"}]}`,
	} {
		_, err := pattern.DecodeSightings([]byte(bundle))
		if err == nil || !strings.HasPrefix(err.Error(), "decode sightings: ") {
			t.Errorf("%s: error %v", bundle, err)
		}
	}
}
