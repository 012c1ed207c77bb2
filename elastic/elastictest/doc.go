// Package elastictest has stand-ins for Elasticsearch and Kibana, in the manner of net/http/httptest, for
// tests of whatever writes threat indicators or detection rules.
//
//	s := elastictest.NewElasticsearch(elastictest.Options{})
//	defer s.Close()
//	s.Inject(elastictest.Fault{Match: elastictest.Bulk, Every: 20, Status: 429})
//	// … let the program under test write to s.URL …
//	docs := s.Documents("logs-ti_custom_opencti.indicator")
//
// [Elasticsearch] keeps the rules that catch clients out: external versions and their conflicts, deletions that
// are remembered for a minute, an answer for each item, the types of the mapping, documents that no search sees before a
// refresh, templates that forbid or shadow an index, data streams that take creates only, bodies that must end in a
// line feed. A test in this package sends the same requests to a real Elasticsearch and compares the answers.
// It knows the calls that a client of such indices makes (bulk, search with simple queries, count, multi-get, single documents,
// mappings, templates, data streams, resolve) and refuses all others; it scores, analyses and aggregates nothing, and ingest
// pipelines are only names to it.
//
// [Kibana] is as strict as the detection engine's interface about rules and exception lists. Both can be told to
// fail: see [Fault] and [KibanaFault].
package elastictest
