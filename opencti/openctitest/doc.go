// Package openctitest is an OpenCTI that streams, for tests, in the manner of net/http/httptest.
//
//	server := openctitest.NewServer(openctitest.Options{})
//	defer server.Close()
//	server.Append(openctitest.History(1, 1000)...)
//	stream, err := opencti.NewStream(opencti.Config{URL: server.URL, Token: server.Token, StreamID: server.StreamID})
//
// It keeps the rules of the platform that catch clients out: ids that repeat, exclusive resume,
// recovery from a database that knows no deletions and dates by another clock, dependencies once a
// connection, heartbeats with the platform's clock, clean ends when access ends, GraphQL
// that refuses unknown fields with HTTP status 200, a reset of the connector's state through a ping.
// [Server.Fail] makes it fail on command: cut, stall, repeat, refuse, end, slow down, answer with a status or an error event.
//
// [History] makes a deterministic history of all common kinds of object, and [Fold] says what a
// target must hold after it.
package openctitest
