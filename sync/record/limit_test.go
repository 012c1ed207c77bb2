package record_test

import (
	"io"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/record"
)

// letters is a reader without end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func endless(n int64) io.Reader { return io.LimitReader(letters{}, n) }

// TestTooLarge: a line or object without an end must not fill the memory.
func TestTooLarge(t *testing.T) {
	const object = `{"type":"ipv4-addr","id":"ipv4-addr--1","value":"203.0.113.7"}`
	t.Run("line", func(t *testing.T) {
		in := io.MultiReader(strings.NewReader(object+"\n"), endless(record.MaxObject+1), strings.NewReader("\n"+object+"\n"))
		var ops []sync.Op
		for c, err := range record.NewSource(record.Reader("x", in)).Changes(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Op == sync.Invalid && (!strings.Contains(c.Err.Error(), "x:2") || len(c.Raw) > 1<<20) {
				t.Errorf("%d bytes kept, error %v, want line 2 named", len(c.Raw), c.Err)
			}
			if c.Op != sync.Progress {
				ops = append(ops, c.Op)
			}
		}
		if len(ops) != 3 || ops[1] != sync.Invalid || ops[2] != sync.Upsert {
			t.Errorf("got %v, want the lines around it", ops)
		}
	})
	for name, begin := range map[string]string{
		"object in a bundle": `{"type":"bundle","objects":[` + object + `,{"type":"`,
		"object over lines":  "{\n\"type\":\"",
	} {
		t.Run(name, func(t *testing.T) {
			in := io.MultiReader(strings.NewReader(begin), endless(8*record.MaxObject))
			var last error
			for _, err := range record.NewSource(record.Reader("x", in)).Changes(t.Context(), nil) {
				last = err
			}
			if last == nil || !strings.Contains(last.Error(), "larger than") {
				t.Errorf("error %v, want one that says too large", last)
			}
		})
	}
}
