package pattern

import "time"

// Span is the part of the pattern's text that a node was read from: byte
// offsets, Start inclusive, End exclusive. Nodes built by hand have a zero Span.
type Span struct {
	Start, End int
}

// Version is a version of the patterning language.
type Version string

// The versions of the language that the package reads.
const (
	V20 Version = "2.0" // STIX 2.0, part 5
	V21 Version = "2.1" // STIX 2.1, section 9
)

// Pattern is a parsed pattern.
type Pattern struct {
	// Text is what was parsed; empty for a pattern built by hand.
	Text string
	// Version is the version of the language it was read as.
	Version Version
	// Root is the whole observation expression.
	Root Observation
}

// Observation is a node above or at the square brackets: one of *Observed,
// *Combined and *Qualified, always listed in that order.
type Observation interface {
	observation()
	// Range tells where the node stands in the pattern's text.
	Range() Span
}

// Observed is one observation expression: a comparison expression in square
// brackets. It is satisfied by one observation.
type Observed struct {
	Span
	Expr Expr
}

// Combined joins observation expressions by one operator. Operands of the same
// operator that stand side by side without parentheses are in one node; for
// FOLLOWEDBY they are ordered in time from left to right.
type Combined struct {
	Span
	Op       ObservationOp
	Operands []Observation // at least two
}

// Qualified is an observation expression with a qualifier behind it. Several
// qualifiers nest: the last one written is the outermost.
type Qualified struct {
	Span
	Operand   Observation
	Qualifier Qualifier
}

func (*Observed) observation()  {}
func (*Combined) observation()  {}
func (*Qualified) observation() {}

// Range implements [Observation] and [Expr].
func (s Span) Range() Span { return s }

// ObservationOp is an observation operator.
type ObservationOp uint8

// The observation operators, the one that binds closest first.
const (
	And ObservationOp = iota
	Or
	FollowedBy
)

// Qualifier is one of *Within, *Repeats and *StartStop, always listed in that order.
type Qualifier interface {
	qualifier()
	Range() Span
}

// Within bounds the time between the first and the last observation that satisfy the operand.
type Within struct {
	Span
	// Seconds is at least zero. The grammar allows a fraction, and zero.
	Seconds float64
	// Text is the number in its plain spelling (no plus sign, no needless zeros),
	// without loss; empty for a node built by hand, which is printed from Seconds.
	Text string
}

// Repeats asks for the operand to be satisfied that many times by distinct observations.
type Repeats struct {
	Span
	// Times is at least 1 in a pattern that can match; the grammar allows 0.
	// A number too large for an int is the largest int.
	Times int
	// Text is the number in its plain spelling, without loss; empty for a node
	// built by hand, which is printed from Times.
	Text string
}

// StartStop bounds the observations: Start <= t < Stop.
type StartStop struct {
	Span
	Start, Stop time.Time
	// StartText and StopText are the timestamps as written, since the grammar
	// allows finer fractions than a time.Time holds; empty for a node built by
	// hand, which is printed from Start and Stop.
	StartText, StopText string
}

func (*Within) qualifier()    {}
func (*Repeats) qualifier()   {}
func (*StartStop) qualifier() {}

// Expr is a node inside the square brackets: *Comparison or *Junction, always listed in that order.
type Expr interface {
	expr()
	Range() Span
}

// Comparison compares what an object path names with a literal.
type Comparison struct {
	Span
	Path ObjectPath
	Op   Op
	// Negated is the NOT before the operator (or before EXISTS).
	Negated bool
	// Value is the literal; unused for In and Exists.
	Value Literal
	// Set is the literals of In; it can be empty only if the grammar allows it.
	Set []Literal
}

// Junction joins comparison expressions of one observation by AND or OR.
type Junction struct {
	Span
	Op       JunctionOp
	Operands []Expr // at least two
}

func (*Comparison) expr() {}
func (*Junction) expr()   {}

// JunctionOp is AND or OR inside an observation.
type JunctionOp uint8

// The operators inside an observation.
const (
	AllOf JunctionOp = iota // AND
	AnyOf                   // OR
)

// Op is a comparison operator.
type Op uint8

// The comparison operators. Equal is = or ==, NotEqual is != or <>.
const (
	Equal Op = iota
	NotEqual
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	In
	Like
	Matches
	IsSubset
	IsSuperset
	Exists
)

// ObjectPath names a property: the object's type, then the steps to it.
type ObjectPath struct {
	Object string // "ipv4-addr"
	Steps  []Step // at least one
}

// StepKind tells what a [Step] is.
type StepKind uint8

// The kinds of step.
const (
	Property StepKind = iota // .name or .'quoted name'
	Index                    // [0], [-1]
	AnyIndex                 // [*]
)

// Step is one step of an object path.
type Step struct {
	Kind  StepKind
	Name  string // of a Property, without quotes and escapes
	Index int64  // of an Index; one too large for an int64 is the largest
}

// LiteralKind tells what a [Literal] is.
type LiteralKind uint8

// The kinds of literal.
const (
	String    LiteralKind = iota // 'text'
	Integer                      // 12, of any length
	Float                        // 1.5
	Boolean                      // true
	Timestamp                    // t'2026-11-23T15:12:20Z'
	Hex                          // h'00ff'
	Binary                       // b'AP8='
)

// Literal is a constant of a pattern.
type Literal struct {
	Span
	Kind LiteralKind
	// Text is the value: of a String its text without quotes and escapes, of a
	// Timestamp, Hex or Binary what stands between the quotes, of a number its
	// plain decimal spelling (+1 is 1, .5 is 0.5, 1.50 is 1.5; never rounded), of a
	// Boolean "true" or "false".
	Text string
}
