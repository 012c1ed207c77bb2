package elastic_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// realTargets is the two kinds of target on a real server.
func realTargets(t *testing.T, run func(t *testing.T, s *realServer, name string, stream bool)) {
	newRealServer(t)
	t.Run("index", func(t *testing.T) {
		s := newRealServer(t)
		run(t, s, s.name(), false)
	})
	t.Run("data stream", func(t *testing.T) {
		s := newRealServer(t)
		name := s.name()
		s.pythonStream(name)
		run(t, s, name, true)
	})
}

func TestRealHousekeeping(t *testing.T) {
	realTargets(t, func(t *testing.T, s *realServer, name string, stream bool) {
		now := today
		x := s.index(name, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{Now: clockAt(&now)}), Now: clockAt(&now), MaxItems: 40})
		var changes []sync.Change
		for i := range 100 {
			changes = append(changes, until(i, today.Add(time.Hour)))
		}
		for i := 100; i < 150; i++ {
			changes = append(changes, until(i, today.Add(1000*time.Hour)))
		}
		mustWrite(t, x, changes...)
		if stream {
			s.do(http.MethodPost, "/"+name+"/_rollover", "")
			mustWrite(t, x, changes...)
		}
		if n := len(s.search(name, `{"match_all":{}}`)); n != 150 {
			t.Fatalf("%d documents, want 150", n)
		}
		now = tomorrow
		renewed := until(0, today.Add(2000*time.Hour))
		renewed.Version = 9000
		mustWrite(t, x, renewed)
		if n, err := x.Sweep(t.Context()); n != 99 || err != nil {
			t.Fatalf("%d removed, %v; want 99", n, err)
		}
		before := s.search(name, `{"match_all":{}}`)
		now = today.Add(26 * 24 * time.Hour)
		if n, err := x.Refresh(t.Context()); n != 51 || err != nil {
			t.Fatalf("%d refreshed, %v; want 51", n, err)
		}
		after := s.search(name, `{"range":{"@timestamp":{"gte":"2026-12-20T12:00:00Z"}}}`)
		if len(after) != 51 {
			t.Errorf("%d documents are in the window, want 51", len(after))
		}
		for id, b := range before {
			if a := after[id]; !stream && fmt.Sprint(a["_version"]) != fmt.Sprint(b["_version"]) {
				t.Errorf("%s: version %v became %v", id, b["_version"], a["_version"])
			}
		}
		newer := until(100, today.Add(3000*time.Hour))
		newer.Version = 9001
		if got := outcomes(mustWrite(t, x, newer, until(101, today.Add(time.Hour)))); got[0] != sync.Done {
			t.Errorf("a newer event after the refresh: outcome %d, want Done", got[0])
		}
	})
}

func TestRealStreamTakesOver(t *testing.T) {
	s := newRealServer(t)
	name := s.name()
	s.pythonStream(name)
	first, second := indicator(1, ""), indicator(2, "")
	for range 2 {
		for _, key := range []string{first.Key(), second.Key()} {
			sum := sha256.Sum256([]byte(key))
			s.do(http.MethodPost, "/"+name+"/_doc", fmt.Sprintf(`{"@timestamp":"2026-01-01T00:00:00Z","opencti_doc_id":"%x","event":{"module":"ti_opencti"},"threat":{"indicator":{"confidence":80}}}`, sum))
		}
		s.do(http.MethodPost, "/"+name+"/_rollover", "")
	}
	s.do(http.MethodPost, "/"+name+"/_refresh", "")
	x := s.index(name, elastic.IndexOptions{})
	mustWrite(t, x, upsert(first, 7), sync.Change{Op: sync.Delete, Key: second.Key(), Version: 8})
	for round := range 3 {
		s.do(http.MethodPost, "/"+name+"/_rollover", "")
		mustWrite(t, x, upsert(first, int64(10+round)), upsert(second, int64(10+round)))
		if round == 1 {
			mustWrite(t, x, sync.Change{Op: sync.Delete, Key: second.Key(), Version: 20})
		}
	}
	found := s.search(name, `{"match_all":{}}`)
	if len(found) != 2 || found[first.Key()] == nil || found[second.Key()] == nil {
		t.Errorf("%d documents, want ours of the two objects", len(found))
	}
}

func TestRealIndexComesBack(t *testing.T) {
	s := newRealServer(t)
	name := s.name()
	x := s.index(name, elastic.IndexOptions{})
	mustWrite(t, x, upserts(2, 1)...)
	s.do(http.MethodDelete, "/"+name, "")
	if got := outcomes(mustWrite(t, x, upserts(2, 2)...)); got[0] != sync.Again {
		t.Fatalf("outcome %d, want Again", got[0])
	}
	if got := outcomes(mustWrite(t, x, upserts(2, 2)...)); got[0] != sync.Done {
		t.Fatalf("outcome %d, want Done", got[0])
	}
	mapping := fmt.Sprint(s.do(http.MethodGet, "/"+name+"/_mapping", ""))
	if !strings.Contains(mapping, "dynamic:false") {
		t.Error("the index came back without our mapping")
	}
}

func TestRealLookupMode(t *testing.T) {
	s := newRealServer(t)
	name := s.name()
	x := s.index(name, elastic.IndexOptions{Lookup: true})
	mustWrite(t, x, upserts(2, 1)...)
	if got := fmt.Sprint(s.do(http.MethodGet, "/"+name+"/_settings", "")); !strings.Contains(got, "mode:lookup") {
		t.Errorf("no lookup mode: %s", got)
	}
}

// TestRealBundles writes the real bundles that lie beside the repository, by OPENCTI_ELASTIC_SHARED or ../shared.
func TestRealBundles(t *testing.T) {
	s := newRealServer(t)
	shared := os.Getenv("OPENCTI_ELASTIC_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "stix-real", "bundles", "*"))
	if err != nil || len(files) == 0 {
		t.Skip("the real STIX bundles are not here")
	}
	name := s.name()
	x := s.index(name, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{OnRevoke: ecs.MarkRevoked}), KeepRevoked: true})
	want := make(map[string]bool)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct {
			Objects []json.RawMessage `json:"objects"`
		}
		if json.Unmarshal(b, &bundle) != nil {
			continue
		}
		byKey := make(map[string]sync.Change)
		for _, raw := range bundle.Objects {
			o, err := stix.DecodeObject(raw)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			byKey[o.Key()] = upsert(o, 1)
		}
		var changes []sync.Change
		for _, c := range byKey {
			changes = append(changes, c)
		}
		for batch := range slices.Chunk(changes, 500) {
			for i, r := range mustWrite(t, x, batch...) {
				switch r.Outcome {
				case sync.Done, sync.Superseded:
					want[ecs.DocumentID(batch[i].Key)] = true
				case sync.Refused, sync.Again:
					t.Errorf("%s: outcome %d, %v", batch[i].Key, r.Outcome, r.Err)
				}
			}
		}
	}
	s.do(http.MethodPost, "/"+name+"/_refresh", "")
	count := s.do(http.MethodPost, "/"+name+"/_count", `{"query":{"match_all":{}}}`)["count"]
	if fmt.Sprint(count) != fmt.Sprint(len(want)) || len(want) == 0 {
		t.Errorf("%v documents, want %d", count, len(want))
	}
	t.Logf("%d documents of %d bundles", len(want), len(files))
}
