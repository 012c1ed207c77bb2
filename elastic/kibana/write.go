package kibana

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// write does what a round has decided: deletes, then replaces and creates.
func (r *Sink) write(ctx context.Context, tasks []*task) error {
	var remove, replace, create, alone []*task
	for _, t := range tasks {
		switch {
		case t.done:
		case t.found != nil && r.cfg.KeepRevoked && t.none != nil && t.none.Gone():
			if err := t.switchOff(); err != nil {
				t.finish(sync.Refused, fmt.Errorf("switch rule off: %w", err))
			} else if !t.done {
				replace = append(replace, t)
			}
		case t.found != nil:
			remove = append(remove, t)
		case t.write == nil:
		case t.alone:
			alone = append(alone, t)
		case t.create:
			create = append(create, t)
		default:
			replace = append(replace, t)
		}
	}
	for _, step := range [...]func() error{
		func() error { return r.remove(ctx, remove) },
		func() error { return r.importAll(ctx, replace, true) },
		func() error { return r.importAll(ctx, create, false) },
		func() error { return r.writeAlone(ctx, alone) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes the rules that were found. A task that wanted another type of rule goes on to the next round.
func (r *Sink) remove(ctx context.Context, tasks []*task) error {
	for chunk := range slices.Chunk(tasks, MaxBulkIDs) {
		for _, t := range chunk {
			if carried := t.found; t.rule != nil {
				r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.carried = carried })
			}
		}
		failed, err := r.bulkDelete(ctx, chunk)
		for _, t := range chunk {
			if err := cmp.Or(err, failed[t.found.ID]); err != nil {
				r.deleteFailed(t, err)
				continue
			}
			r.ledger.removed(t.ruleID, t.found.ID, r.cfg.Settle)
			if t.rule == nil {
				t.finishNone()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteFailed notes that a rule may or may not be deleted.
func (r *Sink) deleteFailed(t *task, err error) {
	r.fails(t, err)
	if sync.Classify(err) == sync.Permanent {
		t.finish(sync.Refused, fmt.Errorf("delete rule: Kibana refuses: %w", err))
	}
}

// switchOff makes ready to switch off a rule of what was revoked or has expired. That is
// written into the rule itself, so that it isn't taken for a person's doing later.
func (t *task) switchOff() error {
	if !t.found.Enabled {
		t.finishNone()
		return nil
	}
	fields, err := switchedOff(t.found)
	t.write = fields
	return err
}

// bulkDelete deletes rules, by single calls where the bulk action refuses. Of those that failed still it gives the errors.
func (r *Sink) bulkDelete(ctx context.Context, tasks []*task) (map[string]error, error) {
	ids := make([]string, len(tasks))
	for i, t := range tasks {
		ids[i] = t.found.ID
	}
	failed, err := r.kibana.BulkAction(ctx, BulkDelete, ids)
	if err != nil {
		if !refusedWhole(err) {
			return nil, err
		}
		failed = make(map[string]error)
		for _, id := range ids {
			failed[id] = err
		}
	}
	for id := range failed {
		if err := r.kibana.DeleteRule(ctx, id); err != nil {
			if sync.Classify(err) != sync.Permanent && len(failed) == len(ids) {
				return nil, err
			}
			failed[id] = err
			continue
		}
		delete(failed, id)
	}
	return failed, nil
}

// removeDoubles deletes all but the oldest of several rules of one rule_id.
func (r *Sink) removeDoubles(ctx context.Context, doubles map[string]string) error {
	var tasks []*task
	for id, ruleID := range doubles {
		tasks = append(tasks, &task{ruleID: ruleID, found: &Rule{ID: id}})
	}
	for chunk := range slices.Chunk(tasks, MaxBulkIDs) {
		failed, err := r.bulkDelete(ctx, chunk)
		if err != nil {
			return err
		}
		for _, t := range chunk {
			if failed[t.found.ID] != nil {
				continue // it is found again at the next look-up
			}
			settle := time.Now().Add(r.cfg.Settle)
			r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.deleted, e.unsettled = append(e.deleted, t.found.ID), settle })
		}
		r.log.Info("doubles of rules were deleted", "count", len(chunk)-len(failed))
	}
	return nil
}

// refusedWhole tells whether Kibana refused a bulk request for what it is, so that single
// calls may go through.
func refusedWhole(err error) bool {
	switch status := statusOf(err); status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	default:
		return (status >= 400 && status < 500 || status == http.StatusNotImplemented) && !unknownVersion(err)
	}
}

// importAll writes rules by imports within the limits of size and number.
func (r *Sink) importAll(ctx context.Context, tasks []*task, overwrite bool) error {
	var chunk []*task
	var lines []jsontext.Value
	size := 0
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		err := r.importChunk(ctx, chunk, lines, overwrite)
		chunk, lines, size = nil, nil, 0
		return err
	}
	for _, t := range tasks {
		b, err := line(t.write)
		if err != nil {
			t.finish(sync.Refused, fmt.Errorf("write rule: %w", err))
			continue
		}
		if len(chunk) >= int(r.importLimit.Load()) || size+len(b)+1 > r.cfg.MaxImportBytes && len(chunk) > 0 {
			if err := flush(); err != nil {
				return err
			}
		}
		chunk, lines, size = append(chunk, t), append(lines, b), size+len(b)+1
	}
	return flush()
}

func (r *Sink) importChunk(ctx context.Context, chunk []*task, lines []jsontext.Value, overwrite bool) error {
	res, err := r.kibana.ImportRules(ctx, lines, overwrite)
	switch {
	case err == nil:
	case statusOf(err) == http.StatusRequestEntityTooLarge && len(chunk) > 1:
		half := len(chunk) / 2
		if err := r.importChunk(ctx, chunk[:half], lines[:half], overwrite); err != nil {
			return err
		}
		return r.importChunk(ctx, chunk[half:], lines[half:], overwrite)
	case statusOf(err) == http.StatusAccepted:
		return r.accepted(chunk)
	case refusedWhole(err):
		return r.writeAlone(ctx, chunk)
	default:
		for _, t := range chunk {
			r.fails(t, err)
		}
		return err
	}
	named := 0
	for _, t := range chunk {
		if res.Failed[t.ruleID] != nil {
			named++
		}
	}
	if named < len(res.Failed) {
		res.Lost = true // by another name Kibana may mean any of these
	}
	refused := r.suppressionRefused(res)
	var alone, anew []*task
	for _, t := range chunk {
		switch e := res.Failed[t.ruleID]; {
		case e == nil && !res.Lost:
			r.wrote(t)
		case e == nil:
			// Kibana failed on some rules and didn't say which. A look-up tells, and a call of its own tells why.
			t.err = unsaid(res)
			settle := time.Now().Add(r.cfg.Settle)
			r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.suspect, e.unsettled = true, settle })
		case e.Status == http.StatusConflict:
			t.err = e // it is there: the next round looks it up
		case refused && licenceRefuses(e.Reason) && t.write["alert_suppression"] != nil:
			t.write = withoutSuppression(t.write)
			anew = append(anew, t)
		default:
			alone = append(alone, t)
		}
	}
	if err := r.writeAlone(ctx, alone); err != nil {
		return err
	}
	return r.importAll(ctx, anew, overwrite)
}

// acceptedSettles is how much longer than the answer of an import what becomes of it may take when Kibana answers first.
const acceptedSettles = 10

// accepted leaves it to look-ups what became of an import that Kibana has taken and not yet done (202). The
// imports that follow are half as large, so that it does them at once, as its older versions do.
func (r *Sink) accepted(chunk []*task) error {
	settle := time.Now().Add(acceptedSettles * r.cfg.Settle)
	for _, t := range chunk {
		t.err = errAccepted
		r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.uncertain, e.unsettled = true, settle })
	}
	r.importLimit.CompareAndSwap(r.importLimit.Load(), max(1, int64(len(chunk)/2)))
	r.log.Warn("Kibana takes an import and answers before it is done: its rules are looked up, and imports are smaller from now on", "rules", len(chunk))
	return nil
}

var errAccepted = errors.New("import rules: Kibana has taken the import and not said what became of it (202)")

// wrote ends a task whose rule Kibana has taken.
func (r *Sink) wrote(t *task) {
	r.ledger.wrote(t.ruleID, t.write, t.create, r.cfg.Settle)
	if t.rule == nil {
		t.finishNone()
		return
	}
	t.finish(sync.Done, nil)
}

// unsaid is what Kibana said of the rules that it did not name.
func unsaid(res ImportResult) error {
	if len(res.Unnamed) > 0 {
		return res.Unnamed[0]
	}
	return fmt.Errorf("import rules: fewer rules went in than were sent, and Kibana didn't say which")
}

// suppressionRefused tells whether the licence refuses suppression; it is left out from then on.
func (r *Sink) suppressionRefused(res ImportResult) bool {
	for _, e := range res.Failed {
		if licenceRefuses(e.Reason) {
			r.giveUpSuppression(e.Reason)
			return true
		}
	}
	for _, e := range res.Unnamed {
		if licenceRefuses(e.Reason) {
			r.giveUpSuppression(e.Reason)
			return true
		}
	}
	return false
}

func licenceRefuses(reason string) bool {
	reason = strings.ToLower(reason)
	return strings.Contains(reason, "suppression") && (strings.Contains(reason, "license") || strings.Contains(reason, "licence"))
}

func (r *Sink) giveUpSuppression(reason string) {
	if r.noSuppression.CompareAndSwap(false, true) {
		r.log.Warn("rules are written without alert suppression: the licence refuses it", "kibana", reason)
	}
}

// writeAlone writes rules by a call each, which tells exactly what is wrong with one.
func (r *Sink) writeAlone(ctx context.Context, tasks []*task) error {
	for i, t := range tasks {
		err := r.writeOne(ctx, t)
		if err == nil {
			continue
		}
		for _, rest := range tasks[i+1:] {
			if rest.err == nil {
				rest.err = err
			}
		}
		return err
	}
	return nil
}

// writeOne writes one rule. It gives an error only if that concerns the others too.
func (r *Sink) writeOne(ctx context.Context, t *task) error {
	if r.noSuppression.Load() {
		t.write = withoutSuppression(t.write)
	}
	b, err := line(t.write)
	if err != nil {
		t.finish(sync.Refused, fmt.Errorf("write rule: %w", err))
		return nil
	}
	if t.create {
		_, err = r.kibana.CreateRule(ctx, b)
	} else {
		_, err = r.kibana.ReplaceRule(ctx, b)
	}
	_, suppressed := t.write["alert_suppression"]
	if suppressed && (statusOf(err) == http.StatusForbidden || err != nil && licenceRefuses(reasonOf(err))) {
		return r.writeWithoutSuppression(ctx, t, err)
	}
	switch status := statusOf(err); {
	case err == nil:
		r.wrote(t)
	case status == http.StatusConflict || noSuchRule(err):
		t.err = err // something has changed meanwhile: the next round looks again
		r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.suspect = false })
	case sync.Classify(err) == sync.Permanent:
		r.ledger.change(t.ruleID, func(e *ledgerEntry) { e.suspect, e.uncertain = false, false })
		t.finish(sync.Refused, fmt.Errorf("write rule: Kibana refuses: %w", err))
	default:
		r.fails(t, err)
		return err
	}
	return nil
}

// writeWithoutSuppression tries whether the refusal was for the licence, and leaves suppression out from then on if so.
func (r *Sink) writeWithoutSuppression(ctx context.Context, t *task, refusal error) error {
	t.write = withoutSuppression(t.write)
	err := r.writeOne(ctx, t)
	if t.done && t.result.Outcome == sync.Done {
		r.giveUpSuppression(reasonOf(refusal))
	}
	return err
}
