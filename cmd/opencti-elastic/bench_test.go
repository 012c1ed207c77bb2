package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// BenchmarkEndToEnd streams 20,000 events over HTTP from a test OpenCTI to a test
// Elasticsearch, without rules. Its cpu-µs/event is of the whole process, the two servers
// included; requests/event and events/s are what a user would see.
func BenchmarkEndToEnd(b *testing.B) {
	const n = 20_000
	history := openctitest.HistoryConfig{Seed: 1, Events: n, Start: time.Now().Add(-time.Hour), Step: 10 * time.Millisecond}.Make()
	for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
		b.Run(fmt.Sprintf("latency=%v", latency), func(b *testing.B) {
			b.ReportAllocs()
			requests, cpu := 0, processorTime()
			for b.Loop() {
				requests += endToEnd(b, history, latency)
			}
			events := float64(n * b.N)
			b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(requests)/events, "requests/event")
			b.ReportMetric(float64((processorTime()-cpu).Microseconds())/events, "cpu-µs/event")
		})
	}
}

// BenchmarkRules streams 30,000 events with rules off and on: what the rules, the default, cost beside the
// documents. Both servers answer at once. It ends when every sink has acknowledged the last event.
func BenchmarkRules(b *testing.B) {
	const n = 30_000
	history := openctitest.HistoryConfig{Seed: 1, Events: n, Start: time.Now().Add(-time.Hour), Step: 10 * time.Millisecond}.Make()
	for _, policy := range []string{"off", "indicator"} {
		b.Run("rules="+policy, func(b *testing.B) {
			b.ReportAllocs()
			var sum rulesCost
			cpu := processorTime()
			for b.Loop() {
				sum.add(withRules(b, history, policy))
			}
			events := float64(n * b.N)
			b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(sum.requests)/events, "requests/event")
			b.ReportMetric(float64((processorTime()-cpu).Microseconds())/events, "cpu-µs/event")
			if sum.imports > 0 {
				b.ReportMetric(float64(sum.imported)/float64(sum.imports), "rules/import")
				b.ReportMetric(float64(sum.rules)/float64(b.N), "rules")
			}
		})
	}
}

// rulesCost is what one run asked of the servers.
type rulesCost struct{ requests, imports, imported, rules int }

func (c *rulesCost) add(o rulesCost) {
	c.requests, c.imports, c.imported, c.rules = c.requests+o.requests, c.imports+o.imports, c.imported+o.imported, c.rules+o.rules
}

func withRules(b *testing.B, history []openctitest.Event, policy string) rulesCost {
	b.StopTimer()
	s, err := newStage(openctitest.Options{}, "ELASTIC_SECURITY_RULES="+policy)
	if err != nil {
		b.Fatal(err)
	}
	defer s.close()
	s.opencti.Append(history...)
	last := s.opencti.Last().String()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	connection, err := newConnection(ctx, s.config, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	b.StartTimer()
	go func() { ended <- connection.run(ctx) }()
	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		stats := connection.engine.Stats()
		if stats.Position.String() == last && !slices.ContainsFunc(stats.Sinks, func(k sync.SinkStats) bool { return k.Alone || k.Unacknowledged > 0 }) {
			break
		}
	}
	b.StopTimer()
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	cost := rulesCost{rules: s.kibana.Count("")}
	for _, n := range s.elasticsearch.Stats().Requests {
		cost.requests += n
	}
	for _, r := range s.kibana.Requests() {
		cost.requests++
		if strings.HasSuffix(r.Path, "_import") {
			cost.imports++
			cost.imported += r.Rules
		}
	}
	if policy != "off" && cost.rules < len(history)/10 {
		b.Fatalf("%d rules", cost.rules)
	}
	b.StartTimer()
	return cost
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// endToEnd runs the connector until the index holds what the stream said last, and
// gives the number of requests that Elasticsearch got.
func endToEnd(b *testing.B, history []openctitest.Event, latency time.Duration) int {
	b.StopTimer()
	cti := openctitest.NewServer(openctitest.Options{})
	defer cti.Close()
	cti.Append(history...)
	es := elastictest.NewElasticsearch(elastictest.Options{})
	defer es.Close()
	if latency > 0 {
		es.Inject(elastictest.Fault{Delay: latency})
	}
	c, err := config.Load([]string{
		"OPENCTI_URL=" + cti.URL, "OPENCTI_TOKEN=" + cti.Token, "CONNECTOR_ID=7b0b35c3-9e43-4b7c-8d3e-52b4d2b7a3f0",
		"CONNECTOR_LIVE_STREAM_ID=" + cti.StreamID, "CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE=no",
		"ELASTIC_SECURITY_URL=" + es.URL, "ELASTIC_SECURITY_RULES=off", "ELASTIC_SECURITY_DEAD_LETTERS=-",
	}, "", false, (*config.Config).Validate)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	all := &reached{want: cti.Last().String(), done: stop}
	connection, err := newConnection(ctx, c, slog.New(slog.DiscardHandler), all)
	if err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	// The stop comes with the last event read; what is pending is then drained.
	if err := connection.run(ctx); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if want := len(history) / 3; es.Len(c.Elastic.IndexName) < want {
		b.Fatalf("%d documents, want at least %d", es.Len(c.Elastic.IndexName), want)
	}
	requests := 0
	for _, n := range es.Stats().Requests {
		requests += n
	}
	b.StartTimer()
	return requests
}

// reached calls done when the change at a position has been read.
type reached struct {
	want string
	done func()
}

// OnRead implements sync.ReadObserver.
func (r *reached) OnRead(c sync.Change) {
	if c.Op != sync.Progress && c.Position.String() == r.want {
		r.done()
	}
}
