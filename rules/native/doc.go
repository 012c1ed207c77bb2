// Package native checks queries that people wrote in a query language of Elastic, and finds
// out what a rule must know of them.
//
// Start with [Check]:
//
//	if err := native.Check(query.EQL, "process where process.name = \"cmd.exe\""); err != nil {
//		return err // a *SyntaxError: EQL query: line 1, column 28: …
//	}
//
// Each language has a lexer and a parser of its own. They read the structure: quotes,
// brackets, operators, commands and what must stand around them. They do not know which
// fields and functions there are, of which type something is, nor what a version of
// Elasticsearch added last. So what is refused cannot run, and what is taken may still be
// refused by the server. Where Kibana and Elasticsearch read KQL differently, Kibana's
// reading counts, as its rules are run by it.
//
// [IsSequence] and [MaxSpan] say how an EQL query relates events. [WithMetadata] completes
// the METADATA of ES|QL, without which a rule raises the same alerts at each run.
// [Sources] says what a query of ES|QL reads besides events.
//
// Facts are from the grammars of Kibana's KQL, Lucene's classic query parser, and
// Elasticsearch's EQL and ES|QL of 8.19. KQL and Lucene are held against that server's verdicts in the tests.
package native
