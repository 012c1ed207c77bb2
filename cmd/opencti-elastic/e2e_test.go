package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

var update = flag.Bool("update", false, "write golden files and the README's table")

// settle waits until the target is what the stream said.
func (s *stage) settle(t *testing.T, history []openctitest.Event, limit time.Duration) (documents, rules int) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for before, judged, quiet := -1, -1, 0; ; <-tick.C {
		late, now := time.Now().After(deadline), s.requests()
		if quiet++; now != before {
			before, quiet = now, 0
		}
		if !late && (quiet < 3 || now == judged) { // something is under way, or nothing has come since the last look
			continue
		}
		judged = now
		v := s.judge(history)
		if len(v.Faults) == 0 {
			return v.Documents, v.Rules
		}
		if late {
			for _, f := range v.Faults[:min(len(v.Faults), 10)] {
				t.Error(f)
			}
			t.Fatalf("%d faults, %d documents, %d rules", len(v.Faults), v.Documents, v.Rules)
		}
	}
}

// requests is how many the two targets have had.
func (s *stage) requests() int {
	n := len(s.kibana.Requests())
	for _, of := range s.elasticsearch.Stats().Requests {
		n += of
	}
	return n
}

func hostileHistory(seed uint64, n int, ahead time.Duration) []openctitest.Event {
	return openctitest.HistoryConfig{Seed: seed, Events: n, Start: time.Now().Add(-time.Hour), Step: time.Hour / time.Duration(2*n), ClockAhead: ahead, Hostile: true}.Make()
}

// TestBurst: 10,000 mixed events with hostile texts, all there at once.
func TestBurst(t *testing.T) {
	t.Parallel()
	s, err := newStage(openctitest.Options{}, "ELASTIC_SECURITY_RULES=off")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	history := hostileHistory(2, 10_000, 0)
	s.opencti.Append(history...)
	cmd, log := start(t, s.environ)
	s.settle(t, history, time.Minute)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
	bulks := s.elasticsearch.Stats().Requests["bulk"]
	if most := len(history) / 100; bulks > most {
		t.Errorf("%d bulk requests for %d events, want at most %d", bulks, len(history), most)
	}
	t.Logf("%d bulk requests for %d events", bulks, len(history))
}

// TestFaults: the same under all that goes wrong in the field, with kills and restarts, recovery
// from the database included.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	for _, seed := range []uint64{3, 4} {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			faults(t, seed)
		})
	}
}

func faults(t *testing.T, seed uint64) {
	const ahead = 20 * time.Second
	s, err := newStage(openctitest.Options{ClockAhead: ahead, Heartbeat: 200 * time.Millisecond, IdleRead: 200 * time.Millisecond},
		"CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE=", "CONNECTOR_PING_INTERVAL=1s")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	rng := rand.New(rand.NewPCG(seed, 0))
	history := hostileHistory(seed, 3000, ahead)

	s.opencti.FailAlways(&openctitest.Fault{Kind: openctitest.CutInLine, After: 500})
	bulk := elastictest.Bulk
	s.elasticsearch.Inject(elastictest.Fault{Every: 20, Status: http.StatusTooManyRequests})
	s.elasticsearch.Inject(elastictest.Fault{Match: bulk, Times: 6, Item: &elastictest.ItemFault{Every: 50, Status: 429, Type: "es_rejected_execution_exception", Reason: "queue is full"}})
	s.kibana.Fail(elastictest.KibanaFault{Times: 3, Skip: 2, Status: http.StatusServiceUnavailable})

	half := len(history) / 2
	s.opencti.Append(history[:half]...)
	cmd, _ := start(t, s.environ)
	rest := history[half:]
	outage := []elastictest.Fault{{Status: http.StatusServiceUnavailable, Body: []byte("<html>no</html>")}, {Reset: true}, {ResetAfter: true}}
	for i := 0; len(rest) > 0; i++ {
		n := min(len(rest), 1+rng.IntN(400))
		s.opencti.Append(rest[:n]...)
		rest = rest[n:]
		remove := s.elasticsearch.Inject(outage[i%len(outage)])
		<-time.After(time.Duration(rng.IntN(400)) * time.Millisecond) // a random moment is the point
		signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[rng.IntN(2)]
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil && signal == syscall.SIGTERM {
			t.Errorf("after SIGTERM: %v", err)
		}
		cmd, _ = start(t, s.environ)
		<-time.After(time.Duration(rng.IntN(300)) * time.Millisecond)
		remove()
	}
	s.settle(t, history, time.Minute)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}
