package kibana

import (
	"context"
	"fmt"
	stdsync "sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// ledger is what is known of our rules in Kibana, by rule_id.
type ledger struct {
	loading chan struct{} // holds one token; whoever takes it may load
	from    time.Time     // until then a search may not see what a former process wrote

	mu       stdsync.Mutex
	loaded   bool
	complete bool // every rule of ours was in the list
	entries  map[string]*ledgerEntry
	gone     []string // rules that we deleted, oldest first, whose entries are to be forgotten
	runs     float64  // what our enabled rules run a minute
	others   float64  // what the others' do
	limit    float64
	warned   bool
}

// ledgerEntry is what is known of one rule. The zero value says that there is none.
type ledgerEntry struct {
	present     bool // it was there when last seen
	fingerprint string
	seen        time.Time // when it was last read or written
	enabled     bool
	perMinute   float64
	planned     float64 // runs a minute of a rule that is about to be written
	atomic      bool
	origin      rules.Origin
	expires     time.Time
	id          string // Kibana's, where it is known

	unsettled time.Time // until then a search may not see what we did to it
	uncertain bool      // the answer to a write was lost, or did not tell
	suspect   bool      // an import failed and did not tell which rules: write it alone
	deleted   []string  // ids that we deleted a moment ago and a search may still show
	carried   *Rule
}

func newLedger(from time.Time) *ledger {
	l := &ledger{loading: make(chan struct{}, 1), from: from, entries: make(map[string]*ledgerEntry)}
	l.loading <- struct{}{}
	return l
}

// get gives a copy of the entry.
func (l *ledger) get(ruleID string) ledgerEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entries[ruleID]; e != nil {
		return *e
	}
	return ledgerEntry{}
}

// change changes the entry, and keeps the account of the runs.
func (l *ledger) change(ruleID string, edit func(*ledgerEntry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[ruleID]
	if e == nil {
		e = new(ledgerEntry)
		l.entries[ruleID] = e
	}
	l.runs -= e.cost()
	edit(e)
	l.runs += e.cost()
	if e.blank() && time.Now().After(e.unsettled) {
		delete(l.entries, ruleID)
	}
}

// blank tells whether an entry says no more than that there is no such rule.
func (e *ledgerEntry) blank() bool {
	return !e.present && e.fingerprint == "" && e.planned == 0 && !e.uncertain && !e.suspect && e.carried == nil
}

func (e *ledgerEntry) cost() float64 {
	if e.present && e.enabled {
		return e.perMinute
	}
	return e.planned
}

// settle forgets what was planned, now that it is written or won't be.
func (l *ledger) settle(tasks []*task) {
	for _, t := range tasks {
		if t.rule != nil {
			l.change(t.ruleID, func(e *ledgerEntry) { e.planned = 0 })
		}
	}
}

// saw notes a rule that was read.
func (l *ledger) saw(r *Rule) {
	l.change(r.RuleID, func(e *ledgerEntry) {
		meta, _ := rules.ReadMeta(r.Fields["meta"])
		e.present, e.id, e.seen = true, r.ID, time.Now()
		e.fingerprint, e.atomic, e.origin, e.expires = meta.Fingerprint, meta.Atomic, meta.Origin, meta.ExpiresAt
		e.enabled, e.perMinute = r.Enabled, perMinute(r.Interval)
	})
}

// missed notes which rules aren't there any more, though we didn't delete them.
func (l *ledger) missed(list []*Rule) {
	there := make(map[string]bool, len(list))
	for _, r := range list {
		there[r.RuleID] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.entries {
		if e.present && !there[id] && time.Now().After(e.unsettled) {
			l.runs -= e.cost()
			e.present = false
		}
	}
}

// wrote notes a rule that Kibana has taken.
func (l *ledger) wrote(ruleID string, fields map[string]jsontext.Value, created bool, settle time.Duration) {
	l.change(ruleID, func(e *ledgerEntry) {
		meta, _ := rules.ReadMeta(fields["meta"])
		now := time.Now()
		e.present, e.seen, e.uncertain, e.suspect, e.carried = true, now, false, false, nil
		e.fingerprint, e.atomic, e.origin, e.expires = meta.Fingerprint, meta.Atomic, meta.Origin, meta.ExpiresAt
		var interval string
		_ = json.Unmarshal(fields["interval"], &interval)
		_ = json.Unmarshal(fields["enabled"], &e.enabled)
		e.perMinute = perMinute(interval)
		e.unsettled = now.Add(settle) // a look-up may still show what was there before
		if created {
			e.id = ""
		}
	})
}

// removed notes a rule that we deleted.
func (l *ledger) removed(ruleID, id string, settle time.Duration) {
	l.change(ruleID, func(e *ledgerEntry) {
		now := time.Now()
		if now.After(e.unsettled) {
			e.deleted = nil
		}
		e.deleted = append(e.deleted, id)
		e.present, e.fingerprint, e.id, e.unsettled = false, "", "", now.Add(settle)
		e.uncertain, e.suspect = false, false
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = append(l.gone, ruleID)
	l.forget(time.Now())
}

// forget drops the entries of rules that were deleted so long ago that no search shows them any more.
func (l *ledger) forget(now time.Time) {
	for len(l.gone) > 0 {
		id := l.gone[0]
		if e := l.entries[id]; e != nil && e.blank() {
			if e.unsettled.After(now) {
				return // so are those behind it
			}
			delete(l.entries, id)
		}
		l.gone = l.gone[1:]
	}
}

func perMinute(interval string) float64 {
	d, ok := rules.ParseInterval(interval)
	if !ok {
		d = 5 * time.Minute
	}
	return time.Minute.Seconds() / d.Seconds()
}

// ownership is whose a rule is.
type ownership uint8

const (
	foreign ownership = iota // without our mark, or Elastic's own
	unowned                  // ours, but of no connector
	another                  // another connector's
	ownRule                  // this connector's
)

// ownerOf returns whose a rule is, as a connector sees it.
func ownerOf(r *Rule, connector string) ownership {
	meta, marked := rules.ReadMeta(r.Fields["meta"])
	owner, ours := rules.Owner(meta, marked, r.Tags)
	switch {
	case r.Immutable || !ours:
		return foreign
	case owner == connector:
		return ownRule
	case owner == "":
		return unowned
	}
	return another
}

func (r *Sink) owns(rule *Rule) bool { return ownerOf(rule, r.builder.Connector()) == ownRule }

// ready reads our rules from Kibana and brings them in line with the policy, once.
func (r *Sink) ready(ctx context.Context) error {
	l := r.ledger
	select {
	case <-l.loading:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.loading <- struct{}{} }()
	l.mu.Lock()
	loaded := l.loaded
	l.mu.Unlock()
	if loaded {
		return nil
	}
	_, err := r.reconcile(ctx)
	return err
}

// load lists our rules and counts the others'.
func (r *Sink) load(ctx context.Context) (ours []*Rule, err error) {
	if err := sleepUntil(ctx, r.ledger.from); err != nil {
		return nil, err
	}
	status, err := r.kibana.Status(ctx)
	if err != nil {
		// What it tells is a help only. A wrong URL or key shows at the next request.
		if sync.Classify(err) == sync.Transient && statusOf(err) != 0 || ctx.Err() != nil {
			return nil, err
		}
		r.log.Warn("Kibana doesn't say which version it is; it is taken for a self-managed one", "error", err.Error())
	}
	for rule, err := range r.kibana.RulesByTag(ctx, rules.OwnerTag(r.builder.Connector())) {
		if err != nil {
			return nil, endpoint.Blocked("list rules", err)
		}
		if r.owns(rule) {
			ours = append(ours, rule)
		}
	}
	enabled, err := r.kibana.FindRules(ctx, FindQuery{Filter: "alert.attributes.enabled: true", Page: 1, PerPage: 1})
	if err != nil && sync.Classify(err) != sync.Permanent {
		return nil, fmt.Errorf("count rules: %w", err)
	}
	own := 0
	for _, rule := range ours {
		r.ledger.saw(rule)
		if rule.Enabled {
			own++
		}
	}
	r.ledger.missed(ours)
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complete = true
	l.others = float64(max(enabled.Total-own, 0)) * perMinute("5m")
	switch {
	case r.cfg.RunsPerMinute > 0:
		l.limit = float64(r.cfg.RunsPerMinute)
	case r.cfg.RunsPerMinute < 0:
		l.limit = 0
	case status.Serverless:
		l.limit = 400
	default:
		l.limit = 10_000
	}
	return ours, nil
}

// affordable tells whether one more rule may run at that interval. The first time that it may
// not, a person is told what to change.
func (r *Sink) affordable(ruleID, interval string) error {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	have := l.runs
	if e := l.entries[ruleID]; e != nil {
		have -= e.cost()
	}
	if l.limit <= 0 {
		return nil
	}
	if have+l.others+perMinute(interval) <= l.limit+1e-6 { // the sums are of fractions
		e := l.entries[ruleID]
		if e == nil {
			e = new(ledgerEntry)
			l.entries[ruleID] = e
		}
		l.runs -= e.cost()
		e.planned = perMinute(interval)
		l.runs += e.cost()
		return nil
	}
	err := fmt.Errorf("made disabled: with it, rules would run %.0f times a minute, and Kibana's circuit breaker stops at %.0f; "+
		"use wider intervals, or the policy match, which covers single values by a handful of rules", have+l.others+perMinute(interval), l.limit)
	if !l.warned {
		l.warned = true
		r.log.Warn("rules are made disabled: too many runs a minute", "limit", l.limit, "advice", "use wider intervals or the policy match")
	}
	return err
}
