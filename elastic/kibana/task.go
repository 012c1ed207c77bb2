package kibana

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// task is one rule that is to be brought to a state. It is handled in
// rounds, each of which looks rules up, decides, and writes.
type task struct {
	ruleID      string
	rule        rules.Rule // what is wanted; nil: nothing
	fields      map[string]jsontext.Value
	fingerprint string
	none        *rules.NoRuleError // why nothing is wanted; nil after a deletion
	remark      error              // what to say of a success
	// unlessRenewed leaves a rule alone whose own end of validity is still to come.
	unlessRenewed bool

	result *sync.Result
	done   bool
	err    error // of the last try

	found  *Rule // what is there, ours
	write  map[string]jsontext.Value
	create bool
	alone  bool // written by a call of its own
}

// wants sets the state that the rule is to have.
func (t *task) wants(rule rules.Rule) error {
	fields, err := rules.Fields(rule)
	if err != nil {
		return err
	}
	meta, _ := rules.ReadMeta(fields["meta"])
	t.rule, t.fields, t.fingerprint = rule, fields, meta.Fingerprint
	return nil
}

func (t *task) finish(outcome sync.Outcome, err error) {
	t.done, t.err = true, nil
	if err == nil {
		err = t.remark
	}
	*t.result = sync.Result{Outcome: outcome, Err: err}
}

// maxRuleRounds bounds how often a task is tried within one write: what a look-up found
// can have changed when it is written, and what was deleted can still be found.
const maxRuleRounds = 4

// perform brings all tasks to an end, or to a fault that the engine has to wait
// out. It gives an error if nothing at all could be done.
func (r *Sink) perform(ctx context.Context, tasks []*task) error {
	defer r.ledger.settle(tasks)
	defer r.counts.add(tasks)
	open := tasks
	var fault error
	for round := 0; len(open) > 0 && round < maxRuleRounds && fault == nil; round++ {
		fault = r.round(ctx, open)
		open = slices.DeleteFunc(slices.Clone(open), func(t *task) bool { return t.done })
	}
	if len(open) == 0 {
		return nil
	}
	if fault != nil && len(open) == len(tasks) {
		return fault
	}
	for _, t := range open {
		err := t.err
		if err == nil {
			err = fault
		}
		if err == nil {
			err = errors.New("rules: Kibana's answers didn't settle")
		}
		*t.result = sync.Result{Outcome: sync.Again, Err: err, After: max(sync.RetryAfter(err), 0)}
	}
	return nil
}

func (r *Sink) round(ctx context.Context, tasks []*task) error {
	if err := r.lookUp(ctx, tasks); err != nil {
		return err
	}
	return r.write(ctx, tasks)
}

// lookUp finds out which rules are there and decides what to do with them. Those of which
// enough is known are decided without asking Kibana.
func (r *Sink) lookUp(ctx context.Context, tasks []*task) error {
	now := time.Now()
	var ask []*task
	for _, t := range tasks {
		t.found, t.write, t.create, t.alone = nil, nil, false, false
		if !r.decided(ctx, t, r.ledger.get(t.ruleID), now) {
			ask = append(ask, t)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	found, err := r.find(ctx, ask)
	if err != nil {
		return err
	}
	doubles := map[string]string{} // id to rule_id
	for _, t := range ask {
		r.decide(ctx, t, found[t.ruleID], doubles)
	}
	return r.removeDoubles(ctx, doubles)
}

// find looks the tasks' rules up. What was written a moment ago counts as settled as soon as a look-up shows it;
// only for what no look-up shows yet it waits, and looks again.
func (r *Sink) find(ctx context.Context, tasks []*task) (map[string][]*Rule, error) {
	ids := make([]string, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ruleID
	}
	found, err := r.kibana.RulesByRuleID(ctx, ids)
	if err != nil {
		return nil, endpoint.Blocked("look rules up", err)
	}
	now := time.Now()
	var wait time.Time
	var late []string
	for _, id := range ids {
		e := r.ledger.get(id)
		if !e.unsettled.After(now) || e.shownBy(found[id]) {
			continue
		}
		late = append(late, id)
		if e.unsettled.After(wait) {
			wait = e.unsettled
		}
	}
	if len(late) == 0 {
		return found, nil
	}
	if err := sleepUntil(ctx, wait); err != nil {
		return nil, err
	}
	again, err := r.kibana.RulesByRuleID(ctx, late)
	if err != nil {
		return nil, endpoint.Blocked("look rules up", err)
	}
	for _, id := range late {
		found[id] = again[id]
	}
	return found, nil
}

// shownBy reports whether what a look-up found is what we did last: the one rule that we wrote, or none of
// those that we deleted. Of a write whose answer was lost nothing found says that it won't come still.
func (e *ledgerEntry) shownBy(found []*Rule) bool {
	if e.uncertain || e.suspect {
		return false
	}
	if slices.ContainsFunc(found, func(f *Rule) bool { return slices.Contains(e.deleted, f.ID) }) {
		return false
	}
	if !e.present {
		return len(found) == 0
	}
	if len(found) != 1 {
		return false
	}
	meta, _ := rules.ReadMeta(found[0].Fields["meta"])
	return meta.Fingerprint != "" && meta.Fingerprint == e.fingerprint
}

func sleepUntil(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// decided settles a task by what the ledger knows, where that is enough.
func (r *Sink) decided(ctx context.Context, t *task, e ledgerEntry, now time.Time) bool {
	if t.rule == nil || e.uncertain || e.suspect || t.err != nil {
		return false
	}
	if e.present {
		if e.fingerprint == t.fingerprint && now.Sub(e.seen) < r.cfg.Trust {
			t.finish(sync.Done, nil)
			return true
		}
		return false
	}
	if e.fingerprint == "" && r.ledger.knowsAll() && !e.unsettled.After(now) && e.carried == nil {
		// Not among our rules: an import without overwrite can do no harm if it is there all the same.
		r.prepareCreate(ctx, t, nil)
		return true
	}
	return false
}

func (l *ledger) knowsAll() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.complete
}

// errNotOurs says why a rule of our rule_id is left alone.
func errNotOurs(whose ownership) error {
	switch whose {
	case unowned:
		return errors.New("a rule of this rule_id is there that belongs to no connector: it is left alone; the command rules adopt takes it over")
	case another:
		return errors.New("a rule of this rule_id is there that belongs to another connector: it is left alone")
	}
	return errors.New("a rule of this rule_id is there without our mark (tag " + rules.ManagedTag + "): it is left alone")
}

// decide settles a task by what was found in Kibana, or prepares what to write.
func (r *Sink) decide(ctx context.Context, t *task, found []*Rule, doubles map[string]string) {
	e := r.ledger.get(t.ruleID)
	var ours *Rule
	var theirs *Rule
	for _, f := range found {
		switch {
		case slices.Contains(e.deleted, f.ID): // a search still shows it
		case !r.owns(f):
			theirs = f
		case ours == nil:
			ours = f
		default:
			doubles[f.ID] = f.RuleID
		}
	}
	switch {
	case ours == nil && theirs != nil:
		t.finish(sync.Ignored, errNotOurs(ownerOf(theirs, r.builder.Connector())))
	case ours == nil:
		r.decideAbsent(ctx, t, e)
	case t.unlessRenewed && renewed(ours):
		t.finishNone()
	case t.rule == nil:
		t.found = ours
	default:
		r.decidePresent(ctx, t, e, ours)
	}
}

func renewed(rule *Rule) bool {
	meta, _ := rules.ReadMeta(rule.Fields["meta"])
	return meta.ExpiresAt.After(time.Now())
}

func (r *Sink) decideAbsent(ctx context.Context, t *task, e ledgerEntry) {
	if t.rule == nil {
		r.ledger.change(t.ruleID, func(e *ledgerEntry) {
			e.present, e.fingerprint, e.uncertain, e.suspect, e.carried = false, "", false, false, nil
		})
		t.finishNone()
		return
	}
	if e.fingerprint != "" && !e.uncertain && !e.suspect && e.carried == nil {
		// It was there. We didn't delete it.
		r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.present = false })
		if e.fingerprint == t.fingerprint {
			t.finish(sync.Ignored, errors.New("a person deleted the rule, and the indicator hasn't changed since: it isn't made again"))
			return
		}
	}
	t.alone = e.suspect
	r.prepareCreate(ctx, t, e.carried)
}

// finishNone ends a task that wanted no rule, and has none.
func (t *task) finishNone() {
	if t.none != nil {
		t.finish(sync.Ignored, t.none)
		return
	}
	t.finish(sync.Done, nil)
}

func (r *Sink) decidePresent(ctx context.Context, t *task, e ledgerEntry, ours *Rule) {
	r.ledger.saw(ours)
	meta, _ := rules.ReadMeta(ours.Fields["meta"])
	if ours.Type != t.rule.Type() {
		t.found = ours // deleted first: the type of a rule can't be changed
		return
	}
	if !ours.Enabled {
		r.restrain(t)
	}
	if meta.Fingerprint == t.fingerprint {
		r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.uncertain, e.suspect = false, false })
		t.finish(sync.Done, nil)
		return
	}
	t.write, t.alone = mergeRule(r.sendable(t), ours), e.suspect
}

// prepareCreate makes ready what is written anew; carried is the rule of another type that it replaces.
func (r *Sink) prepareCreate(ctx context.Context, t *task, carried *Rule) {
	r.restrain(t)
	r.preview(ctx, t)
	t.create, t.write = true, r.sendable(t)
	if carried != nil {
		t.write = mergeRule(t.write, carried)
		if carried.Type == "threshold" || t.rule.Type() == "threshold" {
			replaceField(t.write, "alert_suppression", t.fields) // its form is another one there
		}
	}
}

func (r *Sink) sendable(t *task) map[string]jsontext.Value {
	if r.noSuppression.Load() {
		return withoutSuppression(t.fields)
	}
	return t.fields
}

// restrain has a rule made disabled that Kibana can't afford to run.
func (r *Sink) restrain(t *task) {
	base := t.rule.Base()
	if !base.Enabled {
		return
	}
	if err := r.affordable(t.ruleID, base.Interval); err != nil {
		r.disabled(t, err)
	}
}

// preview has a rule made disabled that would alert too often.
func (r *Sink) preview(ctx context.Context, t *task) {
	if r.cfg.Preview == nil || !t.rule.Base().Enabled {
		return
	}
	n, err := r.cfg.Preview(ctx, t.rule)
	switch {
	case err != nil:
		r.log.Warn("preview of a rule failed: it is made enabled", "rule_id", t.ruleID, "error", err)
	case n > r.cfg.PreviewLimit:
		r.disabled(t, fmt.Errorf("made disabled: it would have matched %d events in the last days, above the limit of %d", n, r.cfg.PreviewLimit))
	}
}

func (r *Sink) disabled(t *task, why error) {
	t.remark = why
	t.rule.Base().Enabled = false
	if err := t.wants(t.rule); err != nil {
		t.finish(sync.Refused, err)
	}
}

// line is the rule as an import takes it.
func line(fields map[string]jsontext.Value) (jsontext.Value, error) {
	return json.Marshal(fields, json.Deterministic(true))
}

// fails notes what a try came to; a fault that may have had its effect makes the task uncertain.
func (r *Sink) fails(t *task, err error) {
	t.err = err
	if statusOf(err) == http.StatusTooManyRequests || sync.Classify(err) == sync.Blocked {
		return // Kibana did nothing
	}
	settle := time.Now().Add(r.cfg.Settle)
	r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.uncertain, e.unsettled = true, settle })
}
