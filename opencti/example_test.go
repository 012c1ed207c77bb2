package opencti_test

import (
	"context"
	"fmt"
	"log"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// A stream is ranged over; what Commit says is what a later run begins with.
func ExampleStream() {
	server := openctitest.NewServer(openctitest.Options{})
	defer server.Close()
	server.Append(
		openctitest.Event{Position: sync.Position{Millis: 1795446740123}, Name: "create", Data: []byte(`{"version":"4","type":"create","data":{"id":"ipv4-addr--1","type":"ipv4-addr","value":"203.0.113.77"}}`)},
		openctitest.Event{Position: sync.Position{Millis: 1795446740200}, Name: "delete", Data: []byte(`{"version":"4","type":"delete","data":{"id":"ipv4-addr--1","type":"ipv4-addr","value":"203.0.113.77"}}`)},
	)

	stream, err := opencti.NewStream(opencti.Config{
		URL: server.URL, Token: server.Token, StreamID: server.StreamID,
		Recover: opencti.Recover{Disable: true},
	})
	if err != nil {
		log.Fatal(err)
	}
	for change, err := range stream.Changes(context.Background(), nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change.Op, change.Key, change.Reason, "commit", change.Commit.Position)
		if change.Op == sync.Delete {
			break
		}
	}
	// Output:
	// upsert ipv4-addr--1 created commit 0-0
	// delete ipv4-addr--1 deleted commit 1795446740123-0
}

// A connector registers, pings, and keeps checkpoints in OpenCTI.
func ExampleConnector() {
	server := openctitest.NewServer(openctitest.Options{})
	defer server.Close()
	server.SetState(`{"start_from":"1795446740123-0","recover_until":false}`) // left by the Python connector

	client, err := opencti.NewClient(opencti.ClientConfig{URL: server.URL, Token: server.Token})
	if err != nil {
		log.Fatal(err)
	}
	connector, err := opencti.NewConnector(client, opencti.ConnectorConfig{
		ID: "4f6cf1a2-7c3b-4c1d-9f4e-0b2a3c4d5e6f", Name: "Elastic Security", Sinks: []string{"index"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := connector.Register(ctx); err != nil {
		log.Fatal(err)
	}
	checkpoints, err := connector.State().Load(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(checkpoints["index"].Position)
	// Output:
	// 1795446680123-0
}
