package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// TestElasticsearchIsNotTakenForKibana: without an address of Kibana, and Elasticsearch behind a port that says
// nothing of where Kibana is, there are no rules, and every document comes.
func TestElasticsearchIsNotTakenForKibana(t *testing.T) {
	t.Parallel()
	s, err := newStage(openctitest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.config.Elastic.KibanaURL = ""
	history := openctitest.HistoryConfig{Seed: 5, Events: 4000, Start: time.Now().Add(-time.Hour)}.Make()
	s.opencti.Append(history...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log strings.Builder
	connection, err := newConnection(ctx, s.config, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(log.String(), "\n")
	for _, want := range []string{"opencti=" + s.opencti.URL, "elasticsearch=" + s.elasticsearch.URL, "kibana=" + s.elasticsearch.URL} {
		if !strings.Contains(first, want) {
			t.Errorf("the first line of the log lacks %q: %s", want, first)
		}
	}
	if !strings.Contains(rest, "NO DETECTION RULES") {
		t.Errorf("the log does not say that there are no rules: %s", rest)
	}
	ended := make(chan error, 1)
	go func() { ended <- connection.run(ctx) }()
	judged := *s.config
	judged.Elastic.Rules = "off"
	off := *s
	off.config = &judged
	off.settle(t, history, 30*time.Second)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
