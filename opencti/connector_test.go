package opencti_test

import (
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const connectorID = "4f6cf1a2-7c3b-4c1d-9f4e-0b2a3c4d5e6f"

func newConnector(tb testing.TB, s *openctitest.Server, edit func(*opencti.ConnectorConfig)) *opencti.Connector {
	tb.Helper()
	client, err := opencti.NewClient(opencti.ClientConfig{URL: s.URL + "/", Token: s.Token})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := opencti.ConnectorConfig{
		ID: connectorID, Name: "Elastic Security", Sinks: []string{"index", "rules"}, PatternTypes: []string{"kql", "EQL", "esql"},
		PingInterval: 5 * time.Millisecond, Backoff: opencti.Backoff{Initial: time.Millisecond, Max: 5 * time.Millisecond},
	}
	if edit != nil {
		edit(&cfg)
	}
	c, err := opencti.NewConnector(client, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func save(tb testing.TB, s *opencti.State, c map[string]sync.Checkpoint) {
	tb.Helper()
	if err := s.Save(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
}

func load(tb testing.TB, s *opencti.State) map[string]sync.Checkpoint {
	tb.Helper()
	got, err := s.Load(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func waitFor(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			tb.Fatalf("no %s within 10 s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
