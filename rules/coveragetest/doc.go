// Package coveragetest holds patterns as people write them, with the events that a sensor sends for each
// and events that only look like them. [Shapes] returns the table:
//
//	for _, s := range coveragetest.Shapes() {
//		for _, event := range s.Events { … }
//	}
//
// The tests of the package hold documents and rules against it: each event is found by exactly one enabled
// rule, or the document says why not; no innocent event is found. The events are written by hand, in the normal
// forms of Elastic Defend, Winlogbeat with Sysmon, Packetbeat, Filebeat, Zeek and Suricata, and owe nothing to the code
// under test.
package coveragetest
