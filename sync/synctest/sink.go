package synctest

import (
	"context"
	"errors"
	"fmt"
	stdsync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// SinkHarness is a sink over an empty target, and a look into it.
type SinkHarness struct {
	Sink sync.Sink
	// Held returns the keys of the objects that the target holds now, with the
	// version of each or 0 if the target does not keep it. nil leaves out the
	// checks that need it.
	Held func(context.Context) (map[string]int64, error)
}

// TestSink proves that a sink keeps the contract of [sync.Sink]. open is called
// for each check and must give a sink over an empty target of its own.
func TestSink(t *testing.T, open func(t *testing.T) SinkHarness) {
	for _, check := range []struct {
		name string
		run  func(t *testing.T, s *sinkCheck)
	}{
		{"has a name", checkName},
		{"takes an empty batch", checkEmpty},
		{"holds what it was given", checkUpserts},
		{"takes the same again", checkIdempotence},
		{"follows updates", checkUpdates},
		{"never goes back to an older version", checkVersions},
		{"deletes", checkDeletes},
		{"deletes what it never had", checkDeleteUnknown},
		{"deletes without an object", checkDeleteBare},
		{"brings back what was deleted", checkBack},
		{"takes both operations in one large batch", checkMixed},
		{"is used from several goroutines", checkConcurrency},
		{"heeds an ended context", checkContext},
		{"leaves the batch alone", checkUntouched},
		{"has no quarrel with objects of other types", checkOtherTypes},
		{"survives hostile texts", checkHostile},
	} {
		t.Run(check.name, func(t *testing.T) {
			h := open(t)
			check.run(t, &sinkCheck{t: t, SinkHarness: h})
		})
	}
}

// sinkCheck is one check of a sink.
type sinkCheck struct {
	SinkHarness
	t *testing.T
}

// pos is the n-th place of the checks.
func pos(n int) sync.Position { return sync.Position{Millis: 1795446740000, Seq: uint64(n)} }

// write writes a batch, of which nothing may be refused or left for later.
func (s *sinkCheck) write(changes ...sync.Change) []sync.Result {
	s.t.Helper()
	results, err := s.Sink.Write(s.t.Context(), changes)
	if err != nil {
		s.t.Fatalf("write %d changes: %v", len(changes), err)
	}
	if len(results) != len(changes) {
		s.t.Fatalf("write %d changes: got %d results, want one for each", len(changes), len(results))
	}
	for i, r := range results {
		if r.Outcome == sync.Refused || r.Outcome == sync.Again || r.Outcome > sync.Again {
			s.t.Errorf("change %d (%s %s): got outcome %d, %v; want success", i, changes[i].Op, changes[i].Key, r.Outcome, r.Err)
		}
	}
	return results
}

// holds checks what the target holds; a version is only compared where the target keeps one.
func (s *sinkCheck) holds(want map[string]int64) {
	s.t.Helper()
	if s.Held == nil {
		return
	}
	got, err := s.Held(s.t.Context())
	if err != nil {
		s.t.Fatalf("look into the target: %v", err)
	}
	for key, version := range got {
		if version == 0 && want[key] != 0 {
			got[key] = want[key]
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("what the target holds (-want +got):\n%s", diff)
	}
}

func batch(n int, at sync.Position) []sync.Change {
	changes := make([]sync.Change, n)
	for i := range changes {
		changes[i] = Upsert(i, at)
	}
	return changes
}

func checkName(t *testing.T, s *sinkCheck) {
	if name := s.Sink.Name(); name == "" || name != s.Sink.Name() {
		t.Errorf("name: got %q, want a text that never changes", name)
	}
}

func checkEmpty(t *testing.T, s *sinkCheck) {
	s.write()
	s.holds(nil)
}

func checkUpserts(t *testing.T, s *sinkCheck) {
	changes := batch(5, pos(1))
	s.write(changes...)
	s.holds(Fold(changes))
}

func checkIdempotence(t *testing.T, s *sinkCheck) {
	changes := batch(5, pos(1))
	for range 3 {
		s.write(changes...)
	}
	s.holds(Fold(changes))
}

func checkUpdates(t *testing.T, s *sinkCheck) {
	s.write(batch(5, pos(1))...)
	newer := batch(5, pos(2))
	s.write(newer...)
	s.holds(Fold(newer))
}

func checkVersions(t *testing.T, s *sinkCheck) {
	newer := batch(5, pos(2))
	s.write(newer...)
	s.write(batch(5, pos(1))...)
	s.holds(Fold(newer))
}

func checkDeletes(t *testing.T, s *sinkCheck) {
	changes := batch(5, pos(1))
	s.write(changes...)
	s.write(Delete(1, pos(2)), Delete(3, pos(2)))
	s.holds(Fold(append(changes, Delete(1, pos(2)), Delete(3, pos(2)))))
	s.write(Delete(1, pos(2)), Delete(3, pos(2)))
	s.holds(Fold(append(changes, Delete(1, pos(2)), Delete(3, pos(2)))))
}

func checkDeleteUnknown(t *testing.T, s *sinkCheck) {
	s.write(Delete(1, pos(1)))
	s.holds(nil)
}

func checkDeleteBare(t *testing.T, s *sinkCheck) {
	s.write(Upsert(1, pos(1)))
	gone := Delete(1, pos(2))
	gone.Object = nil
	s.write(gone)
	s.holds(nil)
}

func checkBack(t *testing.T, s *sinkCheck) {
	s.write(Upsert(1, pos(1)))
	s.write(Delete(1, pos(2)))
	s.write(Upsert(1, pos(3)))
	s.holds(Fold([]sync.Change{Upsert(1, pos(3))}))
}

func checkMixed(t *testing.T, s *sinkCheck) {
	first := batch(300, pos(1))
	s.write(first...)
	var second []sync.Change
	for i := range 300 {
		switch i % 3 {
		case 0:
			second = append(second, Delete(i, pos(2)))
		case 1:
			second = append(second, Upsert(i, pos(2)))
		}
		second = append(second, Upsert(1000+i, pos(2)))
	}
	s.write(second...)
	s.holds(Fold(append(first, second...)))
}

func checkConcurrency(t *testing.T, s *sinkCheck) {
	var all []sync.Change
	var group stdsync.WaitGroup
	errs := make([]error, 8)
	for g := range errs {
		var mine []sync.Change
		for i := range 20 {
			mine = append(mine, Upsert(g*100+i, pos(1)))
		}
		all = append(all, mine...)
		group.Go(func() {
			results, err := s.Sink.Write(t.Context(), mine)
			if err == nil && len(results) != len(mine) {
				err = fmt.Errorf("got %d results for %d changes", len(results), len(mine))
			}
			errs[g] = err
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s.holds(Fold(all))
}

func checkContext(t *testing.T, s *sinkCheck) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	changes := batch(5, pos(1))
	results, err := s.Sink.Write(ctx, changes)
	if err != nil {
		return
	}
	// It may have been quicker than the context; then it must not have lied.
	var done []sync.Change
	for i, r := range results {
		if r.Outcome == sync.Done {
			done = append(done, changes[i])
		}
	}
	s.holds(Fold(done))
}

func checkUntouched(t *testing.T, s *sinkCheck) {
	changes, want := batch(20, pos(1)), batch(20, pos(1))
	s.write(changes...)
	same := cmp.Comparer(func(a, b *stix.Object) bool { return string(a.Raw()) == string(b.Raw()) })
	if diff := cmp.Diff(want, changes, same); diff != "" {
		t.Errorf("the batch after the write (-before +after):\n%s", diff)
	}
}

func checkOtherTypes(t *testing.T, s *sinkCheck) {
	var changes []sync.Change
	for i, kind := range []string{"identity", "marking-definition", "relationship", "report", "x-of-the-future"} {
		changes = append(changes, upsertRaw(t, fmt.Sprintf(
			`{"type":%q,"id":"%s--00000000-0000-4000-8000-%012d","spec_version":"2.1","name":"n"}`, kind, kind, i), pos(1)))
	}
	s.write(changes...)
	for i := range changes {
		changes[i].Op, changes[i].Position, changes[i].Version = sync.Delete, pos(2), pos(2).Version()
	}
	s.write(changes...)
}

func checkHostile(t *testing.T, s *sinkCheck) {
	var changes []sync.Change
	for i, text := range []string{
		`quote \" backslash \\ newline \n tab \t`, `\u0000\u0001\u001f`, "raw \u2028 \u2029 \u0085", `{{ctx._source}} ${env} %s %n`,
		`\") OR * OR (\"`, `'; DROP TABLE`, `<script>alert(1)</script>`, `\ud800 lone surrogate`, "\U0001F4A3 \u202E", `../../etc/passwd`, ``,
	} {
		changes = append(changes, upsertRaw(t, fmt.Sprintf(
			`{"type":"indicator","id":"indicator--00000000-0000-4000-8000-%012d","spec_version":"2.1","created":"2026-11-23T15:12:00Z","modified":"2026-11-23T15:12:00Z",`+
				`"valid_from":"2026-11-23T15:12:00Z","name":"%[2]s","description":"%[2]s","labels":["%[2]s"],"pattern":"%[2]s","pattern_type":"%[2]s"}`, i, text), pos(1)))
	}
	results, err := s.Sink.Write(t.Context(), changes)
	if err != nil || len(results) != len(changes) {
		t.Fatalf("got %d results for %d changes and %v; want one for each: no text may cost the batch", len(results), len(changes), err)
	}
	for i, r := range results {
		if r.Outcome == sync.Again || r.Outcome == sync.Refused && r.Err == nil {
			t.Errorf("change %d: got outcome %d, %v; want success, or refused with a reason", i, r.Outcome, r.Err)
		}
	}
}

// upsertRaw is the change that brings an object given as JSON.
func upsertRaw(t *testing.T, raw string, at sync.Position) sync.Change {
	t.Helper()
	o, err := stix.DecodeObject([]byte(raw))
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return sync.FromEvent(sync.KindCreate, &stix.Envelope{Object: o}, at)[0]
}
