package query

import "github.com/opencti-elastic/opencti-elastic/stix/pattern"

// verdict is what is known of a comparison before any event is seen.
type verdict uint8

const (
	depends  verdict = iota // on the value: see the test
	always                  // every value satisfies it
	never                   // no value does
	mismatch                // the operator or literal makes no sense for the field's type
)

// holds is the meaning of a comparison's positive form for one class of field.
type holds struct {
	verdict verdict
	test    *test
	// strict is the test to negate, where it differs: what surely holds.
	strict *test
	reason string // of a mismatch
}

// comparison gives the OR over the fields of the path.
func (c *compiler) comparison(cmp *pattern.Comparison) (node, *opaque) {
	e := c.mapping.lookup(&cmp.Path)
	if e == nil {
		return node{}, &opaque{*causeOf(cmp), true, "no event field carries it"}
	}
	if c.asEvents && isTLSH(&cmp.Path) {
		spelt := *e
		spelt.transform = AsIs // all spellings are there, in their own letter case
		e = &spelt
	}
	op, negated := cmp.Op, cmp.Negated
	if op == pattern.NotEqual {
		op, negated = pattern.Equal, !negated
	}
	if op == pattern.Exists && negated {
		return node{}, &opaque{*causeOf(cmp), false, "an event that lacks a field doesn't show that the property is absent"}
	}
	var known [classes]holds
	var done [classes]bool
	cause := causeOf(cmp)
	kids := make([]node, 0, len(e.targets))
	dead, senseless := "", true
	for _, t := range e.targets {
		cl := t.field.class
		if cl == classWhole || !done[cl] { // whole numbers differ in their limits
			known[cl], done[cl] = c.hold(cmp, op, e, t.field), true
		}
		h := &known[cl]
		like := node{kind: nodeLeaf, entities: t.entities, field: t.field, cause: cause}
		switch n, why := h.leaf(like, negated); n.kind {
		case nodeNothing:
			if h.verdict != mismatch || dead == "" {
				dead = why
			}
			senseless = senseless && h.verdict == mismatch
		case nodeLeaf, nodeAll, nodeAny:
			kids = append(kids, n)
		}
	}
	switch {
	case len(kids) > 0:
	case senseless:
		return node{}, &opaque{*cause, false, dead}
	default:
		return c.cannot(*cause, dead), nil
	}
	return anyOf(kids), nil
}

// leaf makes the node of the comparison or of its negation for the field of
// the given leaf: nothing, and why, where no value can satisfy it.
func (h *holds) leaf(like node, negated bool) (n node, why string) {
	switch {
	case h.verdict == mismatch, h.verdict == never && !negated:
		return node{}, h.reason
	case h.verdict == always && negated:
		return node{}, "every value is ruled out"
	case h.verdict != depends:
		return leaf(like, present, false), ""
	case negated && h.strict == noValue:
		return leaf(like, present, false), ""
	case negated && h.strict != nil:
		return leaf(like, h.strict, true), ""
	}
	return leaf(like, h.test, negated), ""
}

// hold gives the meaning of the positive form for a field.
func (c *compiler) hold(cmp *pattern.Comparison, op pattern.Op, e *entry, f *field) holds {
	if op == pattern.Exists {
		return holds{verdict: always}
	}
	if e.transform == IPOrDomain {
		switch addresses := countAddresses(cmp); {
		case f.class == classIP && addresses == 0:
			return mismatched("a text that is no address is looked for in the other fields only")
		case f.class == classText && addresses > 0 && addresses == len(literals(cmp)):
			return mismatched("an address is looked for in address fields only")
		}
	}
	switch f.class {
	case classText:
		return textHolds(cmp, op, e.transform)
	case classIP:
		return addressHolds(cmp, op)
	case classWhole:
		return wholeHolds(cmp, op, f.typ)
	case classReal:
		return realHolds(cmp, op)
	case classBoolean:
		return booleanHolds(cmp, op)
	case classDate:
		return dateHolds(cmp, op)
	case classes:
	}
	return holds{verdict: mismatch, reason: "unknown type of field"}
}

// literals returns the literals of a comparison.
func literals(cmp *pattern.Comparison) []pattern.Literal {
	if cmp.Op == pattern.In {
		return cmp.Set
	}
	return []pattern.Literal{cmp.Value}
}

// countAddresses counts the literals that are addresses or blocks of addresses.
func countAddresses(cmp *pattern.Comparison) int {
	count := 0
	for _, l := range literals(cmp) {
		if _, ok := network(l.Text); ok {
			count++
		}
	}
	return count
}

func mismatched(reason string) holds { return holds{verdict: mismatch, reason: reason} }

func impossible(reason string) holds { return holds{verdict: never, reason: reason} }

// oneOf is the test for equality with one of the values; never when there are none.
func oneOf(values []value, reason string) holds {
	if len(values) == 0 {
		return impossible(reason)
	}
	return holds{test: &test{op: testOneOf, values: values}}
}

// ordered is the test of an order comparison with one bound.
func ordered(op pattern.Op, v value) holds {
	t := &test{op: testRange}
	switch op {
	case pattern.Less, pattern.LessOrEqual:
		t.hi = bound{v, true, op == pattern.LessOrEqual}
	case pattern.Greater, pattern.GreaterOrEqual:
		t.lo = bound{v, true, op == pattern.GreaterOrEqual}
	}
	return holds{test: t}
}

func isOrder(op pattern.Op) bool {
	return op == pattern.Less || op == pattern.LessOrEqual || op == pattern.Greater || op == pattern.GreaterOrEqual
}

const addressOnly = "ISSUBSET and ISSUPERSET compare addresses; no mapped field holds any"
