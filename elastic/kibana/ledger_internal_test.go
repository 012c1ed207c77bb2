package kibana

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestLedgerForgetsDeletedRules: what is known of rules must not grow with those that were.
func TestLedgerForgetsDeletedRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(time.Now())
		const settle, burst = time.Second, 100
		for n := range 10 * burst {
			id := fmt.Sprint(n)
			l.change(id, func(e *ledgerEntry) { e.present, e.fingerprint = true, "f" })
			l.removed(id, "kibana-"+id, settle)
			if n%burst == burst-1 {
				time.Sleep(2 * settle)
			}
		}
		if got := len(l.get("999").deleted); got != 1 {
			t.Errorf("%d ids of what was deleted a moment ago, want 1", got)
		}
		l.change("kept", func(e *ledgerEntry) { e.present = true })
		l.removed("last", "kibana-last", settle)
		if got := len(l.entries); got > 2 {
			t.Errorf("%d entries are left of 1,001 deleted rules", got)
		}
		if !l.get("kept").present {
			t.Error("a rule that is there was forgotten")
		}
	})
}
