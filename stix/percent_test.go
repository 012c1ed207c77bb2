package stix_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

func TestPercent(t *testing.T) {
	for _, row := range []struct {
		given             string
		score, confidence stix.Percent
	}{
		{`0`, stix.Percent{Set: true}, stix.Percent{Set: true}},
		{`100`, stix.Percent{Value: 100, Set: true}, stix.Percent{Value: 100, Set: true}},
		{`"70"`, stix.Percent{Value: 70, Set: true}, stix.Percent{Value: 70, Set: true}},
		{`70.0`, stix.Percent{Value: 70, Set: true}, stix.Percent{Value: 70, Set: true}},
		{`70.5`, stix.Percent{71, true, "70.5 was rounded to 71"}, stix.Percent{71, true, "70.5 was rounded to 71"}},
		{`85.9`, stix.Percent{86, true, "85.9 was rounded to 86"}, stix.Percent{86, true, "85.9 was rounded to 86"}},
		{`101`, stix.Percent{100, true, "101 was lowered to 100"}, stix.Percent{Note: "101 is not within 0 to 100"}},
		{`-1`, stix.Percent{0, true, "-1 was raised to 0"}, stix.Percent{Note: "-1 is not within 0 to 100"}},
		{`1e300`, stix.Percent{100, true, "1e+300 was lowered to 100"}, stix.Percent{Note: "1e+300 is not within 0 to 100"}},
		{`"abc"`, stix.Percent{Note: "not a number"}, stix.Percent{Note: "not a number"}},
		{`true`, stix.Percent{Note: "not a number"}, stix.Percent{Note: "not a number"}},
		{`null`, stix.Percent{}, stix.Percent{}},
		{`""`, stix.Percent{}, stix.Percent{}},
	} {
		t.Run(row.given, func(t *testing.T) {
			o := decode(t, `{"type":"indicator","id":"indicator--1","score":`+row.given+`,"confidence":`+row.given+`}`)
			if diff := cmp.Diff([]stix.Percent{row.score, row.confidence}, []stix.Percent{o.ScoreStated(), o.ConfidenceStated()}); diff != "" {
				t.Errorf("score and confidence (-want +got):\n%s", diff)
			}
		})
	}
}
