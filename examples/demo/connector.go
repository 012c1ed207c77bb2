package main

import (
	"context"
	"log/slog"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const index = elastic.DefaultIndex

// connector is an OpenCTI live stream on its way to Elasticsearch and Kibana.
type connector struct {
	servers
	refs      *opencti.References
	mapper    *ecs.Mapper
	builder   *rules.Builder
	client    *elastic.Client
	documents *elastic.Index
	connector *opencti.Connector
	engine    *sync.Engine
}

func newConnector(s servers) (*connector, error) {
	c := &connector{servers: s, refs: opencti.NewReferences(0)}
	log := slog.New(slog.DiscardHandler) // the verdict says it all

	// From OpenCTI: the stream, and the connector that keeps its place in it.
	stream, err := opencti.NewStream(opencti.Config{
		URL: s.opencti.URL, Token: s.opencti.Token, StreamID: s.opencti.StreamID,
		Recover: opencti.Recover{Disable: true}, References: c.refs, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	client, err := opencti.NewClient(opencti.ClientConfig{URL: s.opencti.URL, Token: s.opencti.Token})
	if err != nil {
		return nil, err
	}
	if c.connector, err = opencti.NewConnector(client, opencti.ConnectorConfig{
		ID: "7b0b35c3-9e43-4b7c-8d3e-52b4d2b7a3f0", Name: "Demo", Sinks: []string{"index", "rules"}, Logger: log,
	}); err != nil {
		return nil, err
	}

	// To Elasticsearch: documents.
	if c.builder, err = rules.NewBuilder(rules.Options{References: c.refs, OpenCTIURL: s.opencti.URL}); err != nil {
		return nil, err
	}
	if c.mapper, err = ecs.NewMapper(ecs.Options{OpenCTIURL: s.opencti.URL, References: c.refs, RuleReason: c.builder.Reason}); err != nil {
		return nil, err
	}
	if c.client, err = elastic.NewClient(elastic.Config{URLs: []string{s.elasticsearch.URL}, APIKey: key}); err != nil {
		return nil, err
	}
	if c.documents, err = elastic.NewIndex(elastic.IndexOptions{Client: c.client, Mapper: c.mapper, Name: index, Logger: log}); err != nil {
		return nil, err
	}

	// To Kibana: rules.
	space, err := kibana.NewClient(kibana.Config{URL: s.kibana.URL, APIKey: key})
	if err != nil {
		return nil, err
	}
	detection, err := kibana.NewSink(kibana.SinkOptions{Kibana: space, Builder: c.builder, Logger: log})
	if err != nil {
		return nil, err
	}

	c.engine, err = sync.NewEngine(sync.Options{
		Source: stream, Sinks: []sync.Sink{c.documents, detection}, Checkpoints: c.connector.State(), Logger: log,
	})
	return c, err
}

// run registers with OpenCTI and follows the stream until ctx ends.
func (c *connector) run(ctx context.Context) error {
	defer c.client.Close()
	return c.connector.Follow(ctx, c.engine.Run, c.documents.Run)
}
