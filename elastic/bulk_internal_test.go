package elastic

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzAction: whatever the id, its action is one line that says nothing else.
func FuzzAction(f *testing.F) {
	for _, id := range []string{"indicator--1", "a\"}}\n{\"delete\":{\"_id\":\"b\"}}\n", "\u2028\u0001\x7f", "\xff\xfe", `\`, ""} {
		f.Add(id, int64(7))
	}
	f.Fuzz(func(t *testing.T, id string, version int64) {
		a := action{verb: "index", index: "i", id: id, versioned: true, version: version, guard: &guard{SeqNo: version, PrimaryTerm: 1}}
		line := a.append(nil)
		if n := bytes.Count(line, []byte{'\n'}); n != 1 || line[len(line)-1] != '\n' {
			t.Fatalf("%q is not one line", line)
		}
		var got map[string]map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&got); err != nil || d.More() {
			t.Fatalf("%q: %v", line, err)
		}
		want := id
		if !utf8.ValidString(id) {
			want = strings.ToValidUTF8(got["index"]["_id"].(string), "")
		}
		if len(got) != 1 || len(got["index"]) != 6 || got["index"]["_id"] != want {
			t.Errorf("%q became %v", id, got)
		}
	})
}

func TestReasonsAreOneShortLine(t *testing.T) {
	e := newStatusError("bulk", 400, nil, []byte(`{"error":{"type":"x","reason":"a\nb`+strings.Repeat("é", 1000)+`","caused_by":{"reason":"c"}}}`))
	if strings.ContainsAny(e.Error(), "\n\r") || len(e.Error()) > 600 || !utf8.ValidString(e.Error()) {
		t.Errorf("got %q", e.Error())
	}
	for _, body := range []string{``, `<html>`, `{"error":7}`, `{"error":"only a text"}`, `{"message":"kibana's"}`, `null`, `[]`} {
		if got := newStatusError("bulk", 503, nil, []byte(body)); !got.Retryable() || got.Blocked() {
			t.Errorf("%s: %v must be retried", body, got)
		}
	}
}
