package main

import (
	"context"
	"fmt"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// growth measures n events without and with rules, and then some more on top of what is there.
func (b *bench) growth(ctx context.Context, n int) error {
	const more = 10_000
	history := openctitest.HistoryConfig{Seed: 1, Events: n + more, Start: time.Now().Add(-time.Hour), Step: time.Hour / time.Duration(n+more)}.Make()
	for _, policy := range []string{"off", "indicator"} {
		s := newStage("ELASTIC_SECURITY_RULES=" + policy)
		s.opencti.Append(history[:n]...)
		whole, err := b.run(ctx, s, nil)
		if err != nil {
			return err
		}
		documents, rules := s.es.Len("logs-ti_custom_opencti.indicator"), len(s.kibana.Rules(""))
		s.opencti.Append(history[n:]...)
		top, err := b.run(ctx, s, nil)
		s.close()
		if err != nil {
			return err
		}
		what := "documents"
		if policy != "off" {
			what = "documents and rules"
		}
		b.print(
			row{fmt.Sprintf("%d events, %s", n, what), perEvent(whole, n), fmt.Sprintf("%.1f s, %d documents, %d rules, %.4f requests an event, %d MiB at most",
				whole.took.Seconds(), documents, rules, float64(whole.es+whole.kibana)/float64(n), whole.memory>>20)},
			row{fmt.Sprintf("%d more, after a restart", more), perEvent(top, more), fmt.Sprintf("%.1f s, %d MiB at most", top.took.Seconds(), top.memory>>20)},
		)
	}
	return nil
}

func perEvent(o outcome, n int) string {
	return fmt.Sprintf("%.3f ms CPU an event", o.cpu.Seconds()*1000/float64(n))
}
