package synctest

import (
	"context"
	"errors"
	"fmt"
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

// checkResume reads again from each commit: everything behind it must come, in order.
func checkResume(t *testing.T, open func(t *testing.T) SourceHarness) {
	h := open(t)
	changes := read(t, h.Source, nil, h.Changes)
	step := max(1, len(changes)/50)
	for i := 0; i < len(changes)-1; i += step {
		rest := names(changes[i+1:])
		if len(rest) == 0 {
			break
		}
		// It may repeat some of what came before, so read on until the last one.
		from := changes[i].Commit
		got := names(readUntil(t, open(t).Source, &from, rest))
		if len(got) < len(rest) {
			t.Fatalf("from commit %v of change %d: got only %d changes, want the %d behind it", from, i, len(got), len(rest))
		}
		if diff := cmp.Diff(rest, got[len(got)-len(rest):]); diff != "" {
			t.Fatalf("from commit %v of change %d (-want +got):\n%s", from, i, diff)
		}
	}
}

// names tells changes from each other.
func names(changes []sync.Change) []string {
	var out []string
	for _, c := range changes {
		if c.Op != sync.Progress {
			out = append(out, fmt.Sprint(c.Op, " ", c.Key, " ", c.Position))
		}
	}
	return out
}

// readUntil reads until what was read ends with want, or the sequence ends.
func readUntil(t *testing.T, source sync.Source, from *sync.Checkpoint, want []string) []sync.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out []sync.Change
	for c, err := range source.Changes(ctx, from) {
		if err != nil {
			t.Fatalf("resume from %v: %v", *from, err)
		}
		if c.Op == sync.Progress {
			continue
		}
		out = append(out, c)
		if n := len(out) - len(want); n >= 0 && names(out[len(out)-1:])[0] == want[len(want)-1] && cmp.Equal(names(out[n:]), want) {
			break
		}
	}
	return out
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
