package synctest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// SourceHarness is a source over a stream that is the same each time.
type SourceHarness struct {
	Source sync.Source
	// Changes is how many changes it yields from the beginning, Progress not counted. They must be two or more.
	Changes int
}

// patience is how long a check waits for a source before it calls it stuck.
const patience = 30 * time.Second

// TestSource proves that a source keeps the contract of [sync.Source]. open is called for
// each reading; all of its sources must yield the same changes from the beginning. A source
// may repeat changes when it resumes: one that always begins anew is slow, but passes.
func TestSource(t *testing.T, open func(t *testing.T) SourceHarness) {
	for _, check := range []struct {
		name string
		run  func(t *testing.T, open func(t *testing.T) SourceHarness)
	}{
		{"yields well-formed changes", checkForm},
		{"resumes from every commit without a gap", checkResume},
		{"lets the consumer break off", checkBreak},
		{"ends with its context", checkEnd},
		{"yields nothing for an ended context", checkEnded},
	} {
		t.Run(check.name, func(t *testing.T) { check.run(t, open) })
	}
}

// read reads until n changes have come or the sequence ends. It gives Progress too.
func read(t *testing.T, source sync.Source, from *sync.Checkpoint, n int) []sync.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out []sync.Change
	for c, err := range source.Changes(ctx, from) {
		if err != nil {
			t.Fatalf("after %d of %d changes: %v", len(out), n, err)
		}
		out = append(out, c)
		if c.Op != sync.Progress {
			n--
		}
		if n == 0 {
			break
		}
	}
	if ctx.Err() != nil {
		t.Fatalf("%d changes are missing after %v", n, patience)
	}
	return out
}

func checkForm(t *testing.T, open func(t *testing.T) SourceHarness) {
	h := open(t)
	changes := read(t, h.Source, nil, h.Changes)
	versions := make(map[string]int64)
	var last sync.Checkpoint
	seen := 0
	for i, c := range changes {
		switch {
		case c.Op == sync.Progress:
			seen--
		case c.Op == sync.Invalid && c.Err == nil:
			t.Errorf("change %d: an invalid one without an error", i)
		case c.Op == sync.Invalid:
		case c.Key == "":
			t.Errorf("change %d: no key", i)
		case c.Op == sync.Upsert && c.Object == nil:
			t.Errorf("change %d: an upsert of %s without an object", i, c.Key)
		case c.Size <= 0:
			t.Errorf("change %d: size %d, want what it holds in memory", i, c.Size)
		case c.Version < versions[c.Key]:
			t.Errorf("change %d: version %d of %s is below the %d before it", i, c.Version, c.Key, versions[c.Key])
		}
		seen++
		versions[c.Key] = max(versions[c.Key], c.Version)
		if last.RecoverUntil.Equal(c.Commit.RecoverUntil) && c.Commit.Position.Compare(last.Position) < 0 {
			t.Errorf("change %d: commit %v is behind the %v before it", i, c.Commit, last)
		}
		last = c.Commit
	}
	if seen != h.Changes {
		t.Errorf("got %d changes, want %d", seen, h.Changes)
	}
}

// checkResume reads again from each commit: everything behind it must come, and for each object in order.
func checkResume(t *testing.T, open func(t *testing.T) SourceHarness) {
	h := open(t)
	changes := read(t, h.Source, nil, h.Changes)
	step := max(1, len(changes)/50)
	for i := 0; i < len(changes)-1; i += step {
		rest := byKey(changes[i+1:])
		if len(rest) == 0 {
			break
		}
		from := changes[i].Commit
		got := readUntil(t, open(t).Source, &from, rest)
		for key, want := range rest {
			// It may repeat some of what came before.
			if diff := cmp.Diff(want, got[key][max(0, len(got[key])-len(want)):]); diff != "" {
				t.Fatalf("from commit %v of change %d, changes of %s (-want +got):\n%s", from, i, key, diff)
			}
		}
	}
}

// byKey returns the changes of each object, in their order.
func byKey(changes []sync.Change) map[string][]string {
	out := make(map[string][]string)
	for _, c := range changes {
		if c.Op != sync.Progress {
			out[c.Key] = append(out[c.Key], name(c))
		}
	}
	return out
}

func name(c sync.Change) string { return fmt.Sprint(c.Op, " ", c.Position) }

// readUntil reads until the changes of each object end with those that are wanted, or the sequence ends.
func readUntil(t *testing.T, source sync.Source, from *sync.Checkpoint, want map[string][]string) map[string][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out := make(map[string][]string)
	missing := len(want)
	for c, err := range source.Changes(ctx, from) {
		if err != nil {
			t.Fatalf("resume from %v: %v", *from, err)
		}
		if c.Op == sync.Progress {
			continue
		}
		ended := endsWith(out[c.Key], want[c.Key])
		out[c.Key] = append(out[c.Key], name(c))
		switch now := endsWith(out[c.Key], want[c.Key]); {
		case now && !ended:
			missing--
		case ended && !now:
			missing++
		}
		if missing == 0 {
			break
		}
	}
	return out
}

func endsWith(got, want []string) bool {
	return len(got) >= len(want) && slices.Equal(got[len(got)-len(want):], want)
}

func checkBreak(t *testing.T, open func(t *testing.T) SourceHarness) {
	h := open(t)
	if got := read(t, h.Source, nil, 1); len(got) == 0 {
		t.Error("got nothing, want a change")
	}
}

func checkEnd(t *testing.T, open func(t *testing.T) SourceHarness) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	source := open(t).Source
	go func() {
		for _, err := range source.Changes(ctx, nil) {
			if err != nil && !errors.Is(err, context.Canceled) {
				ended <- err
				return
			}
			cancel()
		}
		ended <- nil
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("got %v, want an end without error", err)
		}
	case <-time.After(patience):
		t.Errorf("the sequence goes on %v after its context has ended", patience)
	}
}

func checkEnded(t *testing.T, open func(t *testing.T) SourceHarness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for c, err := range open(t).Source.Changes(ctx, nil) {
		if err == nil {
			t.Errorf("got %s %s, want nothing", c.Op, c.Key)
		}
	}
}
