package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// latency measures a hundred events a second: from an event's being there to its document's reaching the target; and
// before that how long the first document of all takes from the start of the process.
func (b *bench) latency(ctx context.Context, seconds int) error {
	const rate = 100
	history := openctitest.HistoryConfig{Seed: 2, Events: 20 * rate * (seconds + 1), Start: time.Now().Add(-time.Hour), Step: time.Millisecond}.Make()
	first, fresh := observables(history, rate*seconds)
	s := newStage("ELASTIC_SECURITY_RULES=off")
	defer s.close()
	s.opencti.Append(first)
	sent := make(map[string]time.Time)
	o, err := b.run(ctx, s, func(ctx context.Context) error {
		for len(s.arrivals()) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		tick := time.NewTicker(time.Second / rate)
		defer tick.Stop()
		for _, e := range fresh {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
				sent[key(e)] = time.Now()
				s.opencti.Append(e)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var waits []time.Duration
	for id, at := range s.arrivals() {
		if began, ok := sent[id]; ok {
			waits = append(waits, at.Sub(began))
		}
	}
	if len(waits) == 0 {
		return fmt.Errorf("none of %d documents came", len(fresh))
	}
	slices.Sort(waits)
	at := func(percent int) string {
		return fmt.Sprintf("%.1f ms", float64(waits[len(waits)*percent/100].Microseconds())/1000)
	}
	b.print(
		row{fmt.Sprintf("from event to document at %d a second", rate), "p50 " + at(50) + ", p99 " + at(99), fmt.Sprintf("%d documents, %d requests", len(waits), o.es)},
		row{"from the start to the first document", fmt.Sprintf("%d ms", o.first.Milliseconds()), "set-up of the index included"},
	)
	return nil
}

// observables picks events that each bring a new document: one, and n more.
func observables(history []openctitest.Event, n int) (first openctitest.Event, more []openctitest.Event) {
	seen := make(map[string]bool)
	for _, e := range history {
		if k := key(e); e.Name == "create" && k != "" && !seen[k] {
			seen[k] = true
			more = append(more, e)
		}
		if len(more) > n {
			break
		}
	}
	return more[0], more[1:]
}

// key is the id of the document that an event brings; empty if it brings none.
func key(e openctitest.Event) string {
	env, err := stix.DecodeEnvelope(e.Data)
	if err != nil || env.Object.Type != "ipv4-addr" && env.Object.Type != "domain-name" && env.Object.Type != "url" {
		return ""
	}
	return env.Object.Key()
}
