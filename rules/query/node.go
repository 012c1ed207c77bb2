package query

// nodeKind tells what a node is.
type nodeKind uint8

const (
	nodeNothing nodeKind = iota // no event satisfies it
	nodeLeaf                    // one test of one field
	nodeAll                     // AND
	nodeAny                     // OR
)

// node is the middle form: what an event must satisfy, with every question of
// meaning decided. The printers only spell it. Nodes are never changed once made.
type node struct {
	kind nodeKind
	// negated is for a leaf: the field is there, and the test doesn't hold.
	negated bool
	// entities is, for a leaf, the entities of the field.
	entities uint32
	field    *field
	test     *test
	kids     []node
	// cause is the comparison a leaf was made of; nil for the time range of START and STOP.
	cause *cause
}

// testOp tells what a test asks of a value.
type testOp uint8

const (
	testPresent testOp = iota // any value
	testOneOf                 // equal to one of the values
	testRange                 // between the bounds
	testGlob                  // text that the glob matches whole
	testRegex                 // text that the expression matches whole

	// What follows is resolved by leaf, so that no printer sees it.
	testEither // one of the parts holds
	testBut    // the first part holds and the second doesn't
)

// test is what a field must hold.
type test struct {
	op     testOp
	values []value // testOneOf
	blocks []value // testOneOf: blocks of addresses, besides the values
	lo, hi bound   // testRange; either may be missing
	glob   glob
	regex  *regex
	parts  []*test // testEither, testBut
}

// value is a constant, written in the one form that all languages take.
type value struct {
	text  string
	bare  bool // a number or boolean: needs no quotes
	plain bool // known to hold nothing that any language escapes
}

// textValue is a constant text.
func textValue(s string) value {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return value{text: s}
		}
	}
	return value{text: s, plain: true}
}

// bareValue is a constant that stands without quotes.
func bareValue(s string) value { return value{text: s, bare: true} }

// bound is an end of a range.
type bound struct {
	value     value
	set       bool
	inclusive bool
}

var present = &test{op: testPresent}

// leaf makes the node of a test, or of its negation, for the field of the given leaf.
func leaf(like node, t *test, negated bool) node {
	if t.op != testEither && t.op != testBut {
		like.test, like.negated = t, negated
		return like
	}
	kids := make([]node, len(t.parts))
	for i, part := range t.parts {
		kids[i] = leaf(like, part, negated != (t.op == testBut && i == 1))
	}
	if (t.op == testEither) != negated {
		return anyOf(kids)
	}
	return all(kids)
}

// all joins nodes by AND: nested ANDs are flattened, and nothing stays nothing.
// The slice becomes the node's.
func all(kids []node) node {
	for i := range kids {
		if kids[i].kind == nodeNothing {
			return node{}
		}
	}
	return join(nodeAll, kids)
}

// anyOf joins nodes by OR: nested ORs are flattened, and nothing adds nothing.
// The slice becomes the node's.
func anyOf(kids []node) node { return join(nodeAny, kids) }

func join(kind nodeKind, kids []node) node {
	flat := len(kids) > 0
	for i := range kids {
		flat = flat && kids[i].kind != kind && kids[i].kind != nodeNothing
	}
	if !flat {
		made := make([]node, 0, len(kids)+4)
		for _, k := range kids {
			switch k.kind {
			case kind:
				made = append(made, k.kids...)
			case nodeNothing:
			default:
				made = append(made, k)
			}
		}
		kids = made
	}
	switch len(kids) {
	case 0:
		return node{}
	case 1:
		return kids[0]
	}
	return node{kind: kind, kids: kids}
}

// restrict keeps what can hold on the entity: leaves of other entities hold nothing.
func (n *node) restrict(entity uint32) node {
	switch n.kind {
	case nodeNothing:
		return node{}
	case nodeLeaf:
		if n.entities&entity == 0 {
			return node{}
		}
		return *n
	case nodeAll, nodeAny:
	}
	kids := make([]node, 0, len(n.kids))
	for i := range n.kids {
		kids = append(kids, n.kids[i].restrict(entity))
	}
	if n.kind == nodeAll {
		return all(kids)
	}
	return anyOf(kids)
}

// leaves calls yield for every leaf.
func (n *node) leaves(yield func(*node)) {
	if n.kind == nodeLeaf {
		yield(n)
	}
	for i := range n.kids {
		n.kids[i].leaves(yield)
	}
}

// depth is the number of AND and OR that enclose one another.
func (n *node) depth() int {
	deepest := 0
	for i := range n.kids {
		deepest = max(deepest, n.kids[i].depth())
	}
	if n.kind == nodeAll || n.kind == nodeAny {
		deepest++
	}
	return deepest
}

// clauses is the number of clauses that Elasticsearch counts: one for each value, and one for the presence of a field.
func (n *node) clauses() int {
	if n.kind == nodeLeaf {
		count := max(1, len(n.test.values)+len(n.test.blocks))
		if n.negated {
			count++
		}
		return count
	}
	count := 0
	for i := range n.kids {
		count += n.kids[i].clauses()
	}
	return count
}
