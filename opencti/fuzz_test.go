package opencti_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// FuzzStream reads whatever a server may send: the stream neither panics nor gets stuck, and
// still reads what a sane server sends after it.
func FuzzStream(f *testing.F) {
	one := frameOf("1795446740123-0", "create", string(indicator("create", "a", "1", time.UnixMilli(1795446740123))))
	f.Add("event: connected\ndata: {\"lastEventId\":\"5-0\",\"firstEventId\":\"1-0\",\"streamSize\":1}\n\n"+one, false)
	f.Add(one+"id: 99-1\nevent: heartbeat\ndata: \"x\"\n\nevent: error\ndata: {\"message\":\"m\"}\n\n", true)
	f.Add("id: x\nevent: no-recover\ndata: {\"resume_from\":\"7-0\"}\n\nid: 8-0\nevent: merge\ndata: {}\n\n", true)
	f.Add("event: connected\ndata: {\"lastEventId\":\"0-0\",\"streamSize\":0}\n\nid: 18446744073709551615-0\nevent: delete\ndata: {\n\n", false)
	marker := frameOf("18446744073709551615-18446744073709551615", "update", string(indicator("update", "marker", "2", time.Now())))
	f.Fuzz(func(t *testing.T, data string, live bool) {
		n := 0
		stream, err := opencti.NewStream(opencti.Config{
			URL: "http://opencti.example", Token: "t", StreamID: "live", MaxEventSize: 16 << 10, Start: opencti.Start{Live: live},
			Backoff: sync.Backoff{Initial: time.Microsecond, Max: time.Microsecond}, BlockedInterval: time.Microsecond,
			HTTPClient: &http.Client{Transport: replies{func() io.ReadCloser {
				n++
				if n == 1 {
					return io.NopCloser(strings.NewReader(data))
				}
				return io.NopCloser(strings.NewReader(marker))
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for c, err := range stream.Changes(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Key == "marker" {
				return
			}
			if n > 20 {
				t.Fatal("the marker does not come")
			}
		}
	})
}
