// Command opencti-elastic keeps Elastic Security in step with an OpenCTI live stream.
//
//	opencti-elastic                       follow the stream, as the environment says
//	opencti-elastic replay --out DIR F    a STIX bundle as documents and rules in files
//	opencti-elastic convert queries       patterns on standard input as KQL, Lucene, EQL, ES|QL and Query DSL
//	opencti-elastic help                  all commands
//
// Each file is a command; what they share is in wire.go and the packages below internal.
package main
