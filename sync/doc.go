// Package sync brings the changes of one [Source] to any number of [Sink]s,
// losing nothing.
//
//	Source ──► Engine ──► lane of sink A: coalesce, batch, retry, acknowledge ──► Sink A
//	            │    └──► lane of sink B …                                    ──► Sink B
//	            ├──► DeadLetters   what can never succeed, with its reason
//	            └──► Checkpoints   how far each sink has come
//
// Start with [NewEngine]:
//
//	engine, err := sync.NewEngine(sync.Options{
//		Source:      stream,                                  // an OpenCTI live stream, a recording, or yours
//		Sinks:       []sync.Sink{index, rules},
//		Checkpoints: &sync.FileCheckpoints{Path: "state.json"},
//		DeadLetters: &sync.FileDeadLetters{Path: "dead-letters.ndjson"},
//	})
//	if err != nil {
//		return err // says everything that is wrong with the options
//	}
//	return engine.Run(ctx) // until ctx ends
//
// The engine promises:
//
//   - Changes of one key reach a sink in the order of the stream, never two at a
//     time. Different keys go in parallel. Where several changes of a key wait,
//     only the newest is written and the older ones are acknowledged with it.
//   - A sink's checkpoint moves only over changes that the sink itself has
//     acknowledged, without a gap. After a crash the changes behind it come again;
//     sinks refuse to go back by [Change.Version], so the effect is as if each came once.
//   - A fault that may pass is tried again for as long as it lasts ([Classify] says
//     which). A change that can never succeed goes to the dead letters and the stream goes on.
//   - Memory is bounded by [Options], not by backlog or outage: a lane that is full takes nothing more.
//   - No sink waits for another. One that falls behind by more than its bound reads the source by itself, once it takes changes
//     again, until it has caught up. The source must allow that; if it cannot, see [Options.SingleReading].
//   - A lone change goes at once; in a burst requests grow by themselves.
//
// It does not make a sink idempotent, and cannot stop a source or a sink that ignores its context.
//
// Errors: [ErrStopped] says that a context ended before everything was written.
// What a sink returns is asked for Retryable, Blocked and RetryAfter, see [Classify].
// The conformance suites for sources and sinks are in package synctest,
// recordings of streams in package record.
package sync
