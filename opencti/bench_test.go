package opencti_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// replies is a transport that answers with one stream, without a network.
type replies struct{ body func() io.ReadCloser }

func (r replies) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Request: req, Body: r.body(),
		Header: http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}},
	}, nil
}

// endless repeats frames with ever greater ids, in reads of up to 64 KiB.
type endless struct {
	frames [][]byte
	next   int
	rest   []byte
	ms     uint64
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		e.ms++
		f := e.frames[e.next%len(e.frames)]
		e.next++
		e.rest = append(append(append(e.rest[:0:0], "id: "...), sync.Position{Millis: 1767600000000 + e.ms}.String()...), f...)
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func (e *endless) Close() error { return nil }

// BenchmarkStream is reading and decoding alone, an event an op.
func BenchmarkStream(b *testing.B) {
	var frames [][]byte
	size := 0
	for _, e := range openctitest.History(1, 2000) {
		if e.Name == sync.KindMerge {
			continue
		}
		f := []byte("\nevent: " + e.Name + "\ndata: " + string(e.Data) + "\n\n")
		size += len(f)
		frames = append(frames, f)
	}
	stream, err := opencti.NewStream(opencti.Config{
		URL: "http://opencti.example", Token: "t", StreamID: "live", Start: opencti.Start{Live: true},
		HTTPClient: &http.Client{Transport: replies{func() io.ReadCloser { return &endless{frames: frames} }}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(size / len(frames)))
	n := 0
	b.ResetTimer()
	for range stream.Changes(b.Context(), nil) {
		if n++; n >= b.N {
			break
		}
	}
}

// BenchmarkStreamHTTP is the same from a server over HTTP, which shares the processors; 20,000 events an op.
func BenchmarkStreamHTTP(b *testing.B) {
	s := server(b, openctitest.Options{})
	s.Append(openctitest.History(1, 20_000)...)
	stream := newStream(b, s, func(c *opencti.Config) { c.Recover.Disable = true })
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		n := 0
		for range stream.Changes(b.Context(), nil) {
			if n++; n >= 20_000 {
				break
			}
		}
	}
	b.ReportMetric(float64(b.N)*20_000/b.Elapsed().Seconds(), "events/s")
}
