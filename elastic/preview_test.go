package elastic_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/rules"
)

// TestRealPreview counts in a real Elasticsearch what rules would have matched.
func TestRealPreview(t *testing.T) {
	newRealServer(t)
	all, err := rules.NewBuilder(rules.Options{Policy: rules.Match})
	if err != nil {
		t.Fatal(err)
	}
	j := newJoinTest(t, false, all.Managed())
	for range 5 {
		id := j.event(values{"destination.ip": "203.0.113.77", "dns.question.name": "c2.evil.example"})
		j.do(http.MethodPost, "/"+j.events+"/_update/"+id, `{"doc":{"@timestamp":"`+"2099-01-01T00:00:00Z"+`"}}`)
	}
	j.do(http.MethodPost, "/"+j.events+","+j.indicators+"/_refresh", "")
	preview := elastic.Previewer{Client: newClient(t, j.url)}
	indicatorRule := func(more values) rules.Rule {
		b, err := rules.NewBuilder(rules.Options{Indices: []string{j.events}, DisableJoin: true})
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Build(patternIndicator(t, 0, more))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	tests := []struct {
		name string
		rule rules.Rule
		want int64
	}{
		{"kql", indicatorRule(values{"pattern_type": "kql", "pattern": "destination.ip: 203.0.113.77"}), 5},
		{"lucene", indicatorRule(values{"pattern_type": "lucene", "pattern": "dns.question.name:*evil*"}), 5},
		{"esql", indicatorRule(values{"pattern_type": "esql", "pattern": "FROM " + j.events + ` | WHERE dns.question.name == "c2.evil.example"`}), 5},
		{"threshold", indicatorRule(values{"pattern": "[domain-name:value = 'c2.evil.example'] REPEATS 2 TIMES"}), 2},
		{"none", indicatorRule(values{"pattern_type": "kql", "pattern": "destination.ip: 203.0.113.99"}), 0},
	}
	b := j.builder(t, rules.Match, rules.Managed{Index: j.indicators})
	for _, r := range b.Managed() {
		if strings.HasSuffix(r.Base().RuleID, "match.domain") {
			tests = append(tests, struct {
				name string
				rule rules.Rule
				want int64
			}{"match", r, 5})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := preview.Count(t.Context(), tt.rule)
			if err != nil || got != tt.want {
				t.Errorf("%d, %v; want %d", got, err, tt.want)
			}
		})
	}
}
