package coveragetest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/rules/coveragetest"
)

var update = flag.Bool("update", false, "write the lists of known failures anew")

// TestShapes holds every shape against each policy. What fails is listed in testdata/known.txt, which must be true: it
// names neither what has been mended nor leaves out what fails.
func TestShapes(t *testing.T) {
	shapes := coveragetest.Shapes()
	if len(shapes) < 150 {
		t.Fatalf("%d shapes", len(shapes))
	}
	var failures []string
	for _, policy := range []rules.Policy{rules.PerIndicator, rules.Match, rules.Lookup} {
		j, sums := newJudge(t, policy), map[string]*sum{}
		for _, s := range shapes {
			o := j.judge(t, s)
			sumOf(sums, s.Group).add(o)
			if v := o.verdict(); v != "" {
				failures = append(failures, fmt.Sprintf("%s | %s | %s | %s", policy, s.Group, s.Name, v))
				t.Logf("%s %s: %s: hits %v, innocent %v, reason %q, %v: %s", policy, s.Name, v, o.hits, o.innocent, o.reason, o.fault, s.Pattern)
			}
		}
		report(t, policy, sums)
	}
	hold(t, "known.txt", failures)
}

// sum is the figures of a group.
type sum struct{ one, two, reason, silent, innocent int }

func sumOf(sums map[string]*sum, group string) *sum {
	if sums[group] == nil {
		sums[group] = &sum{}
	}
	return sums[group]
}

func (s *sum) add(o outcome) {
	for _, n := range o.hits {
		switch {
		case n == 1:
			s.one++
		case n > 1:
			s.two++
		case o.reason != "":
			s.reason++
		default:
			s.silent++
		}
	}
	if len(o.hits) == 0 && o.reason == "" {
		s.silent++
	} else if len(o.hits) == 0 {
		s.reason++
	}
	for _, n := range o.innocent {
		if n > 0 {
			s.innocent++
		}
	}
}

func report(t *testing.T, policy rules.Policy, sums map[string]*sum) {
	t.Helper()
	var total sum
	var groups []string
	for g := range sums {
		groups = append(groups, g)
	}
	slices.Sort(groups)
	for _, g := range groups {
		s := sums[g]
		t.Logf("%-10s %-12s by one %4d, by two %3d, by none with a reason %4d, by none in silence %3d, innocent hits %3d", policy, g, s.one, s.two, s.reason, s.silent, s.innocent)
		total.one, total.two, total.reason, total.silent, total.innocent = total.one+s.one, total.two+s.two, total.reason+s.reason, total.silent+s.silent, total.innocent+s.innocent
	}
	t.Logf("%-10s %-12s by one %4d, by two %3d, by none with a reason %4d, by none in silence %3d, innocent hits %3d", policy, "all", total.one, total.two, total.reason, total.silent, total.innocent)
}

// hold compares failures with a list of those that are known.
func hold(t *testing.T, name string, failures []string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	slices.Sort(failures)
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(append(failures, ""), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for line := range strings.Lines(string(b)) {
		known = append(known, strings.TrimSpace(line))
	}
	if diff := cmp.Diff(known, failures); diff != "" {
		t.Errorf("the list of known failures is not true any more (-listed +failing): run with -update if something was mended\n%s", diff)
	}
}
