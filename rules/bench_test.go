package rules_test

import (
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules"
)

func BenchmarkBuild(b *testing.B) {
	builder := newBuilder(b, rules.Options{OpenCTIURL: "https://cti.example.org", References: names{}})
	o := indicator(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := builder.Build(o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	builder := newBuilder(b, rules.Options{})
	o := indicator(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := builder.Check(o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildAndMarshal(b *testing.B) {
	builder := newBuilder(b, rules.Options{OpenCTIURL: "https://cti.example.org", References: names{}})
	o := indicator(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		r, err := builder.Build(o)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := rules.Marshal(r); err != nil {
			b.Fatal(err)
		}
	}
}
