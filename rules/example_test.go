package rules_test

import (
	"errors"
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

func ExampleBuilder_Build() {
	builder, err := rules.NewBuilder(rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{
		`{"type":"indicator","id":"indicator--1","name":"C2","pattern_type":"stix","pattern":"[domain-name:value = 'evil.example']"}`,
		`{"type":"indicator","id":"indicator--2","name":"Dropper","pattern_type":"yara","pattern":"rule x { condition: true }"}`,
	} {
		indicator, err := stix.DecodeObject([]byte(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		rule, err := builder.Build(indicator)
		if none, ok := errors.AsType[*rules.NoRuleError](err); ok {
			fmt.Println(none)
			continue
		}
		query := rule.(*rules.QueryRule)
		fmt.Println(query.Name, query.Severity)
		fmt.Println(query.Query)
	}
	// Output:
	// OpenCTI: C2 medium
	// dns.question.name: "evil.example" or url.domain: "evil.example" or source.domain: "evil.example" or destination.domain: "evil.example" or tls.client.server_name: "evil.example"
	// no rule: pattern type yara has no Elastic query
}
