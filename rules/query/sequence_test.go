package query_test

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// seen is an event of a sequence test, all of one host: its kind and time in seconds.
type seen struct {
	pid, at int
}

// binding is events that together satisfy a part of a pattern.
type binding uint32

// bindings lists, by brute force over the standard's words, the sets of events
// that satisfy an observation expression.
func bindings(o pattern.Observation, events []seen) map[binding]bool {
	out := map[binding]bool{}
	switch o := o.(type) {
	case *pattern.Observed:
		for i, e := range events {
			c := o.Expr.(*pattern.Comparison)
			if c.Value.Text == fmt.Sprint(e.pid) {
				out[1<<i] = true
			}
		}
	case *pattern.Combined:
		out = bindings(o.Operands[0], events)
		for _, operand := range o.Operands[1:] {
			next := bindings(operand, events)
			if o.Op == pattern.Or {
				for b := range next {
					out[b] = true
				}
				continue
			}
			out = joined(out, next, func(a, b binding) bool {
				_, end := extent(a, events)
				start, _ := extent(b, events)
				return o.Op == pattern.And || end <= start
			})
		}
	case *pattern.Qualified:
		inner := bindings(o.Operand, events)
		switch q := o.Qualifier.(type) {
		case *pattern.Within:
			for b := range inner {
				if start, end := extent(b, events); float64(end-start) <= q.Seconds {
					out[b] = true
				}
			}
		case *pattern.Repeats:
			out = inner
			for range q.Times - 1 {
				out = joined(out, inner, func(a, b binding) bool { return true })
			}
		case *pattern.StartStop:
			for b := range inner {
				start, end := extent(b, events)
				if !moment(start).Before(q.Start) && moment(end).Before(q.Stop) {
					out[b] = true
				}
			}
		}
	}
	return out
}

func joined(a, b map[binding]bool, fits func(a, b binding) bool) map[binding]bool {
	out := map[binding]bool{}
	for x := range a {
		for y := range b {
			if x&y == 0 && fits(x, y) {
				out[x|y] = true
			}
		}
	}
	return out
}

func extent(b binding, events []seen) (start, end int) {
	return events[bits.TrailingZeros32(uint32(b))].at, events[31-bits.LeadingZeros32(uint32(b))].at
}

var origin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func moment(at int) time.Time { return origin.Add(time.Duration(at) * time.Second) }

// found lists the events that take part in any match of what was read of EQL.
func (q eqlQuery) found(events []seen) binding {
	v := &evaluator{types: map[string]query.Type{"process.pid": query.Long}, lang: query.EQL}
	var slots []clause
	for _, s := range q.steps {
		for range s.runs {
			slots = append(slots, s.where)
		}
	}
	var all binding
	var place func(slot int, taken binding, last int)
	place = func(slot int, taken binding, last int) {
		if slot == len(slots) {
			start, end := extent(taken, events)
			if q.maxspan == 0 || time.Duration(end-start)*time.Second <= q.maxspan {
				all |= taken
			}
			return
		}
		for i, e := range events {
			if taken&(1<<i) != 0 || q.kind == "sequence" && i <= last {
				continue
			}
			doc := event{"process.pid": {int64(e.pid)}, "@timestamp": {moment(e.at).Format(time.RFC3339)}}
			if v.holds(slots[slot], doc) {
				place(slot+1, taken|1<<i, i)
			}
		}
	}
	place(0, 0, -1)
	return all
}

// sequences makes random observation expressions.
func sequences(r *rand.Rand, depth int) string {
	if depth == 0 {
		return fmt.Sprintf("[process:pid = %d]", 1+r.IntN(3))
	}
	var s string
	switch r.IntN(6) {
	case 0, 1:
		s = "(" + sequences(r, depth-1) + " FOLLOWEDBY " + sequences(r, depth-1) + ")"
	case 2:
		s = "(" + sequences(r, depth-1) + " AND " + sequences(r, depth-1) + ")"
	case 3:
		s = "(" + sequences(r, depth-1) + " OR " + sequences(r, depth-1) + ")"
	default:
		s = sequences(r, depth-1)
	}
	if strings.HasSuffix(s, "SECONDS") || strings.HasSuffix(s, "TIMES") || strings.HasSuffix(s, "'") {
		s = "(" + s + ")" // one qualifier of a kind
	}
	switch r.IntN(6) {
	case 0:
		s += fmt.Sprintf(" WITHIN %d SECONDS", 1+r.IntN(30))
	case 1:
		s += fmt.Sprintf(" REPEATS %d TIMES", 1+r.IntN(3))
	case 2:
		if r.IntN(3) == 0 {
			s += " START t'2026-01-01T00:00:05Z' STOP t'2026-01-01T00:00:30Z'"
		}
	}
	return s
}

// TestSequences evaluates what is read of EQL over random events, and compares
// the events it finds with those that the pattern binds: the same, or where
// something was lost no fewer.
func TestSequences(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	exact := map[query.Shape]int{}
	for _, wider := range []bool{false, true} {
		tr, err := query.New(query.Options{AllowWider: wider})
		if err != nil {
			t.Fatal(err)
		}
		for range 1500 {
			text := sequences(r, 1+r.IntN(3))
			p := mustParse(text)
			q, err := tr.Translate(p, query.EQL)
			if err != nil {
				if wider && !strings.Contains(err.Error(), "START is not before STOP") {
					t.Fatalf("%s: %v", text, err)
				}
				continue
			}
			read, err := readEQL(q.Text)
			if err != nil {
				t.Fatalf("%s\n%s\n%v", text, q.Text, err)
			}
			readAgain(t, q.Text)
			if q.Exact() {
				exact[q.Shape]++
			}
			for range 8 {
				events := make([]seen, 2+r.IntN(6))
				at := 0
				for i := range events {
					at += 1 + r.IntN(12)
					events[i] = seen{pid: 1 + r.IntN(3), at: at}
				}
				var want binding
				for b := range bindings(p.Root, events) {
					want |= b
				}
				got := read.found(events)
				if want&^got != 0 || q.Exact() && got != want {
					t.Fatalf("%s\n%s\nlossy %v\nevents %v\nwant %b, got %b", text, q.Text, q.Lossy, events, want, got)
				}
			}
		}
	}
	t.Logf("exact: %v", exact)
	for _, shape := range []query.Shape{query.Event, query.Sequence, query.Sample} {
		if exact[shape] < 50 {
			t.Errorf("only %d exact translations of shape %s", exact[shape], shape)
		}
	}
}
