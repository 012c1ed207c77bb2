package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// parts are benchmarks of the packages, one by one.
var parts = []struct {
	what, pkg, bench string
	value            func(nanoseconds float64) string
}{
	{"mapping and encoding, plain indicator", "ecs", "BenchmarkMap/indicator-bare$", micros},
	{"mapping and encoding, rich indicator", "ecs", "BenchmarkMap/indicator$", micros},
	{"parsing a pattern", "stix/pattern", "BenchmarkParse/one_comparison$", perSecond},
	{"parsing, and translating to five languages", "rules/query", "BenchmarkParseAndTranslate/hash$", perSecond},
	{"building a rule", "rules", "BenchmarkBuild$", micros},
}

func micros(ns float64) string { return fmt.Sprintf("%.1f µs", ns/1000) }

func perSecond(ns float64) string { return fmt.Sprintf("%.2f million a second", 1000/ns) }

var result = regexp.MustCompile(`(?m)^Benchmark\S+\s+\d+\s+([0-9.]+) ns/op.*?(\d+) allocs/op`)

func (b *bench) parts(ctx context.Context) error {
	for _, p := range parts {
		pkg := "github.com/opencti-elastic/opencti-elastic/" + p.pkg
		out, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", p.bench, "-benchmem", pkg).CombinedOutput()
		m := result.FindSubmatch(out)
		if err != nil || m == nil {
			return fmt.Errorf("%s of %s: %w\n%s", p.bench, p.pkg, err, out)
		}
		ns, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return err
		}
		b.print(row{p.what, p.value(ns), string(m[2]) + " allocations"})
	}
	return nil
}
