package query

import (
	"math/bits"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// compiler turns one pattern into the middle form, for all languages at once.
type compiler struct {
	mapping  *Mapping
	wider    bool
	asEvents bool
	losses   []Loss
	// never is the first comparison, if any, that no event can satisfy: the
	// reason to give if that is so for the whole.
	never *opaque
}

// cannot notes that no event can satisfy something, which makes it nothing.
func (c *compiler) cannot(cause cause, reason string) node {
	if c.never == nil {
		c.never = &opaque{cause: cause, reason: reason}
	}
	return node{}
}

// meaning is a compiled part of an observation.
type meaning struct {
	node   node
	object string // the type that all comparisons in it are of; empty when they differ
	opaque *opaque
}

func (c *compiler) expr(e pattern.Expr) meaning {
	switch e := e.(type) {
	case *pattern.Comparison:
		n, o := c.comparison(e)
		return meaning{n, e.Path.Object, o}
	case *pattern.Junction:
		parts := make([]meaning, len(e.Operands))
		object := ""
		for i, operand := range e.Operands {
			parts[i] = c.expr(operand)
			if i == 0 {
				object = parts[i].object
			} else if object != parts[i].object {
				object = ""
			}
		}
		if e.Op == pattern.AnyOf {
			n, o := c.either(parts)
			return meaning{n, object, o}
		}
		n, o := c.every(e, parts)
		return meaning{n, object, o}
	}
	return meaning{opaque: &opaque{reason: "unknown kind of expression"}}
}

// either is OR. What no event field carries can't be searched: it is left out
// and named. What can be searched but not said must not be left out.
func (c *compiler) either(parts []meaning) (node, *opaque) {
	kids := make([]node, 0, len(parts))
	var lost *opaque
	for i := range parts {
		o := parts[i].opaque
		switch {
		case o == nil:
			kids = append(kids, parts[i].node)
		case !o.unmapped:
			return node{}, o
		default:
			lost = o
		}
	}
	if len(kids) == 0 {
		return node{}, lost
	}
	for i := range parts {
		if o := parts[i].opaque; o != nil {
			c.losses = append(c.losses, o.loss("alternative left out: "))
		}
	}
	return anyOf(kids), nil
}

// every is AND. What can't be said is left out if the caller allows it, since that widens.
func (c *compiler) every(e *pattern.Junction, parts []meaning) (node, *opaque) {
	kept := make([]meaning, 0, len(parts))
	for i := range parts {
		o := parts[i].opaque
		if o == nil {
			kept = append(kept, parts[i])
		} else if !c.wider {
			return node{}, o
		}
	}
	if len(kept) == 0 {
		return node{}, parts[0].opaque
	}
	for i := range parts {
		if o := parts[i].opaque; o != nil {
			c.losses = append(c.losses, o.loss("condition left out: "))
		}
	}
	return all(c.byEntity(e, kept)), nil
}

// byEntity joins what is about one object type entity by entity, so that a
// name and a hash are those of one file.
func (c *compiler) byEntity(e *pattern.Junction, parts []meaning) []node {
	kids := make([]node, 0, len(parts))
	done := make(map[string]bool, 1)
	for i := range parts {
		object := parts[i].object
		entities := c.mapping.entities[object]
		if object == "" || entities < 2 {
			kids = append(kids, parts[i].node)
			continue
		}
		if done[object] {
			continue
		}
		done[object] = true
		var group []node
		for j := i; j < len(parts); j++ {
			if parts[j].object == object {
				group = append(group, parts[j].node)
			}
		}
		if len(group) == 1 || repeatsPath(e, object) {
			kids = append(kids, group...)
			continue
		}
		kids = append(kids, splitEntities(group, entities))
	}
	return kids
}

// splitEntities is the OR, over the entities, of the group's AND on that
// entity; the plain AND where no entity can satisfy it.
func splitEntities(group []node, entities int) node {
	alternatives := make([]node, 0, entities)
	for _, e := range entityOrder(&group[0], entities) {
		kids := make([]node, 0, len(group))
		for i := range group {
			kids = append(kids, group[i].restrict(1<<e))
		}
		if n := all(kids); n.kind != nodeNothing && !sharedOnly(&n) {
			alternatives = append(alternatives, n)
		}
	}
	if len(alternatives) == 0 {
		return all(group)
	}
	return anyOf(alternatives)
}

// entityOrder lists the entities as the fields of a node first name them, then the others.
func entityOrder(n *node, entities int) []int {
	order := make([]int, 0, entities)
	seen := uint32(0)
	n.leaves(func(l *node) {
		if bits.OnesCount32(l.entities) == 1 && seen&l.entities == 0 {
			seen |= l.entities
			order = append(order, bits.TrailingZeros32(l.entities))
		}
	})
	for e := range entities {
		if seen&(1<<e) == 0 {
			order = append(order, e)
		}
	}
	return order
}

// sharedOnly tells whether all fields belong to every entity, so that splitting says the same again and again.
func sharedOnly(n *node) bool {
	only := true
	n.leaves(func(l *node) { only = only && bits.OnesCount32(l.entities) == 32 })
	return only
}

// repeatsPath tells whether one path of the type is asked to equal two values:
// the author thinks of two entities, as in "from this address to that one".
func repeatsPath(e *pattern.Junction, object string) bool {
	seen := map[string]bool{}
	for _, operand := range e.Operands {
		c, ok := operand.(*pattern.Comparison)
		if !ok || c.Path.Object != object || c.Op != pattern.Equal || c.Negated {
			continue
		}
		key := string(appendKey(nil, &c.Path))
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}
