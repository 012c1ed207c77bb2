package elastic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// The housekeeping tests live at a day of their own.
var (
	today    = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tomorrow = today.Add(24 * time.Hour)
)

// clockAt is a clock that can be set.
func clockAt(t *time.Time) func() time.Time { return func() time.Time { return *t } }

// until is an indicator that ends then.
func until(n int, end time.Time) sync.Change {
	return upsert(indicator(n, fmt.Sprintf(`,"valid_until":%q`, end.Format(time.RFC3339))), int64(1000+n))
}

// housekeepingServers is the two kinds of target.
func housekeepingServers(t *testing.T, run func(t *testing.T, s *elastictest.Elasticsearch)) {
	t.Run("index", func(t *testing.T) { run(t, newServer(t, elastictest.Options{})) })
	t.Run("data stream", func(t *testing.T) { run(t, newPythonStream(t)) })
}

func TestSweep(t *testing.T) {
	housekeepingServers(t, func(t *testing.T, s *elastictest.Elasticsearch) {
		now := today
		var handed []string
		x := newIndex(t, s, elastic.IndexOptions{
			Mapper: newMapper(t, ecs.Options{Now: clockAt(&now)}), Now: clockAt(&now), MaxItems: 50,
			Expired: func(_ context.Context, ids []string) error {
				handed = append(handed, ids...)
				return nil
			},
		})
		var changes []sync.Change
		for i := range 120 {
			changes = append(changes, until(i, today.Add(time.Hour)))
		}
		for i := 120; i < 140; i++ {
			changes = append(changes, until(i, tomorrow.Add(time.Hour)))
		}
		changes = append(changes, upsert(indicator(140, ""), 1))
		mustWrite(t, x, changes...)
		send(t, s, http.MethodPost, "/"+elastic.DefaultIndex+"/_doc", `{"@timestamp":"2020-01-01T00:00:00Z","opencti":{"expires_at":"2020-01-01T00:00:00Z"},"note":"not ours"}`)
		s.Refresh(elastic.DefaultIndex)
		if n, err := x.Sweep(t.Context()); n != 0 || err != nil {
			t.Fatalf("before anything has expired: %d removed, %v", n, err)
		}
		now = tomorrow
		if n, err := x.Sweep(t.Context()); n != 120 || err != nil {
			t.Fatalf("%d removed, %v; want 120", n, err)
		}
		if n := s.Len(elastic.DefaultIndex); n != 22 {
			t.Errorf("%d documents are left, want 22", n)
		}
		slices.Sort(handed)
		if n := len(slices.Compact(handed)); n != 120 || len(handed) != 120 {
			t.Errorf("%d ids handed on, %d different; want 120", len(handed), n)
		}
	})
}

// TestSweepSparesTheRenewed: between the search and the removal the object is renewed.
func TestSweepSparesTheRenewed(t *testing.T) {
	housekeepingServers(t, func(t *testing.T, s *elastictest.Elasticsearch) {
		now := today
		x := newIndex(t, s, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{Now: clockAt(&now)}), Now: clockAt(&now)})
		mustWrite(t, x, until(1, today.Add(time.Hour)), until(2, today.Add(time.Hour)))
		s.Refresh(elastic.DefaultIndex)
		now = tomorrow
		renewed := until(1, tomorrow.Add(time.Hour))
		renewed.Version = 5000
		mustWrite(t, x, renewed) // not refreshed: the search still sees the old one
		if n, err := x.Sweep(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d removed, %v; want 1", n, err)
		}
		if s.Documents(elastic.DefaultIndex)[renewed.Key].ID == "" {
			t.Error("the renewed document was removed")
		}
	})
}

func TestSweepMarks(t *testing.T) {
	housekeepingServers(t, func(t *testing.T, s *elastictest.Elasticsearch) {
		now := today
		x := newIndex(t, s, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{Now: clockAt(&now), OnRevoke: ecs.MarkRevoked}), Now: clockAt(&now), KeepRevoked: true})
		mustWrite(t, x, until(1, today.Add(time.Hour)), until(2, tomorrow.Add(time.Hour)))
		s.Refresh(elastic.DefaultIndex)
		now = tomorrow
		for _, want := range []int{1, 0} {
			if n, err := x.Sweep(t.Context()); n != want || err != nil {
				t.Fatalf("%d marked, %v; want %d", n, err, want)
			}
		}
		got := string(s.Documents(elastic.DefaultIndex)[until(1, today).Key].Source)
		if !strings.Contains(got, `"status":"expired"`) || strings.Contains(got, `"indicator":{"ip"`) || strings.Contains(got, `,"ip":["198.51.0.1"],"`) && !strings.Contains(got, "related") {
			t.Errorf("want the document marked and without its joined fields: %s", got)
		}
		var doc struct {
			Threat struct {
				Indicator map[string]any `json:"indicator"`
			} `json:"threat"`
		}
		if err := json.Unmarshal([]byte(got), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Threat.Indicator["ip"] != nil || doc.Threat.Indicator["name"] == nil {
			t.Errorf("threat.indicator is %v; want no ip, but its name", doc.Threat.Indicator)
		}
	})
}

func TestSweepHandsOnAgain(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	now := today
	fault := errors.New("kibana is away")
	var handed [][]string
	x := newIndex(t, s, elastic.IndexOptions{
		Mapper: newMapper(t, ecs.Options{Now: clockAt(&now)}), Now: clockAt(&now),
		Expired: func(_ context.Context, ids []string) error {
			handed = append(handed, ids)
			if len(handed) == 1 {
				return fault
			}
			return nil
		},
	})
	mustWrite(t, x, until(1, today.Add(time.Hour)))
	s.Refresh(elastic.DefaultIndex)
	now = tomorrow
	if _, err := x.Sweep(t.Context()); !errors.Is(err, fault) {
		t.Fatalf("got %v, want the fault", err)
	}
	if _, err := x.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	key := until(1, today).Key
	if diff := cmp.Diff([][]string{{key}, {key}}, handed); diff != "" {
		t.Errorf("ids handed on (-want +got):\n%s", diff)
	}
}

func TestRefresh(t *testing.T) {
	housekeepingServers(t, func(t *testing.T, s *elastictest.Elasticsearch) {
		now := today
		x := newIndex(t, s, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{Now: clockAt(&now)}), Now: clockAt(&now), MaxItems: 20})
		mustWrite(t, x, upserts(50, 77)...)
		s.Refresh(elastic.DefaultIndex)
		before := s.Documents(elastic.DefaultIndex)
		now = today.Add(26 * 24 * time.Hour)
		mustWrite(t, x, upsert(indicator(50, ""), 78)) // young
		s.Refresh(elastic.DefaultIndex)
		for _, want := range []int{50, 0} {
			if n, err := x.Refresh(t.Context()); n != want || err != nil {
				t.Fatalf("%d refreshed, %v; want %d", n, err, want)
			}
		}
		after := s.Documents(elastic.DefaultIndex)
		_, stream := s.Documents(".ds-*")[indicator(0, "").Key()]
		for id, b := range before {
			a := after[id]
			if !stream && a.Version != b.Version {
				t.Errorf("%s: version %d became %d", id, b.Version, a.Version)
			}
			old, fresh := "2026-11-23T15:12:20.100Z", "2026-12-20T12:00:00.000Z"
			want := strings.Replace(string(b.Source), `"@timestamp":"`+old, `"@timestamp":"`+fresh, 1)
			want = strings.Replace(want, `"ingested":"2026-11-24T12:00:00.000Z"`, `"ingested":"`+fresh+`"`, 1)
			if diff := cmp.Diff(want, string(a.Source)); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", id, diff)
			}
		}
		// The event that made the document comes again, and a newer one: both are taken as before.
		mustWrite(t, x, upserts(1, 77)...)
		if got := outcomes(mustWrite(t, x, upserts(1, 76)...)); got[0] != sync.Superseded {
			t.Errorf("an older event: outcome %d, want Superseded", got[0])
		}
	})
}

// TestRefreshLetsChangesWin: a change comes while the refresher has the document in hand.
func TestRefreshLetsChangesWin(t *testing.T) {
	housekeepingServers(t, func(t *testing.T, s *elastictest.Elasticsearch) {
		now := today
		x := newIndex(t, s, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{Now: clockAt(&now)}), Now: clockAt(&now)})
		mustWrite(t, x, upserts(3, 77)...)
		s.Refresh(elastic.DefaultIndex)
		now = today.Add(26 * 24 * time.Hour)
		other := newIndex(t, s, elastic.IndexOptions{Mapper: newMapper(t, ecs.Options{Now: clockAt(&now)}), Now: clockAt(&now)})
		if err := other.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		done := false
		s.Inject(elastictest.Fault{Match: func(r *http.Request) bool {
			if elastictest.Bulk(r) && !done {
				done = true // the refresher's own request waits here for the other's writes
				mustWrite(t, other, upsert(indicator(0, `,"description":"newer"`), 99),
					sync.Change{Op: sync.Delete, Key: indicator(1, "").Key(), Version: 99})
			}
			return false
		}})
		if n, err := x.Refresh(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d refreshed, %v; want 1", n, err)
		}
		docs := s.Documents(elastic.DefaultIndex)
		if len(docs) != 2 || !strings.Contains(string(docs[indicator(0, "").Key()].Source), "newer") {
			t.Errorf("%d documents; want the newer one and the third", len(docs))
		}
	})
}
