package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// policyHistory is what TestPolicy's runs see; it is whole before the first of them.
func policyHistory() []openctitest.Event {
	return openctitest.HistoryConfig{Seed: 6, Events: 300, Start: time.Now().Add(-10 * time.Hour), Step: 2 * time.Minute}.Make()
}

// quietAge is an age of some hours that no object reaches in the minutes in which a test runs.
func quietAge(history []openctitest.Event) time.Duration {
	now := uint64(time.Now().UnixMilli())
	var age, longest time.Duration
	for i, e := range history[1:] {
		before := history[i].Position.Millis
		older := time.Duration(now-before) * time.Millisecond
		if gap := time.Duration(e.Position.Millis-before) * time.Millisecond; gap > longest && older > 3*time.Hour && older < 7*time.Hour {
			age, longest = older-2*time.Second, gap
		}
	}
	return age
}

// TestPolicy restarts the connector with other settings, there and back again: each time documents and rules
// come to be as if the settings had always been so, without anybody's doing.
func TestPolicy(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		runs []string // the settings of one run after the other, separated by spaces
	}{
		// Every pair of policies once.
		{"policies", []string{"RULES=off", "RULES=indicator", "RULES=match", "RULES=lookup", "RULES=indicator", "RULES=off", "RULES=match"}},
		{"policies, the other way", []string{"RULES=match", "RULES=indicator", "RULES=lookup", "RULES=match", "RULES=off", "RULES=lookup", "RULES=off"}},
		{"score", []string{"", "MIN_SCORE=90", ""}},
		{"score first", []string{"MIN_SCORE=90", "MIN_SCORE=40", "MIN_SCORE=90 RULES=match"}},
		{"confidence", []string{"", "MIN_CONFIDENCE=80", ""}},
		{"labels", []string{"", "LABELS=c2,phishing", "EXCLUDE_LABELS=c2,phishing", ""}},
		{"marking", []string{"", "MAX_TLP=GREEN", ""}},
		{"authors", []string{"", "AUTHORS=nobody", ""}},
		{"types", []string{"", "TYPES=Indicator", "TYPES=IPv4-Addr", ""}},
		{"detection", []string{"", "DETECTION_ONLY=true", ""}},
		{"age", []string{"", "MAX_AGE=" + quietAge(policyHistory()).String(), ""}},
		{"custom fields", []string{"", "CUSTOM_FIELDS=tier=1", ""}},
		{"observables", []string{"", "OBSERVABLES=none", "OBSERVABLES=reference", ""}},
		{"mapping", []string{"", "EVENT_ORIGINAL=true MODULE=ti_other", ""}},
		{"revoked ones", []string{"", "ON_REVOKE=mark", ""}},
		{"another index", []string{"", "INDEX_NAME=logs-ti_other.indicator", "INDEX_NAME=logs-ti_other.indicator MIN_SCORE=50"}},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := newStage(openctitest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			history := policyHistory()
			s.opencti.Append(history...)
			environ := s.environ
			for _, run := range tt.runs {
				s.environ = append(environ[:len(environ):len(environ)], "ELASTIC_SECURITY_LOOKUP=true")
				for _, setting := range strings.Fields(run) {
					s.environ = append(s.environ, "ELASTIC_SECURITY_"+setting)
				}
				if err := s.configure(); err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				c, err := newConnection(ctx, s.config, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- c.run(ctx) }()
				documents, rules := s.settle(t, history, 30*time.Second)
				stop()
				if err := <-ended; err != nil {
					t.Errorf("%s: %v", run, err)
				}
				t.Logf("%-40s %d documents, %d rules", run, documents, rules)
			}
		})
	}
}

// TestPolicyThroughKills: a restart in the middle of following new settings goes on with it.
func TestPolicyThroughKills(t *testing.T) {
	t.Parallel()
	s, err := newStage(openctitest.Options{}, "CONNECTOR_PING_INTERVAL=1s")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	history := policyHistory()
	s.opencti.Append(history...)
	cmd, _ := start(t, s.environ)
	s.settle(t, history, 30*time.Second)
	for _, setting := range []string{"ELASTIC_SECURITY_MIN_SCORE=90", "ELASTIC_SECURITY_MIN_SCORE=0"} {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() //nolint:errcheck // it was killed
		if err := s.configure(setting); err != nil {
			t.Fatal(err)
		}
		slow := s.elasticsearch.Inject(elastictest.Fault{Delay: 500 * time.Millisecond})
		for range 2 {
			cmd, _ = start(t, s.environ)
			<-time.After(1200 * time.Millisecond) // somewhere on the way
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cmd.Wait() //nolint:errcheck // it was killed
		}
		slow()
		cmd, _ = start(t, s.environ)
		s.settle(t, history, 30*time.Second)
	}
}
