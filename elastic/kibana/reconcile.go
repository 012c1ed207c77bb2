package kibana

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// A Reconciliation is what [Sink.Reconcile] did.
type Reconciliation struct {
	// Rules is how many rules of ours are there now.
	Rules int
	// Managed is how many of them are match rules of the policy.
	Managed int
	// Removed is how many rules the policy wanted no longer.
	Removed int
	// Replay tells that indicators which match rules covered so far need rules of
	// their own: the stream has to be read again for this sink.
	Replay bool
}

// Reconcile brings Kibana in line with the policy: what it doesn't want any longer goes, its match
// rules are made or renewed, doubles are removed. Write does so before anything
// else, once; a policy that is switched off needs this call alone.
func (r *Sink) Reconcile(ctx context.Context) (Reconciliation, error) {
	l := r.ledger
	select {
	case <-l.loading:
	case <-ctx.Done():
		return Reconciliation{}, ctx.Err()
	}
	defer func() { l.loading <- struct{}{} }()
	return r.reconcile(ctx)
}

func (r *Sink) reconcile(ctx context.Context) (Reconciliation, error) {
	ours, err := r.load(ctx)
	if err != nil {
		return Reconciliation{}, err
	}
	managed := make(map[string]bool)
	var tasks []*task
	for _, rule := range r.builder.Managed() {
		t := &task{ruleID: rule.Base().RuleID, result: new(sync.Result)}
		if err := t.wants(rule); err != nil {
			return Reconciliation{}, err
		}
		managed[t.ruleID] = true
		tasks = append(tasks, t)
	}
	out := Reconciliation{Managed: len(tasks)}
	seen := make(map[string]bool)
	doubles := make(map[string]string)
	for _, rule := range ours {
		if seen[rule.RuleID] {
			doubles[rule.ID] = rule.RuleID
			continue
		}
		seen[rule.RuleID] = true
		if managed[rule.RuleID] || r.stays(rule, &out) {
			out.Rules++
			continue
		}
		tasks = append(tasks, &task{ruleID: rule.RuleID, result: new(sync.Result)})
		out.Removed++
	}
	for id := range managed {
		if !seen[id] {
			out.Rules++
		}
	}
	if err := r.removeDoubles(ctx, doubles); err != nil {
		return out, endpoint.Blocked("remove doubles", err)
	}
	if out.Replay && r.cfg.Replay != nil {
		// Before the match rules go: they are what tells of the change.
		if err := r.cfg.Replay(ctx); err != nil {
			return out, fmt.Errorf("have the stream read again: %w", err)
		}
	}
	if err := r.settleAll(ctx, tasks); err != nil {
		return out, err
	}
	r.ledger.mu.Lock()
	r.ledger.loaded = true
	r.ledger.mu.Unlock()
	if out.Replay {
		r.log.Warn("the policy gives indicators rules of their own that match rules covered so far: the stream has to be read again for them")
	}
	return out, nil
}

// stays tells whether the policy wants a rule of ours.
func (r *Sink) stays(rule *Rule, out *Reconciliation) bool {
	meta, known := rules.ReadMeta(rule.Fields["meta"])
	policy := r.builder.Policy()
	switch {
	case policy == rules.Off:
		return false
	case !known:
		return true // the rule form has overwritten meta; the indicator's next event tells
	case meta.Origin == rules.FromMatch: // which covers more than LOOKUP JOIN can
		out.Replay = out.Replay || policy == rules.PerIndicator || policy == rules.Lookup
		return false
	case meta.Origin == rules.FromLookup:
		out.Replay = out.Replay || policy == rules.PerIndicator
		return false
	case meta.Atomic:
		return policy == rules.PerIndicator || policy == rules.Lookup && meta.NoLookup
	}
	return true
}

// settleAll performs tasks in batches until they are done. A fault ends it; a rule that
// Kibana refuses does not, since it must not stand in the way of the others.
func (r *Sink) settleAll(ctx context.Context, tasks []*task) error {
	for chunk := range slices.Chunk(tasks, maxImportRules) {
		if err := r.perform(ctx, chunk); err != nil {
			return endpoint.Blocked("write rules", err)
		}
		for _, t := range chunk {
			switch t.result.Outcome {
			case sync.Again:
				return endpoint.Blocked("write rule "+t.ruleID, t.result.Err)
			case sync.Refused:
				r.log.Error("Kibana refuses a rule", "rule_id", t.ruleID, "error", t.result.Err.Error())
			}
		}
	}
	return nil
}

// Expire removes the rules of indicators whose time is over, by their keys, or disables them if
// [SinkOptions.KeepRevoked] is set. It is what an index's sweep hands its ids to. A rule that
// was renewed meanwhile stays.
func (r *Sink) Expire(ctx context.Context, keys []string) error {
	if len(keys) == 0 || r.builder.Policy() == rules.Off {
		return nil
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	tasks := make([]*task, len(keys))
	for i, key := range keys {
		tasks[i] = &task{
			ruleID: r.builder.RuleID(key), result: new(sync.Result), unlessRenewed: true,
			none: &rules.NoRuleError{Why: rules.Expired, Detail: "the indicator is not valid any more"},
		}
	}
	return r.settleAll(ctx, tasks)
}

// Sweep does what [Sink.Expire] does for all rules whose own end of validity has come, by what
// was last read of them, and gives their number.
func (r *Sink) Sweep(ctx context.Context, now time.Time) (int, error) {
	if err := r.ready(ctx); err != nil {
		return 0, err
	}
	var tasks []*task
	r.ledger.mu.Lock()
	for _, id := range slices.Sorted(maps.Keys(r.ledger.entries)) {
		e := r.ledger.entries[id]
		if !e.present || e.expires.IsZero() || e.expires.After(now) || r.cfg.KeepRevoked && !e.enabled {
			continue
		}
		tasks = append(tasks, &task{
			ruleID: id, result: new(sync.Result), unlessRenewed: true,
			none: &rules.NoRuleError{Why: rules.Expired, Detail: "the indicator is not valid any more"},
		})
	}
	r.ledger.mu.Unlock()
	if err := r.settleAll(ctx, tasks); err != nil {
		return 0, fmt.Errorf("sweep rules: %w", err)
	}
	return len(tasks), nil
}
