package elastic_test

import (
	"fmt"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
)

// BenchmarkWrite writes batches to a stand-in in this process: mapping, encoding, HTTP and the
// server's own work are in it.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1, 50, 500} {
		for _, gzip := range []bool{false, true} {
			b.Run(fmt.Sprintf("items=%d/gzip=%v", size, gzip), func(b *testing.B) {
				s := newServer(b, elastictest.Options{})
				c, err := elastic.NewClient(elastic.Config{URLs: []string{s.URL}, Gzip: gzip})
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				x := newIndex(b, s, elastic.IndexOptions{Client: c})
				changes := upserts(size, 1)
				mustWrite(b, x, changes...)
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					for i := range changes {
						changes[i].Version++
					}
					mustWrite(b, x, changes...)
					n += size
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "docs/s")
			})
		}
	}
}
