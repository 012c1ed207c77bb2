package elastictest

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Stats is what a server has been asked for.
type Stats struct {
	// Requests counts them by kind: bulk, search, mget, get, count, refresh, mapping,
	// index, component_template, index_template, data_stream, resolve, info, other.
	Requests map[string]int
	// Items is the items of all bulk requests, and Largest those of the largest one.
	Items, Largest int
	// Bytes is the bytes of all bodies, unpacked.
	Bytes int64
}

type counters struct {
	mu       sync.Mutex
	requests map[string]int
	items    atomic.Int64
	largest  atomic.Int64
	bytes    atomic.Int64
}

func (c *counters) request(op string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests == nil {
		c.requests = make(map[string]int)
	}
	c.requests[op]++
}

func (c *counters) bulk(items int) {
	c.items.Add(int64(items))
	for {
		old := c.largest.Load()
		if int64(items) <= old || c.largest.CompareAndSwap(old, int64(items)) {
			return
		}
	}
}

// Stats tells what the server has been asked for since it started.
func (s *Elasticsearch) Stats() Stats {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	return Stats{Requests: maps.Clone(s.counts.requests), Items: int(s.counts.items.Load()),
		Largest: int(s.counts.largest.Load()), Bytes: s.counts.bytes.Load()}
}

// operation names the kind of a request.
func operation(r *http.Request) string {
	path := strings.Trim(r.URL.Path, "/")
	if path == "" {
		return "info"
	}
	first, rest, _ := strings.Cut(path, "/")
	if !strings.HasPrefix(first, "_") {
		if rest == "" {
			return "index"
		}
		first, _, _ = strings.Cut(rest, "/")
	}
	switch first {
	case "_bulk", "_search", "_mget", "_count", "_refresh", "_mapping", "_component_template", "_index_template",
		"_data_stream", "_resolve", "_rollover":
		return first[1:]
	case "_doc", "_create", "_source":
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return "get"
		}
		return "write"
	}
	return "other"
}
