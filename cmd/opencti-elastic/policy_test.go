package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// TestPolicyChanges restarts the connector with one policy after the other: what is no
// longer wanted goes, and what match rules covered gets rules of its own.
func TestPolicyChanges(t *testing.T) {
	t.Parallel()
	s, err := newStage(openctitest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	history := openctitest.HistoryConfig{Seed: 6, Events: 300, Start: time.Now().Add(-time.Hour)}.Make()
	s.opencti.Append(history...)
	environ := s.environ
	for _, policy := range []string{"match", "indicator", "off"} {
		if s.config, err = config.Load(append(environ, "ELASTIC_SECURITY_RULES="+policy), "", false, (*config.Config).Validate); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		connection, err := newConnection(ctx, s.config, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- connection.run(ctx) }()
		s.settle(t, history, 30*time.Second)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("policy %s: %v", policy, err)
		}
		t.Logf("policy %s: %d rules", policy, len(s.kibana.Rules("")))
	}
}
