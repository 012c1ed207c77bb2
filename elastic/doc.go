// Package elastic writes threat indicators to an index of Elasticsearch. Its sub-package kibana writes
// the detection rules.
//
// Start with [Index], the [github.com/opencti-elastic/opencti-elastic/sync.Sink] that keeps one document
// for each OpenCTI object:
//
//	client, err := elastic.NewClient(elastic.Config{URLs: []string{"https://es:9200"}, APIKey: key})
//	mapper, err := ecs.NewMapper(ecs.Options{})
//	index, err := elastic.NewIndex(elastic.IndexOptions{Client: client, Mapper: mapper})
//	engine, err := sync.NewEngine(sync.Options{Source: source, Sinks: []sync.Sink{index}})
//	err = engine.Run(ctx)
//
// [Files] writes the same as lines for _bulk, for networks without a way out. [Index.Run] removes what has
// expired, and keeps what is valid for long in the window that rules look back. [Previewer] counts what a rule
// would have matched.
//
// # What is kept
//
// A document's _id is [ecs.DocumentID] of the object's key, and every write carries the change's version
// with version_type external_gte: an older change never takes the place of a newer one, and
// the same change can come any number of times. A change is done when Elasticsearch's answer for that very item says so. Only
// documents with opencti.status, which all of ours have, are ever swept or refreshed.
//
// # The index
//
// The sink installs a component template (<index>@package) and an index template (<index>) with a version, leaves
// newer and foreign ones alone, makes the index, and adds missing fields to one that is there. Users add
// their own through <index>@custom. A write never makes an index by accident. Where the name is a data stream of
// the Python connector's making, templates stay as they are, documents are written in place under sequence numbers, and
// carry their version in opencti.version, a keyword; the connector's own documents go when their object is seen.
// Fields that an existing mapping would refuse are left out and named in the log.
//
// # Errors
//
//   - [*StatusError]: an answer that is no success, of a request or of an item. It tells by Retryable,
//     Blocked and RetryAfter what the engine should do.
//   - 408, 429, 5xx, a cut or stalled connection, an answer that is not JSON: transient.
//   - 401, 403, a wrong URL, an untrusted certificate, a missing pipeline, a template in the way: blocked, someone has to act.
//   - 400 and 413 of a request: the batch is halved until the item at fault is alone and refused.
//
// No error holds a password, a key or a URL that could hold one.
//
// The facts are those of Elasticsearch 8.19 and 9.x, _bulk, index templates and data streams; on
// serverless nothing is asked for that is not there.
package elastic
