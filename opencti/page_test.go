package opencti

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// paged is a database as the platform reads it: a page at a time, each in any order.
type paged struct {
	rng     *rand.Rand
	size    int
	objects []uint64 // dates, in their order
}

func newPaged(rng *rand.Rand, objects, size int) *paged {
	d := &paged{rng: rng, size: size}
	date := uint64(now.UnixMilli()) - 10_000_000
	for range objects {
		date += uint64(rng.IntN(3) * rng.IntN(1000)) // often the same as the one before
		d.objects = append(d.objects, date)
	}
	return d
}

// recover returns the indices of the objects within [from, until] in the order in which they are sent.
func (d *paged) recover(from, until uint64) []int {
	var out []int
	for i, date := range d.objects {
		if from <= date && date <= until {
			out = append(out, i)
		}
	}
	for page := range slices.Chunk(out, d.size) {
		d.rng.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
	}
	return out
}

// TestRecoveryCutAnywhere cuts recoveries at random places, by a lost connection or the end of the process, and holds
// the cursor to never resuming behind an object that has not come, and to coming to an end.
func TestRecoveryCutAnywhere(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		size := 1 + rng.IntN(60)
		d := newPaged(rng, rng.IntN(600), size)
		cfg := Config{RecoveryWindow: size + rng.IntN(30)}
		// Some lines never hold for a page; the process then has to live, since what it has found out is its own.
		longest := 40 + rng.IntN(400)
		kills := longest > 3*(cfg.RecoveryWindow+size)
		if err := d.follow(cfg, longest, kills); err != nil {
			t.Errorf("seed %d, %d objects in pages of %d, window %d, cuts within %d: %v", seed, len(d.objects), size, cfg.RecoveryWindow, longest, err)
		}
	}
}

// follow recovers all with connections of at most longest events.
func (d *paged) follow(cfg Config, longest int, kills bool) error {
	c := newCursor(cfg.withDefaults(), nil, now)
	came := map[int]bool{}
	for connection := 0; c.recovery != nil; connection++ {
		if connection > 50+20*len(d.objects) {
			return fmt.Errorf("no end: at %v after %d connections", c.from, connection)
		}
		c.begin()
		left := 1 + d.rng.IntN(longest)
		for _, i := range append(d.recover(c.from.Millis, timePosition(c.recoverUntil()).Millis), -1) {
			if left--; left < 0 {
				break
			}
			if i < 0 {
				c.event(id(0, 0), fromStream) // the recovery is over, and the stream goes on
				break
			}
			c.event(sync.Position{Millis: d.objects[i]}, fromDatabase)
			came[i] = true
			if err := d.missing(c, came); err != nil {
				return err
			}
		}
		if kills && d.rng.IntN(3) == 0 && c.recovery != nil {
			saved := c.commit
			c = newCursor(cfg.withDefaults(), &saved, now)
		}
	}
	if len(came) != len(d.objects) {
		return fmt.Errorf("%d of %d objects came", len(came), len(d.objects))
	}
	return nil
}

// missing names an object that would never come if the connection or the process ended now.
func (d *paged) missing(c *cursor, came map[int]bool) error {
	for i, date := range d.objects {
		p := sync.Position{Millis: date}
		if !came[i] && (p.Compare(c.from) < 0 || p.Compare(c.commit.Position) < 0) {
			return fmt.Errorf("object %d of %d would be lost: resume from %v, a later run from %v", i, len(d.objects), c.from, c.commit.Position)
		}
	}
	return nil
}

// TestRecoveryOfLargerPages: an object older than the place to resume from shows that the platform's pages are larger than the setting.
func TestRecoveryOfLargerPages(t *testing.T) {
	c := cursorOf(Config{RecoveryWindow: 2}, nil)
	for _, step := range []struct {
		pos, commit int
	}{
		{-50, 0}, {-40, -50}, {-45, -45}, {-60, 0}, {-30, 0}, {-35, 0}, {-20, -60}, {-25, -35},
	} {
		c.event(id(step.pos, 0), fromDatabase)
		want := id(step.commit, 0)
		if step.commit == 0 {
			want = sync.Position{}
		}
		if c.commit.Position != want || c.from != want {
			t.Errorf("after %d: resume from %v, a later run from %v, want %v", step.pos, c.from, c.commit.Position, want)
		}
	}
}

func TestPageIsTheLeastOfTheLast(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	p, all := page{size: 50}, []sync.Position(nil)
	for range 2000 {
		pos := sync.Position{Millis: rng.Uint64N(300)}
		all = append(all, pos)
		p.add(pos)
		got, ok := p.least()
		if ok != (len(all) >= p.size) {
			t.Fatalf("after %d: complete %v", len(all), ok)
		}
		if want := slices.MinFunc(all[max(0, len(all)-p.size):], func(a, b sync.Position) int { return a.Compare(b) }); ok && got != want {
			t.Fatalf("after %d: %v, want %v", len(all), got, want)
		}
		if !slices.IsSortedFunc(p.low, func(a, b arrival) int { return cmp.Compare(a.n, b.n) }) || len(p.low) > p.size {
			t.Fatalf("holds %d", len(p.low))
		}
	}
}

// TestCursorErrorsThatRefuse: some platforms answer each recovery of a stream with origin filters by an error.
func TestCursorErrorsThatRefuse(t *testing.T) {
	c := cursorOf(Config{}, nil)
	ends := streamEnds{first: id(-1000, 0), last: id(-10, 0)}
	for i := 1; i <= errorsRefuse; i++ {
		c.begin()
		c.connected(ends, now)
		refuses, lost := c.failed(now)
		if refuses != (i == errorsRefuse) || lost {
			t.Fatalf("error %d: refuses %v, lost %v", i, refuses, lost)
		}
	}
	expect(t, c, "all that the event stream still has", sync.Position{}, false)
	c.begin()
	c.event(id(-900, 0), fromStream)
	c.event(id(-10, 0), fromStream)
	expect(t, c, "live", id(-900, 0), false)
	// The error can have been of another kind: an hour later the history is asked for once more.
	later := now.Add(owedInterval)
	if v := c.heartbeat(timePosition(later), later); v == take || c.recoverUntil().Before(later) || c.from != almostZero {
		t.Fatalf("an hour later: verdict %v, from %v until %v, want the whole history", v, c.from, c.recoverUntil())
	}
	expect(t, c, "a later run would be live", id(-900, 0), false)
	c.begin()
	c.connected(ends, later)
	if refuses, lost := c.failed(later); !refuses || lost || c.from != id(-900, 0) {
		t.Errorf("refused again: refuses %v, lost %v, from %v: want to go on where the stream was", refuses, lost, c.from)
	}

	// A later run asks too, and goes on where the stream was once the history has come.
	saved := c.checkpoint()
	c = cursorOf(Config{}, &saved)
	expect(t, c, "a later run is live", id(-900, 0), false)
	if v := c.heartbeat(timePosition(later), later); v == take || c.from != almostZero {
		t.Fatalf("a later run: verdict %v, from %v, want the whole history", v, c.from)
	}
	c.begin()
	c.connected(ends, later)
	c.event(id(-2000, 0), fromDatabase)
	if c.checkpoint().Owed.IsZero() {
		t.Error("nothing is owed though the history is not read yet")
	}
	if v, _ := c.event(id(-5, 0), fromStream); v != reconnect || !c.checkpoint().Owed.IsZero() {
		t.Errorf("the history has come: verdict %v, checkpoint %+v", v, c.checkpoint())
	}

	c = cursorOf(Config{}, nil)
	c.event(id(-900, 0), fromDatabase)
	for range 2 * errorsRefuse {
		if refuses, _ := c.failed(now); refuses {
			t.Fatal("errors in the middle of a recovery are taken for a refusal")
		}
	}
}
