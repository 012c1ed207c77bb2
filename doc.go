// Package openctielastic is the root of a library, and a thin binary on it, that
// keeps Elastic Security in step with an OpenCTI live stream: observables and
// indicators become ECS threat-indicator documents, indicators with patterns become
// detection rules, and every create, update, delete and expiry arrives exactly once in effect.
//
// The root holds no code. This page is the map.
//
// # The way of the data
//
//	OpenCTI ──SSE──► opencti.Stream ──► sync.Engine ──► by object ──► elastic.Index ──► Elasticsearch
//	                 (sync.Source)      order, batch,                 kibana.Sink  ──► Kibana
//	                                    retry, ack,                   (sync.Sink)
//	                                    checkpoint                    or files, or yours
//
// Data flows one way. Nothing downstream calls upstream but for one thing: the
// acknowledgement that lets the checkpoint move.
//
//   - Package stix reads objects and envelopes as OpenCTI sends them; its
//     sub-package pattern is the STIX patterning language: parse, print, walk, evaluate, lint.
//   - Package ecs makes a document of an object.
//   - Package rules makes a detection rule of an indicator; its sub-package query
//     turns a pattern into KQL, Lucene, EQL, ES|QL and Query DSL, exactly or saying what was lost.
//   - Package sync has the interfaces Source and Sink and the Engine between them;
//     its sub-packages read and write recordings and test your own sources and sinks.
//   - Package opencti is the live stream, the connector's registration and its state.
//   - Package elastic writes documents, sets up the index, sweeps what has expired;
//     its sub-package kibana writes rules.
//   - Command opencti-elastic only wires these.
//
// Packages opencti/openctitest and elastic/elastictest are servers for tests, in
// the manner of net/http/httptest, as strict as the real ones.
//
// # What is promised
//
//  1. Exactly once in effect. Delivery is at least once; one document and one rule
//     an object, by an id that never changes; each write carries its event's
//     place in the stream as its version, so that an older event never overwrites a newer one.
//  2. The checkpoint moves only over events that every sink has acknowledged, without gaps.
//  3. The order of one object's events is kept; different objects go in parallel.
//  4. Nothing is dropped in silence. What may pass is tried again for as long as
//     it takes and holds the stream; what can never succeed goes to the dead letters with its reason.
//  5. No sink waits for another: each goes at its own pace from its own checkpoint.
//  6. Memory is bounded by configuration, not by backlog, event size or the length of an outage.
//  7. Only what is ours is touched, and an analyst's edits of a rule survive.
//  8. No value of the intelligence is ever spliced into a query or an address unescaped.
//  9. Secrets never reach a log, an error or a file.
//
// # Where to start reading
//
// sync/change.go and sync/sink.go are the words everything else is written in; then
// cmd/opencti-elastic/run.go shows how the parts are put together.
package openctielastic
