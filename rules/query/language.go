package query

import "strconv"

// Language is a query language of Elasticsearch or Kibana.
type Language string

// The languages, in the order in which they are always listed.
const (
	KQL    Language = "kql"    // Kibana Query Language
	Lucene Language = "lucene" // query_string syntax
	EQL    Language = "eql"    // Event Query Language
	ESQL   Language = "esql"   // ES|QL
	DSL    Language = "dsl"    // Query DSL, as JSON
)

// Languages returns all languages, in the order in which they are listed.
func Languages() []Language {
	return []Language{KQL, Lucene, EQL, ESQL, DSL}
}

// String is the language's usual name.
func (l Language) String() string {
	switch l {
	case KQL:
		return "KQL"
	case Lucene:
		return "Lucene"
	case EQL:
		return "EQL"
	case ESQL:
		return "ES|QL"
	case DSL:
		return "Query DSL"
	}
	return string(l)
}

// Loss is something that a query does not say although the pattern does. A
// query with a loss matches more than the pattern, but for one case: a path in
// an OR that no event field carries can't be searched at all.
type Loss struct {
	// At is the byte offset in the pattern's text of what was lost.
	At int `json:"at"`
	// Path is the object path that was lost; empty when an operator or a qualifier was.
	Path string `json:"path,omitempty"`
	// Why says what was lost, and why.
	Why string `json:"why"`
}

// UntranslatableError says why no honest query exists.
type UntranslatableError struct {
	// Path is the object path at fault; empty when an operator or a qualifier is.
	Path string
	// Language is the language that can't say it; empty when none can.
	Language Language
	// At is the byte offset in the pattern's text.
	At int
	// Reason says why, and what would help.
	Reason string
}

// Error implements error.
func (e *UntranslatableError) Error() string {
	s := "untranslatable"
	if e.Language != "" {
		s += " to " + e.Language.String()
	}
	if e.Path != "" {
		s += ": " + e.Path
	}
	return s + " at offset " + strconv.Itoa(e.At) + ": " + e.Reason
}
