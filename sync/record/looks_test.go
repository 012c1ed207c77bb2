package record_test

import (
	"strings"
	"testing"
	"unicode/utf16"
)

// TestNothingReadable: a file of which nothing could be read is a fault that says what it looks like.
func TestNothingReadable(t *testing.T) {
	utf16of := func(s string) string {
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(s)) {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		}
		return b.String()
	}
	for _, row := range []struct{ name, input, looks string }{
		{"HTML", "\n<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "an HTML page"},
		{"MISP", `{"Event": {"info": "x", "Attribute": []}}`, "JSON of MISP"},
		{"MISP over lines", "{\n  \"Event\": {\n    \"info\": \"x\"\n  }\n}\n", "JSON of MISP"},
		{"MISP search", `{"response": [{"Event": {"info": "x"}}]}`, "JSON of MISP"},
		{"MISP list", `[{"Event": {"info": "x", "Attribute": []}}]`, "JSON of MISP"},
		{"UTF-16 with its mark", "\xff\xfe" + utf16of(`{"type":"bundle","objects":[`+object("a")+`]}`), "UTF-16"},
		{"UTF-16 without", utf16of(`{"type":"bundle","objects":[` + object("a") + `]}`), "UTF-16"},
		{"Word", "PK\x03\x04\x14\x00\x06\x00\x08\x00", "an Office document"},
		{"PDF", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"},
		{"CSV", "type,value\nip,203.0.113.7\n", "CSV"},
		{"XML", `<stix:STIX_Package id="x"/>`, "XML"},
		{"Elasticsearch", `{"@timestamp":"2026-11-01T00:00:00Z","event":{}}`, "documents of Elasticsearch"},
		{"other JSON", `{"a":1}`, "JSON that is no STIX"},
		{"text", "203.0.113.7\n", "plain text"},
		{"compressed HTML", zipped(t, "<html></html>"), "an HTML page"},
		{"one object can be read", "<html>\n" + object("a") + "\n", ""},
		{"nothing at all", "", ""},
		{"an empty bundle", `{"type":"bundle","id":"bundle--1","objects":[]}`, ""},
		{"a heartbeat", `{"id":"7-0","event":"heartbeat","data":"x"}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := show(t, text("f", row.input))
			if (err != nil) != (row.looks != "") || err != nil && !strings.Contains(err.Error(), "nothing of it could be read: it looks like "+row.looks) && !strings.Contains(err.Error(), row.looks) {
				t.Errorf("error %v, want one with %q", err, row.looks)
			}
		})
	}
}
