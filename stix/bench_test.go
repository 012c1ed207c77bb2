package stix_test

import (
	"os"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

func BenchmarkDecodeEnvelope(b *testing.B) {
	for _, name := range []string{"indicator.json", "file.json", "merge.json"} {
		b.Run(name, func(b *testing.B) {
			data, err := os.ReadFile("testdata/envelope/" + name)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := stix.DecodeEnvelope(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
