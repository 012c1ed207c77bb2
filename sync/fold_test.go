package sync_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

var (
	foldSeeds = flag.Int("fold.seeds", 40, "how many schedules TestFold tries")
	foldSeed  = flag.Uint64("fold.seed", 0, "the only schedule that TestFold tries")
)

// alone counts the readings that sinks had for themselves.
var alone atomic.Uint64

// TestFold: whatever fails, whichever target is away for a while, whenever the process is killed, stopped or reset, in
// the end every sink holds the fold of the stream, but for what is among the dead letters.
func TestFold(t *testing.T) {
	if *foldSeed != 0 {
		t.Run(fmt.Sprintf("seed=%d", *foldSeed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { fold(t, *foldSeed) }) })
		return
	}
	base := rand.Uint64()
	for i := range uint64(*foldSeeds) {
		seed := base + i
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { fold(t, seed) }) })
	}
	if alone.Load() == 0 {
		t.Error("no sink ever fell behind: the test shows less than it says")
	}
	t.Logf("%d readings of a sink alone", alone.Load())
}

// world is what outlives the engine: targets, saved state, and the chance that decides over faults.
type world struct {
	mu     stdsync.Mutex
	rng    *rand.Rand
	life   int // grows with each crash
	calm   bool
	poison map[string]bool
	list   []sync.Change
	// history is how many events the database holds at a start from the beginning; 0: there is no recovery.
	history int
	// away is until when a target takes nothing.
	away map[string]time.Time

	saved   map[string]sync.Checkpoint
	letters map[string]bool
	resets  chan struct{}
}

func (w *world) chance(percent int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.calm && w.rng.IntN(100) < percent
}

func (w *world) intN(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

// process is one life: when it has crashed, nothing of it reaches the world any more.
type process struct {
	*world
	life int
}

var errDead = errors.New("the process is dead")

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.life != p.world.life
}

func (p *process) Load(context.Context) (map[string]sync.Checkpoint, error) {
	if p.chance(10) {
		return nil, errors.New("load fails")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.saved), nil
}

func (p *process) Save(_ context.Context, c map[string]sync.Checkpoint) error {
	if p.dead() || p.chance(20) {
		return errDead
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.saved = maps.Clone(c)
	return nil
}

func (p *process) Resets() <-chan struct{} { return p.resets }

func (p *process) Put(_ context.Context, l sync.DeadLetter) error {
	if p.dead() || p.chance(30) {
		return errDead
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters[l.Sink+" "+l.Change.Key] = true
	return nil
}

// Changes yields the stream from behind the checkpoint; now and then it pauses,
// or reads the last events again, as the platform does.
func (p *process) Changes(ctx context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		held := func(sync.Change) bool { return false }
		if p.history > 0 && (from == nil || !from.RecoverUntil.IsZero()) {
			live, ok := p.recover(ctx, from, yield)
			if !ok {
				return
			}
			from, held = &live, p.overlap()
		}
		for i, c := range p.list {
			if from != nil && c.Position.Compare(from.Position) <= 0 || held(c) {
				continue
			}
			if p.chance(1) {
				time.Sleep(time.Duration(p.intN(400)) * time.Millisecond)
			}
			if p.chance(2) {
				for _, again := range p.list[max(0, i-p.intN(8)):i] {
					if from != nil && again.Position.Compare(from.Position) <= 0 || held(again) {
						continue
					}
					if ctx.Err() != nil || !yield(again, nil) {
						return
					}
				}
			}
			if ctx.Err() != nil || !yield(c, nil) {
				return
			}
		}
	}
}

// recover yields what the database holds: the objects that live, at places by another clock. The event stream
// after it begins some events before the history's end.
func (p *process) recover(ctx context.Context, from *sync.Checkpoint, yield func(sync.Change, error) bool) (live sync.Checkpoint, ok bool) {
	until := time.UnixMilli(1000)
	last := p.list[p.history-1].Position
	alive := make(map[string]sync.Change)
	for _, c := range p.list[:p.history] {
		switch c.Op {
		case sync.Upsert:
			alive[c.Key] = c
		case sync.Delete:
			delete(alive, c.Key)
		}
	}
	for i, key := range slices.Sorted(maps.Keys(alive)) {
		c := alive[key]
		c.Position, c.Version, c.Reason = sync.Position{Millis: uint64(i + 1)}, last.Version(), sync.ReasonRecovered
		c.Commit = sync.Checkpoint{Position: sync.Position{Millis: uint64(i)}, RecoverUntil: until}
		if from != nil && c.Position.Compare(from.Position) <= 0 {
			continue
		}
		if p.chance(3) {
			time.Sleep(time.Duration(p.intN(400)) * time.Millisecond)
		}
		if ctx.Err() != nil || !yield(c, nil) {
			return live, false
		}
	}
	live = sync.Checkpoint{Position: p.list[max(0, p.history-100)].Position}
	return live, yield(sync.Change{Op: sync.Progress, Position: live.Position, Commit: live}, nil)
}

// overlap leaves out what the database held, until an object is deleted.
func (p *process) overlap() func(sync.Change) bool {
	last, passed := p.list[p.history-1].Position, make(map[string]bool)
	return func(c sync.Change) bool {
		if c.Position.Compare(last) > 0 || c.Op == sync.Progress {
			return false
		}
		passed[c.Key] = passed[c.Key] || c.Op == sync.Delete
		return !passed[c.Key]
	}
}

// target is a sink with faults. It can keep versions, as Elasticsearch does, or
// take whatever comes last, as Kibana does.
type target struct {
	*process
	inner    *fake.Memory
	versions bool
}

func (s target) Name() string { return s.inner.Name() }

func (s target) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	time.Sleep(time.Duration(s.intN(30)) * time.Millisecond)
	if s.dead() || ctx.Err() != nil {
		return nil, errDead
	}
	if s.isAway() {
		return nil, &fake.Fault{Class: sync.Transient}
	}
	for _, c := range changes {
		if s.poison[c.Key] && s.chance(50) {
			return nil, &fake.Fault{Class: sync.Permanent}
		}
	}
	switch {
	case s.chance(5):
		return nil, &fake.Fault{Class: sync.Transient}
	case s.chance(2):
		return nil, &fake.Fault{Class: sync.Blocked}
	case s.chance(1):
		return nil, &fake.Fault{Class: sync.Transient, After: 5 * time.Second}
	}
	results, err := s.apply(ctx, changes)
	switch {
	case err != nil:
		return nil, err
	case s.chance(5):
		return nil, errors.New("the answer was lost")
	case s.chance(2):
		return results[1:], nil
	}
	return results, nil
}

// isAway reports whether the target is in an outage; now and then one begins.
func (s target) isAway() bool {
	begins, length := s.chance(4), time.Duration(s.intN(4000))*time.Millisecond
	s.mu.Lock()
	defer s.mu.Unlock()
	if begins && !time.Now().Before(s.away[s.Name()]) {
		s.away[s.Name()] = time.Now().Add(length)
	}
	return !s.calm && time.Now().Before(s.away[s.Name()])
}

// apply brings each change to the target but those that are refused.
func (s target) apply(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	results := make([]sync.Result, len(changes))
	var taken []sync.Change
	for i, c := range changes {
		switch {
		case s.poison[c.Key]:
			results[i] = sync.Result{Outcome: sync.Refused, Err: errors.New("poison")}
		case s.chance(3):
			results[i] = sync.Result{Outcome: sync.Again}
		default:
			if !s.versions {
				c.Version = 0
			}
			taken = append(taken, c)
		}
	}
	if len(taken) == 0 {
		return results, nil
	}
	_, err := s.inner.Write(ctx, taken)
	return results, err
}

func fold(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &world{
		rng: rng, list: randomStream(rng), poison: map[string]bool{fake.Key(3): true, fake.Key(11): true},
		letters: make(map[string]bool), resets: make(chan struct{}, 1), away: make(map[string]time.Time),
	}
	single := rng.IntN(4) == 0 // a recording, then, which recovers nothing
	if !single && rng.IntN(2) == 0 {
		w.history = 100 + rng.IntN(400)
		for w.list[w.history].Position == w.list[w.history-1].Position { // whole groups
			w.history++
		}
	}
	t.Logf("history %d, single reading %v", w.history, single)
	index, rules := fake.NewMemory("index"), fake.NewMemory("rules")
	run := func(d time.Duration) error {
		p := &process{world: w, life: w.life}
		e := engine(t, sync.Options{
			Source: p, Sinks: []sync.Sink{target{p, index, true}, target{p, rules, false}}, Checkpoints: p, DeadLetters: p,
			MaxItems: 1 + w.intN(60), MaxPending: 60 + w.intN(300), Concurrency: 1 + w.intN(3), SingleReading: single,
		})
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		err := e.Run(ctx)
		for _, k := range e.Stats().Sinks {
			alone.Add(k.Readings)
		}
		return err
	}
	for range 3 + w.intN(8) {
		switch w.intN(4) {
		case 0: // stopped
			_ = run(time.Duration(w.intN(3000)) * time.Millisecond)
		case 1: // reset by an operator
			d := time.Duration(w.intN(2000)) * time.Millisecond
			timer := time.AfterFunc(d, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.saved = nil
				w.resets <- struct{}{}
			})
			_ = run(2 * d)
			timer.Stop()
			select {
			case <-w.resets:
			default:
			}
		default: // killed
			d := time.Duration(w.intN(3000)) * time.Millisecond
			timer := time.AfterFunc(d, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.life++
			})
			_ = run(d + time.Millisecond)
			timer.Stop()
		}
	}
	if w.intN(2) == 0 {
		w.mu.Lock()
		w.calm = true // else the last run has faults to the end
		w.mu.Unlock()
	}
	if err := run(24 * time.Hour); err != nil && !w.isSaveFault(err) {
		t.Fatalf("the last run: %v", err)
	}
	want := make(map[string]string) // the newest state of what lives
	for _, c := range w.list {
		switch {
		case c.Op == sync.Upsert && !w.poison[c.Key]:
			want[c.Key] = revision(c)
		case c.Op == sync.Delete:
			delete(want, c.Key)
		}
	}
	for _, sink := range []*fake.Memory{index, rules} {
		got := make(map[string]string)
		for key, c := range sink.Changes() {
			got[key] = revision(c)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sink %s against the fold of the stream (-want +got):\n%s", sink.Name(), diff)
		}
		for key := range w.poison {
			if w.history == 0 && !w.letters[sink.Name()+" "+key] {
				t.Errorf("sink %s: refused %s is not among the dead letters", sink.Name(), key)
			}
		}
		if err := errors.Join(sink.Breaches()...); err != nil {
			t.Errorf("sink %s saw broken promises:\n%v", sink.Name(), err)
		}
	}
}

// revision names the state of an object.
func revision(c sync.Change) string {
	name, _ := c.Object.Root("name").Text()
	return name
}

// isSaveFault: the last save may fail by chance; what was written is written.
func (w *world) isSaveFault(err error) bool { return errors.Is(err, sync.ErrStopped) && !w.calm }

// randomStream is some hundred changes in groups that share a position, with
// Progress between them; a group's id is committed when the group is complete.
func randomStream(rng *rand.Rand) []sync.Change {
	var list []sync.Change
	last := sync.Checkpoint{}
	for n := 1; len(list) < 600; n += 1 + rng.IntN(3) {
		pos := at(n)
		keys := rng.Perm(40)[:1+rng.IntN(4)]
		for _, key := range keys {
			c := fake.Upsert(key, pos)
			if rng.IntN(5) == 0 {
				c = fake.Delete(key, pos)
			}
			c.Commit = last
			list = append(list, c)
		}
		last = sync.Checkpoint{Position: pos}
		if rng.IntN(5) == 0 {
			list = append(list, sync.Change{Op: sync.Progress, Position: pos, Commit: last})
		}
	}
	return append(list, sync.Change{Op: sync.Progress, Position: last.Position, Commit: last})
}
