package elastic_test

import (
	"context"
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

func ExampleIndex() {
	server := elastictest.NewElasticsearch(elastictest.Options{})
	defer server.Close()

	client, err := elastic.NewClient(elastic.Config{URLs: []string{server.URL}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	mapper, err := ecs.NewMapper(ecs.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	index, err := elastic.NewIndex(elastic.IndexOptions{Client: client, Mapper: mapper})
	if err != nil {
		fmt.Println(err)
		return
	}

	object, err := stix.DecodeObject([]byte(`{"type":"domain-name","id":"domain-name--3c10e93f-798e-5a26-a0c1-08156efab7f5","value":"C2.example.org"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	change := sync.Change{Op: sync.Upsert, Key: object.Key(), Object: object, Version: 7}
	results, err := index.Write(context.Background(), []sync.Change{change})
	fmt.Println(results[0].Outcome == sync.Done, err)
	for id, document := range server.Documents(elastic.DefaultIndex) {
		fmt.Println(id, document.Version)
	}
	// Output:
	// true <nil>
	// domain-name--3c10e93f-798e-5a26-a0c1-08156efab7f5 7
}
