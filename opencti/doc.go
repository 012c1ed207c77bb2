// Package opencti is the OpenCTI side of the connector: it reads a live stream
// without losing an event, and registers as a STREAM connector.
//
// Start with [Stream], a [sync.Source]:
//
//	stream, err := opencti.NewStream(opencti.Config{
//		URL:      "https://opencti.example.org",
//		Token:    token,
//		StreamID: "7d5a2b2e-3f61-4b0a-9f0e-0c1d2e3f4a5b",
//	})
//	…
//	for change, err := range stream.Changes(ctx, nil) {
//		…
//	}
//
// It rides out every fault that may pass, for as long as it lasts: refused and cut
// connections, silence, error events, a stopped or forbidden stream. What it hands on as
// [sync.Change.Commit] is always a safe place to resume from:
//
//   - A position counts only when all events that share its id have come, which is known once
//     a greater id has been seen.
//   - Ids of heartbeats come from the platform's clock, not from redis' as those of events do. They move
//     the position only on an idle stream, and set back by [Config.ClockMargin].
//   - History from the database (recovery) says nothing of deletions and ends at a date by the platform's
//     clock. The live part after it therefore begins before that date by the margin, or with the last event
//     that the database had seen, whichever is earlier; what came twice is left out.
//   - A recovery comes in pages whose objects are in no order. An interrupted one goes on from the least of the last
//     [Config.RecoveryWindow] dates, or, where no connection lasts for a page, asks for less at a time.
//   - Events that redis has trimmed before we had read them are recovered from the database; that
//     deletions among them may have been missed is logged and told to the [GapObserver].
//
// Recovered objects carry as their version the last event that the platform had
// published when the connection began, since their own ids are dates by another clock: every later
// event has a greater id.
//
// [Client] speaks the few GraphQL operations a connector needs, with the fields that
// all platforms from 5.12 to 7 know. [Connector] registers, pings, and keeps the
// position in OpenCTI ([State], a [sync.Resetter]) in the form of OpenCTI's own Python
// client, so that either connector can take over from the other. [References] learns
// the names of authors and markings from what passes.
//
// Errors that a caller may want to tell apart: [*StatusError] (an HTTP status),
// [*RedirectError], [*ContentTypeError], [*GraphQLError], [*ServerError] (an error event); [ErrSilence] and [ErrEnd]
// for connections that fell silent or ended. No error or log line holds the token.
//
// The facts come from OpenCTI's source (sseMiddleware, redis-stream, the pycti client), of versions 5.12 to 7.
package opencti
