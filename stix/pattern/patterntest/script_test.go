package patterntest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern/patterntest"
)

const script = `# about both
=== one
[a:b = 1
 OR a:c = 2]
--- canonical
[a:b = 1 OR a:c = 2]
--- nothing

# about the second
=== two (STIX 2.0)
[EXISTS:a = 1]
`

func TestDecodeAndEncode(t *testing.T) {
	cases, err := patterntest.Decode(script)
	if err != nil {
		t.Fatal(err)
	}
	want := []patterntest.Case{
		{Name: "one", Line: 2, Comment: "# about both", Pattern: "[a:b = 1\n OR a:c = 2]", Sections: []patterntest.Section{
			{Name: "canonical", Text: "[a:b = 1 OR a:c = 2]"}, {Name: "nothing"},
		}},
		{Name: "two (STIX 2.0)", Line: 10, Comment: "# about the second", Pattern: "[EXISTS:a = 1]"},
	}
	if diff := cmp.Diff(want, cases); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(script, patterntest.Encode(cases)); diff != "" {
		t.Errorf("script (-want +got):\n%s", diff)
	}
	if v := cases[1].Version(); v != pattern.V20 {
		t.Errorf("version %s, want 2.0", v)
	}
	for _, c := range cases {
		if _, err := c.Parse(); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, text := range []string{"text\n=== one\n", "=== one\n[a:b = 1]\n=== one\n[a:b = 2]\n"} {
		if _, err := patterntest.Decode(text); err == nil {
			t.Errorf("Decode(%q) succeeds", text)
		}
	}
}

func TestRun(t *testing.T) {
	patterntest.Run(t, "testdata/example.txt", false, func(t *testing.T, c patterntest.Case) []patterntest.Section {
		p, err := c.Parse()
		if err != nil {
			t.Fatal(err)
		}
		return []patterntest.Section{{Name: "canonical", Text: p.String()}}
	})
}
