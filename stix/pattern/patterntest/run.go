package patterntest

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Run runs each case of the script file as a subtest: it compares the case's
// sections with those that eval makes. With update, it writes the sections that eval
// makes into the file instead.
func Run(t *testing.T, file string, update bool, eval func(t *testing.T, c Case) []Section) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := Decode(string(b))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s: no cases", file)
	}
	for i := range cases {
		c := &cases[i]
		t.Run(c.Name, func(t *testing.T) {
			got := eval(t, *c)
			for n := range got {
				got[n].Text = strings.TrimRight(got[n].Text, "\n")
			}
			if update {
				c.Sections = got
				return
			}
			if diff := cmp.Diff(c.Sections, got); diff != "" {
				t.Errorf("%s:%d: sections (-want +got):\n%s", file, c.Line, diff)
			}
		})
	}
	if update && !t.Failed() {
		if err := os.WriteFile(file, []byte(Encode(cases)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
