package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// TestReferencesAreRemembered: names learnt in one run are in the file for the next.
func TestReferencesAreRemembered(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "references.json")
	s, err := newStage(openctitest.Options{}, "ELASTIC_SECURITY_RULES=off", "ELASTIC_SECURITY_REFERENCES="+path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.opencti.Append(openctitest.History(7, 100)...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	connection, err := newConnection(ctx, s.config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- connection.run(ctx) }()
	s.await(t, func() bool { return connection.engine.Stats().Position == s.opencti.Last() })
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	refs, _ := rememberedReferences(&config.Config{Elastic: config.Elastic{References: path}}, slog.New(slog.DiscardHandler))
	if name, kind, ok := refs.Marking("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"); !ok || name != "TLP:AMBER" || kind == "" {
		data, _ := os.ReadFile(path)
		t.Errorf("TLP:AMBER is %q (%q, %v); the file holds %d bytes", name, kind, ok, len(data))
	}
}
