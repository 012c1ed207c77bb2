package main

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// TestDocumentsDoNotWaitForKibana: Kibana is away while far more happens than is kept for it. All documents are there
// all the same; when it is back the rules read the stream again from where they stood, and then share one reading with the documents.
func TestDocumentsDoNotWaitForKibana(t *testing.T) {
	t.Parallel()
	s, err := newStage(openctitest.Options{Heartbeat: 100 * time.Millisecond, IdleRead: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.kibana.Fail(elastictest.KibanaFault{Times: -1, Status: http.StatusServiceUnavailable})
	history := hostileHistory(9, 16_000, 0)
	s.opencti.Append(history...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	c, err := newConnection(ctx, s.config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx) }()
	s.await(t, func() bool {
		stats := c.engine.Stats()
		return stats.Position == s.opencti.Last() && stats.Sinks[0].Unacknowledged == 0
	})
	stats := c.engine.Stats()
	if rules := stats.Sinks[1]; !rules.Alone || rules.Readings > 0 || rules.Unacknowledged == 0 {
		t.Errorf("the rules while Kibana is away: %+v; want them alone, without a reading", rules)
	}
	if n := len(s.kibana.Rules("")); n > 0 {
		t.Errorf("%d rules while Kibana is away", n)
	}
	s.kibana.Heal()
	s.settle(t, history, time.Minute)
	s.await(t, func() bool { return !c.engine.Stats().Sinks[1].Alone })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := c.engine.Stats().Sinks[1].Readings; n == 0 || n > 5 {
		t.Errorf("%d readings for the rules alone, want a few", n)
	}
}
