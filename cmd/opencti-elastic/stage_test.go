package main

import (
	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/examples/demo/verdict"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// stage is the three servers, and the settings of a connector between them.
type stage struct {
	opencti       *openctitest.Server
	elasticsearch *elastictest.Elasticsearch
	kibana        *elastictest.Kibana
	environ       []string
	config        *config.Config
}

const stageKey = "ZGVtbzpkZW1v"

// newStage starts the servers. The connector takes all history from the stream, unless environ says otherwise.
func newStage(o openctitest.Options, environ ...string) (*stage, error) {
	s := &stage{
		opencti:       openctitest.NewServer(o),
		elasticsearch: elastictest.NewElasticsearch(elastictest.Options{APIKey: stageKey}),
		kibana:        elastictest.NewKibana(elastictest.KibanaOptions{APIKey: stageKey}),
	}
	s.environ = append([]string{
		"OPENCTI_URL=" + s.opencti.URL, "OPENCTI_TOKEN=" + s.opencti.Token, "CONNECTOR_ID=7b0b35c3-9e43-4b7c-8d3e-52b4d2b7a3f0",
		"CONNECTOR_LIVE_STREAM_ID=" + s.opencti.StreamID, "CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE=no",
		"ELASTIC_SECURITY_URL=" + s.elasticsearch.URL, "ELASTIC_SECURITY_KIBANA_URL=" + s.kibana.URL, "ELASTIC_SECURITY_API_KEY=" + stageKey,
		"ELASTIC_SECURITY_DEAD_LETTERS=-",
	}, environ...)
	if err := s.configure(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// configure adds settings; a later one of a name wins.
func (s *stage) configure(environ ...string) error {
	s.environ = append(s.environ, environ...)
	c, err := config.Load(s.environ, "", false, (*config.Config).Validate)
	if err == nil {
		s.config = c
	}
	return err
}

func (s *stage) close() {
	s.opencti.Close()
	s.elasticsearch.Close()
	s.kibana.Close()
}

// judge compares what the servers hold with what the stream said, by the settings as they are now.
func (s *stage) judge(history []openctitest.Event) verdict.Verdict {
	refs := opencti.NewReferences(0)
	verdict.Learn(refs, history)
	builder, err := newBuilder(s.config, refs)
	if err != nil {
		return verdict.Verdict{Faults: []string{err.Error()}}
	}
	mapper, err := newMapper(s.config, refs)
	if err != nil {
		return verdict.Verdict{Faults: []string{err.Error()}}
	}
	return verdict.Target{
		OpenCTI: s.opencti, Elasticsearch: s.elasticsearch, Kibana: s.kibana, Index: s.config.Elastic.IndexName, KeepRevoked: s.config.Elastic.OnRevoke == "mark", Mapper: mapper, Builder: builder,
	}.Judge()
}
