package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// bench runs the connector.
type bench struct{ binary, dir string }

// stage is the servers between which it runs, and the settings for it.
type stage struct {
	opencti *openctitest.Server
	es      *elastictest.Elasticsearch
	front   *httptest.Server // of es, which sees when documents come
	kibana  *elastictest.Kibana
	environ []string

	mu   sync.Mutex
	came map[string]time.Time // when each document came first
	last time.Time            // when something came last
}

func newStage(environ ...string) *stage {
	s := &stage{
		opencti: openctitest.NewServer(openctitest.Options{}),
		es:      elastictest.NewElasticsearch(elastictest.Options{}),
		kibana:  elastictest.NewKibana(elastictest.KibanaOptions{}),
		came:    make(map[string]time.Time),
	}
	s.front = httptest.NewServer(http.HandlerFunc(s.serve))
	s.environ = append([]string{
		"OPENCTI_URL=" + s.opencti.URL, "OPENCTI_TOKEN=" + s.opencti.Token, "CONNECTOR_ID=7b0b35c3-9e43-4b7c-8d3e-52b4d2b7a3f0",
		"CONNECTOR_LIVE_STREAM_ID=" + s.opencti.StreamID, "CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE=no", "CONNECTOR_LOG_LEVEL=error",
		"ELASTIC_SECURITY_URL=" + s.front.URL, "ELASTIC_SECURITY_KIBANA_URL=" + s.kibana.URL, "ELASTIC_SECURITY_DEAD_LETTERS=-",
	}, environ...)
	return s
}

func (s *stage) close() {
	s.opencti.Close()
	s.front.Close()
	s.es.Close()
	s.kibana.Close()
}

var documentID = regexp.MustCompile(`"_id":"([^"]+)"`)

func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	s.last = now
	for _, id := range documentID.FindAllSubmatch(body, -1) {
		if _, known := s.came[string(id[1])]; !known {
			s.came[string(id[1])] = now
		}
	}
	s.mu.Unlock()
	s.es.ServeHTTP(w, r)
}

// outcome is what a run has cost.
type outcome struct {
	first, took time.Duration // from the start to the first document, and to the last that came
	cpu         time.Duration
	memory      int64 // most that was resident, in bytes
	es, kibana  int   // requests
}

// run starts the connector, lets during go on beside it, waits until nothing comes any more, and stops it.
func (b *bench) run(ctx context.Context, s *stage, during func(context.Context) error) (o outcome, err error) {
	cmd := exec.CommandContext(ctx, b.binary)
	cmd.Env, cmd.Dir, cmd.Stderr = s.environ, b.dir, os.Stderr
	es, kibana := s.requests(), len(s.kibana.Requests())
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return o, err
	}
	if during != nil {
		err = during(ctx)
	}
	o.first, o.took = s.quiet(ctx, began)
	o.memory = peak(cmd.Process.Pid)
	if err == nil {
		err = cmd.Process.Signal(syscall.SIGTERM)
	}
	if err != nil {
		cmd.Process.Kill()
	}
	if end := cmd.Wait(); err == nil && end != nil {
		err = fmt.Errorf("the connector: %w", end)
	}
	o.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	o.es, o.kibana = s.requests()-es, len(s.kibana.Requests())-kibana
	return o, err
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak is the most memory that was resident of a process so far; 0 where the system does not say. (What it says at the
// process's end is no use: it counts what was resident here when the process was forked.)
func peak(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var kib int64
	if m := highWater.FindSubmatch(status); m != nil {
		fmt.Sscan(string(m[1]), &kib)
	}
	return kib << 10
}

func (s *stage) requests() (n int) {
	for _, of := range s.es.Stats().Requests {
		n += of
	}
	return n
}

func (s *stage) arrivals() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came
}

// quiet waits until nothing has come to either target for some seconds.
func (s *stage) quiet(ctx context.Context, began time.Time) (first, took time.Duration) {
	const silence = 4 * time.Second
	rules, changed := -1, time.Now()
	for ctx.Err() == nil && time.Since(changed) < silence {
		time.Sleep(50 * time.Millisecond)
		s.mu.Lock()
		last := s.last
		s.mu.Unlock()
		if k := len(s.kibana.Requests()); k != rules || last.After(changed) {
			rules, changed = k, time.Now()
		}
	}
	first = time.Hour
	for _, at := range s.arrivals() {
		if at.After(began) {
			first = min(first, at.Sub(began))
		}
	}
	return first, changed.Sub(began)
}
