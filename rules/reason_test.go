package rules_test

import (
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

func TestReason(t *testing.T) {
	tests := []struct {
		name, object string
		policy       rules.Policy
		reason       bool
	}{
		{"a rule of its own", `{"type":"indicator","id":"indicator--1","pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix"}`, rules.PerIndicator, false},
		{"covered by a match rule", `{"type":"indicator","id":"indicator--1","pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix"}`, rules.Match, false},
		{"not an indicator", `{"type":"ipv4-addr","id":"ipv4-addr--1","value":"198.51.100.7"}`, rules.PerIndicator, false},
		{"no event field", `{"type":"indicator","id":"indicator--1","pattern":"[mutex:name = 'm']","pattern_type":"stix"}`, rules.PerIndicator, true},
		{"no Elastic query", `{"type":"indicator","id":"indicator--1","pattern":"rule x {}","pattern_type":"yara"}`, rules.PerIndicator, true},
		{"revoked", `{"type":"indicator","id":"indicator--1","revoked":true,"pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix"}`, rules.PerIndicator, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := rules.NewBuilder(rules.Options{Policy: tt.policy})
			if err != nil {
				t.Fatal(err)
			}
			o, err := stix.DecodeObject([]byte(tt.object))
			if err != nil {
				t.Fatal(err)
			}
			if got := b.Reason(o); (got != "") != tt.reason {
				t.Errorf("reason %q, want one: %v", got, tt.reason)
			}
		})
	}
}
