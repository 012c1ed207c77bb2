package kibana

import (
	"maps"
	stdsync "sync"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Stats is what a [Sink] has come to.
type Stats struct {
	// Rules is how many rules of ours are known to be in Kibana, Enabled how many of them run.
	Rules, Enabled int
	// RunsPerMinute is how often all enabled rules of the space run a minute, about; Limit is
	// where Kibana's circuit breaker stops, 0 if that isn't checked.
	RunsPerMinute, Limit float64
	// Written is how many times a rule was brought to its state, Refused how often Kibana said that it can't be.
	Written, Refused uint64
	// Disabled is how many rules were made disabled for their number or their noise.
	Disabled uint64
	// NoRule counts the indicators that have no rule, by the reason.
	NoRule map[rules.Why]uint64
}

// Stats tells what the sink has come to.
func (r *Sink) Stats() Stats {
	out := r.counts.get()
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.present {
			out.Rules++
			if e.enabled {
				out.Enabled++
			}
		}
	}
	out.RunsPerMinute, out.Limit = l.runs+l.others, l.limit
	return out
}

// counts counts what tasks came to.
type counts struct {
	mu    stdsync.Mutex
	stats Stats
}

func (c *counts) add(tasks []*task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range tasks {
		switch {
		case !t.done:
		case t.result.Outcome == sync.Refused:
			c.stats.Refused++
		case t.none != nil:
			if c.stats.NoRule == nil {
				c.stats.NoRule = make(map[rules.Why]uint64)
			}
			c.stats.NoRule[t.none.Why]++
		case t.result.Outcome == sync.Done:
			c.stats.Written++
			if t.remark != nil {
				c.stats.Disabled++
			}
		}
	}
}

func (c *counts) get() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.stats
	out.NoRule = maps.Clone(out.NoRule)
	return out
}
