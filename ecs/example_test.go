package ecs_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

func Example() {
	object, err := stix.DecodeObject([]byte(`{"type":"domain-name","id":"domain-name--b1f1a7e5-4a4e-5d27-a1d1-5b0b4a3d3c55","value":"C2.Example.org"}`))
	if err != nil {
		log.Fatal(err)
	}
	mapper, err := ecs.NewMapper(ecs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	document, err := mapper.Map(object)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(document.Threat.Indicator.Type, document.Threat.Indicator.URL.Domain, document.Related.Hosts)
	// Output: domain-name [c2.example.org] [c2.example.org]
}

func ExampleMapper_Map_skipped() {
	mapper, err := ecs.NewMapper(ecs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	object, err := stix.DecodeObject([]byte(`{"type":"report","id":"report--7a3b1c55-6a3f-4f1e-8f4e-0d6a2c2f6f10"}`))
	if err != nil {
		log.Fatal(err)
	}
	_, err = mapper.Map(object)
	if skip, ok := errors.AsType[*ecs.SkipError](err); ok {
		fmt.Println(skip.Type, "-", skip.Reason)
	}
	// Output: report - not an indicator or observable
}

func ExampleDocument_AppendJSON() {
	mapper, err := ecs.NewMapper(ecs.Options{Now: func() time.Time { return time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC) }})
	if err != nil {
		log.Fatal(err)
	}
	object, err := stix.DecodeObject([]byte(`{"type":"ipv4-addr","id":"ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd","value":"198.51.100.0/24"}`))
	if err != nil {
		log.Fatal(err)
	}
	document, err := mapper.Map(object)
	if err != nil {
		log.Fatal(err)
	}
	line, err := document.AppendJSON(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(line) > 0, document.OpenCTI.Observable.Properties[0])
	// Output: true {range 198.51.100.0/24}
}

func ExampleFilter() {
	filter := ecs.Filter{Score: 50, NotLabels: []string{"test"}, TLP: "AMBER", MaxAge: 90 * 24 * time.Hour}
	object, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--1","pattern":"[a:b = 1]","x_opencti_score":40}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(filter.Passes(object))
	// Output: false score 40 is below 50
}
