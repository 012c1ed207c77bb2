package ecs_test

import (
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
)

// BenchmarkMap maps and encodes one object of a kind, as the index sink does.
func BenchmarkMap(b *testing.B) {
	objects := map[string]golden{}
	for _, g := range goldens(b) {
		objects[g.name] = g
	}
	m := newMapper(b)
	for _, name := range []string{"indicator-bare", "indicator", "indicator-or", "ipv4-addr", "domain-name", "url", "file", "x509-certificate"} {
		b.Run(name, func(b *testing.B) {
			o := objects[name].object
			buf := make([]byte, 0, 8192)
			b.ReportAllocs()
			for b.Loop() {
				d, err := m.Map(o)
				if err != nil {
					b.Fatal(err)
				}
				if buf, err = d.AppendJSON(buf[:0]); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

// BenchmarkEncode encodes one document.
func BenchmarkEncode(b *testing.B) {
	var d *ecs.Document
	for _, g := range goldens(b) {
		if g.name == "indicator" {
			d, _ = newMapper(b).Map(g.object)
		}
	}
	buf := make([]byte, 0, 8192)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = d.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}
