// Package record reads recorded streams and STIX files as a [sync.Source], and
// writes recordings.
//
//	source, err := record.Open("stream.ndjson.gz", "bundle.json")
//	if err != nil {
//		return err
//	}
//	for change, err := range source.Changes(ctx, nil) { … } // or give it to sync.NewEngine
//
// A file can be any of these, plain or gzip; which one is found out by looking
// into it, and files of different kinds can be mixed:
//
//   - a recorded stream, one event a line: {"id":"1795446740123-0","event":"create","data":{…}},
//     with OpenCTI's envelope as data; id can be missing, change_version says where a
//     version is not that of the id, other members are ignored;
//   - envelopes, STIX objects, bundles or dead letters, one a line;
//   - a STIX bundle, an answer of a TAXII server, or an array of objects, on any number
//     of lines and of any size: objects are read one by one.
//
// A line that cannot be read becomes a change of the operation [sync.Invalid] that names
// file and line, and the next line goes on. A file that breaks off (a cut gzip, a fault
// of the disk, broken JSON in a bundle) gives what it has, the next files follow, and
// an error ends the sequence.
//
// An event's id is its position. What has none comes after all that stands before
// it: its position counts on from the last one, beginning at the time the source was
// made. So a bundle replaces what a stream has written before, and a later stream event replaces the bundle's object.
//
// A bundle has no order. [Source.Learn] has the authors and markings of bundles known before the objects that
// refer to them.
//
// [Writer] writes recorded streams; [Sink] does so behind an engine.
package record
