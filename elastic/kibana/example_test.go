package kibana_test

import (
	"context"
	"fmt"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

func ExampleNewSink() {
	server := elastictest.NewKibana(elastictest.KibanaOptions{}) // a stand-in for a real Kibana
	defer server.Close()
	client, err := kibana.NewClient(kibana.Config{URL: server.URL, APIKey: "aWQ6a2V5"})
	if err != nil {
		fmt.Println(err)
		return
	}
	builder, err := rules.NewBuilder(rules.Options{OpenCTIURL: "https://cti.example.org"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sink, err := kibana.NewSink(kibana.SinkOptions{Kibana: client, Builder: builder, Settle: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	indicator, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--1","name":"C2","pattern_type":"kql","pattern":"dns.question.name : evil.example"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := sink.Write(context.Background(), []sync.Change{{Op: sync.Upsert, Key: indicator.Key(), Object: indicator}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(results[0].Outcome == sync.Done, server.Rules("")[0]["rule_id"])
	// Output: true opencti-elastic-indicator--1
}
