package kibana

import (
	"context"
	stdsync "sync"
	"time"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const (
	// DefaultSweepInterval is how often a [Sink] looks for rules whose own time is over.
	DefaultSweepInterval = time.Minute
	// reconcileInterval is how often what a crash may have left doubled is healed.
	reconcileInterval = time.Hour
)

// Run does what the rules need beside the writes until ctx ends, and then returns nil: it brings Kibana in line
// with the policy ([Sink.Reconcile]), at once and then every hour, and removes what has expired ([Sink.Sweep]). A
// policy that is off needs this alone: then what is there goes, and nothing comes. Faults are logged and tried again.
func (r *Sink) Run(ctx context.Context) error {
	var loops stdsync.WaitGroup
	defer loops.Wait()
	loops.Go(func() { r.reconcileLoop(ctx) })
	if !r.cfg.DisableSweep && r.builder.Policy() != rules.Off {
		loops.Go(func() { r.sweepLoop(ctx) })
	}
	return nil
}

func (r *Sink) reconcileLoop(ctx context.Context) {
	for {
		err := sync.Backoff{}.Retry(ctx, func(ctx context.Context) error {
			done, err := r.Reconcile(ctx)
			if err == nil && done.Removed > 0 {
				r.log.InfoContext(ctx, "rules that the policy does not want are removed", "removed", done.Removed, "rules", done.Rules)
			}
			return err
		}, func(f sync.Failure) {
			r.log.WarnContext(ctx, "the rules could not be brought in line with the policy; it is tried again", "error", f.Err.Error())
		})
		if err != nil || !sync.Sleep(ctx, reconcileInterval) {
			return
		}
	}
}

// sweepLoop removes rules whose time has come though no document of theirs was swept, such as
// those of indicators that the index leaves out.
func (r *Sink) sweepLoop(ctx context.Context) {
	for sync.Sleep(ctx, r.cfg.SweepInterval) {
		n, err := r.Sweep(ctx, time.Now())
		switch {
		case err != nil && ctx.Err() == nil:
			r.log.WarnContext(ctx, "the sweep of expired rules is incomplete", "error", err.Error())
		case n > 0:
			r.log.InfoContext(ctx, "expired rules are removed", "rules", n)
		}
	}
}
