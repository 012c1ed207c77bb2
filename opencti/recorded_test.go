package opencti_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tmaxmax/go-sse"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// recorded is one event of what a real platform sent.
type recorded struct {
	id, name, data string
	pos            sync.Position
	envelope       *stix.Envelope // nil for events without an object
}

// recording reads what a real platform sent.
func recording(tb testing.TB, name string) []recorded {
	tb.Helper()
	f, err := os.Open(filepath.Join("testdata", "real", name+".sse.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	body, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var out []recorded
	last := ""
	for e, err := range sse.Read(body, &sse.ReadConfig{MaxEventSize: 8 << 20}) {
		if err != nil {
			tb.Fatal(err)
		}
		r := recorded{name: e.Type, data: e.Data}
		if e.LastEventID != last || e.Type != "connected" && e.Type != "error" {
			r.id, last = e.LastEventID, e.LastEventID
		}
		r.pos, _ = sync.ParsePosition(r.id)
		switch e.Type {
		case sync.KindCreate, sync.KindUpdate, sync.KindDelete, sync.KindMerge:
			if r.envelope, err = stix.DecodeEnvelope([]byte(e.Data)); err != nil {
				tb.Fatalf("%s: %v", e.LastEventID, err)
			}
		}
		out = append(out, r)
	}
	return out
}

func (r recorded) frame() string {
	id := ""
	if r.id != "" {
		id = "id: " + r.id + "\n"
	}
	return fmt.Sprintf("%sevent: %s\ndata: %s\n\n", id, r.name, r.data)
}

// playback is the platform of a recording: what was recovered in its own order, and then the stream. The first
// connections are cut after so many events.
type playback struct {
	events []recorded
	cuts   []int
}

func (p *playback) RoundTrip(req *http.Request) (*http.Response, error) {
	from, _ := sync.ParsePosition(req.URL.Query().Get("from"))
	var until sync.Position
	recover, err := time.Parse(time.RFC3339, req.URL.Query().Get("recover"))
	recovering := err == nil && recover.After(time.UnixMilli(int64(from.Millis)))
	if recovering {
		until = sync.Position{Millis: uint64(recover.UnixMilli())}
	}
	limit := len(p.events)
	if len(p.cuts) > 0 {
		limit, p.cuts = p.cuts[0], p.cuts[1:]
	}
	var b bytes.Buffer
	end := lastRecovered(p.events)
	for i, e := range p.events {
		fromDatabase := i <= end
		switch {
		case e.name == "heartbeat" || e.name == "consumer_metrics":
			continue
		case e.name == "connected":
		case fromDatabase && !(recovering && e.pos.Compare(from) >= 0):
			continue
		case !fromDatabase && e.pos.Compare(from) <= 0, !fromDatabase && e.pos.Compare(until) <= 0:
			continue
		default:
			if limit--; limit < 0 {
				return replies{func() io.ReadCloser { return io.NopCloser(&b) }}.RoundTrip(req)
			}
		}
		b.WriteString(e.frame())
	}
	r, w := io.Pipe()
	go func() { io.Copy(w, &b) }() // and then silence
	return replies{func() io.ReadCloser { return &untilDone{r, req} }}.RoundTrip(req)
}

// lastRecovered is the index of the last event that came from the database.
func lastRecovered(events []recorded) int {
	for i := len(events) - 1; i >= 0; i-- {
		if e := events[i].envelope; e != nil && e.Recovered() {
			return i
		}
	}
	return -1
}

// TestRecordedStreams reads what a real platform sent: every event is understood and says of its object what it says.
func TestRecordedStreams(t *testing.T) {
	for _, name := range []string{"from0", "ops7", "label-nodep", "fedit", "orig-norec"} {
		t.Run(name, func(t *testing.T) {
			events := recording(t, name)
			s := &script{bodies: []func() io.ReadCloser{func() io.ReadCloser {
				var b strings.Builder
				for _, e := range events {
					b.WriteString(e.frame())
				}
				return io.NopCloser(strings.NewReader(b.String()))
			}}}
			got := newTarget()
			ends := disconnectObserver(func(opencti.Disconnected) { got.got[sync.Progress+100]++ })
			stream := scripted(t, s, func(c *opencti.Config) { c.Observers = []any{ends} })
			fold := foldRecorded(events)
			for c := range stream.Changes(t.Context(), &sync.Checkpoint{Position: sync.Position{Seq: 1}}) {
				got.apply(c)
				if len(got.invalid) > 0 {
					t.Fatalf("invalid: %v", got.invalid[0].Err)
				}
				if cmp.Equal(fold, got.objects) {
					return
				}
				if got.got[sync.Progress+100] > 0 {
					break
				}
			}
			t.Errorf("objects (-want +got):\n%.3000s", cmp.Diff(fold, got.objects))
		})
	}
}

// foldRecorded is what the events of a recording come to.
func foldRecorded(events []recorded) map[string]string {
	out := map[string]string{}
	for _, e := range events {
		switch {
		case e.envelope == nil:
		case e.name == sync.KindDelete:
			delete(out, e.envelope.Object.Key())
		default:
			out[e.envelope.Object.Key()] = string(e.envelope.Object.Raw())
		}
		if e.envelope != nil {
			for _, s := range e.envelope.Sources {
				delete(out, s.Key())
			}
		}
	}
	return out
}

// TestRecordedRecovery cuts a real recovery after each number of events.
func TestRecordedRecovery(t *testing.T) {
	events := recording(t, "recov-rel-nodep")
	want, n := foldRecorded(events), 0
	var recovered time.Time // the date of what was recovered last
	var last sync.Position
	for i, e := range events {
		if e.envelope == nil {
			continue
		}
		last = e.pos
		if i <= lastRecovered(events) {
			n++
			recovered = time.UnixMilli(max(recovered.UnixMilli(), int64(e.pos.Millis)))
		}
	}
	for cut := 0; cut < n+2; cut += 1 + cut%3 {
		p := &playback{events: slices.Clone(events), cuts: []int{cut, cut / 2}}
		stream := scripted(t, nil, func(c *opencti.Config) {
			c.HTTPClient = &http.Client{Transport: p}
			c.Recover = opencti.Recover{Until: recovered.Add(time.Second)}
			c.ClockMargin = time.Second // the recording's events came after its recovery
			c.RecoveryWindow = n
			c.Backoff = sync.Backoff{Initial: time.Microsecond, Max: time.Millisecond}
		})
		got := newTarget()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		for c := range stream.Changes(ctx, nil) {
			if got.apply(c); c.Position == last {
				break
			}
		}
		cancel()
		if diff := cmp.Diff(want, got.objects); diff != "" {
			t.Fatalf("cut after %d (-want +got):\n%.2000s", cut, diff)
		}
	}
}
