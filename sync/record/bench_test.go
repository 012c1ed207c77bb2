package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/sync/record"
	"github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func BenchmarkChanges(b *testing.B) {
	var stream, bundle strings.Builder
	bundle.WriteString(`{"type":"bundle","objects":[`)
	const n = 1000
	for i := range n {
		raw := string(synctest.Object(i, 1).Raw())
		fmt.Fprintln(&stream, event(fmt.Sprintf("%d-0", 1000+i), "create", raw))
		if i > 0 {
			bundle.WriteByte(',')
		}
		bundle.WriteString(raw)
	}
	bundle.WriteString("]}")
	for name, content := range map[string]string{"events": stream.String(), "bundle": bundle.String()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(content)))
			source := record.NewSource(text("f", content))
			for b.Loop() {
				for _, err := range source.Changes(b.Context(), nil) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/change")
		})
	}
}
