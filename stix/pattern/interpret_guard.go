package pattern

import (
	"net/netip"
	"slices"
	"strings"
)

// A guard is a condition on the type of what a reference leads to, such as
// network-traffic:dst_ref.type = 'ipv4-addr'. Beside a condition on the value of the same
// object it says nothing: an object that has the value has the type that its look says.

// guards leaves out of the operands of an AND the guards that the others settle.
func (i *interpreter) guards(operands []Expr) (meant []Expr, possible bool) {
	meant = operands
	for n := 0; n < len(meant); n++ {
		path := guarded(meant[n])
		if path == nil {
			continue
		}
		left, settled, possible := i.guard(meant[n], path, slices.Delete(slices.Clone(meant), n, n+1))
		if !possible {
			for c := range comparisons(meant[n]) {
				i.out.Impossible = append(i.out.Impossible, remarkOn(c, "the type contradicts the value beside it"))
				break
			}
			return nil, false
		}
		if settled {
			meant = left
			n = -1 // from the beginning: what is left may settle others
		}
	}
	return meant, true
}

// guarded returns a path of the guard: that of its type. It is nil for an expression that asks for more
// than the type of one object.
func guarded(e Expr) *ObjectPath {
	var path *ObjectPath
	for c := range comparisons(e) {
		last := len(c.Path.Steps) - 1
		if s := c.Path.Steps[last]; s.Kind != Property || s.Name != "type" || c.Op == Exists && c.Negated {
			return nil
		}
		if path != nil && !samePath(path, &c.Path) {
			return nil
		}
		path = &c.Path
	}
	return path
}

func samePath(a, b *ObjectPath) bool {
	return a.Object == b.Object && slices.Equal(a.Steps, b.Steps)
}

// guard narrows the other operands to what the guard lets pass, and reports whether they settle
// it, and whether anything can satisfy them all.
func (i *interpreter) guard(guard Expr, path *ObjectPath, others []Expr) (left []Expr, settled, possible bool) {
	prefix := path.Steps[:len(path.Steps)-1]
	anyElement := slices.ContainsFunc(prefix, func(s Step) bool { return s.Kind == AnyIndex })
	types := referenced(path.Object, prefix)
	judge := func(c *Comparison) (Expr, bool) {
		if c.Path.Object != path.Object || len(c.Path.Steps) <= len(prefix) || !slices.Equal(c.Path.Steps[:len(prefix)], prefix) || c.Op == Exists && c.Negated {
			return c, false
		}
		property := c.Path.Steps[len(prefix)].Name
		if len(c.Path.Steps) == len(prefix)+1 && property == "type" {
			return c, false // another guard
		}
		owners := types
		if len(prefix) > 0 {
			owners = having(types, property)
		}
		if property != "value" || !c.IsPositive() || len(c.Path.Steps) != len(prefix)+1 {
			holds, never := guardOn(guard, owners)
			if never && !anyElement {
				return nil, false
			}
			return c, holds
		}
		return i.narrow(guard, c, owners, anyElement)
	}
	for _, e := range others {
		narrowed, settles := restrict(e, judge)
		if narrowed == nil {
			return nil, false, false
		}
		settled = settled || settles
		left = appendOperand(left, AllOf, narrowed)
	}
	return left, settled, true
}

// narrow judges a comparison with values by their look.
func (i *interpreter) narrow(guard Expr, c *Comparison, owners []string, anyElement bool) (Expr, bool) {
	look := func(l Literal) []string {
		if c.Op == Like && strings.ContainsFunc(l.Text, beyondHex) {
			return slices.DeleteFunc(slices.Clone(owners), isNumeric)
		}
		if c.Op == Like || c.Op == Matches || l.Kind != String {
			return owners
		}
		if t := i.reading.TypeOf(l.Text); t != "" && (len(owners) == 0 || slices.Contains(owners, t)) {
			return []string{t}
		}
		return owners
	}
	var kept []Literal
	all, dropped := true, false
	for l := range c.Literals() {
		holds, never := guardOn(guard, look(l))
		if never && !anyElement {
			dropped = true
			continue
		}
		kept = append(kept, l)
		all = all && holds
	}
	switch {
	case len(kept) == 0 && dropped:
		return nil, false
	case dropped:
		return c.withLiterals(kept), all
	}
	return c, all && len(kept) > 0
}

// beyondHex reports whether a character stands in no value of a type that is numeric.
func beyondHex(r rune) bool { return r >= 'g' && r <= 'z' || r >= 'G' && r <= 'Z' || r > 0x7f }

// guardOn evaluates a guard on an object of one of the types: whether it holds for each of
// them, and whether it holds for none. Neither is known if the types are not.
func guardOn(guard Expr, types []string) (always, never bool) {
	always, never = len(types) > 0, len(types) > 0
	for _, t := range types {
		holds := guardHolds(guard, t)
		always, never = always && holds, never && !holds
	}
	return always, never
}

func guardHolds(e Expr, objectType string) bool {
	switch e := e.(type) {
	case *Junction:
		if e.Op == AllOf {
			return !slices.ContainsFunc(e.Operands, func(e Expr) bool { return !guardHolds(e, objectType) })
		}
		return slices.ContainsFunc(e.Operands, func(e Expr) bool { return guardHolds(e, objectType) })
	case *Comparison:
		if e.Op == Exists {
			return !e.Negated
		}
		t, err := newTest(e)
		return err == nil && t.satisfied(objectType)
	}
	return false
}

// referenced returns the types that a path of references can lead to, from what is known of
// STIX's object types: the object's own type for no reference, none if that is not known.
func referenced(object string, steps []Step) []string {
	types := []string{object}
	for n := range steps {
		if steps[n].Kind != Property {
			continue
		}
		var next []string
		for _, t := range types {
			property, known := objectTypes()[t][steps[n].Name]
			if !known || property.kind != "ref" || len(property.refs) == 0 {
				return nil
			}
			for _, ref := range property.refs {
				if !slices.Contains(next, ref) {
					next = append(next, ref)
				}
			}
		}
		types = next
	}
	return types
}

// having returns those of the types that have the property.
func having(types []string, property string) []string {
	var out []string
	for _, t := range types {
		if _, ok := objectTypes()[t][property]; ok {
			out = append(out, t)
		}
	}
	return out
}

// isNumeric reports whether the values of a type have no letters beyond hexadecimal digits.
func isNumeric(objectType string) bool {
	return objectType == "ipv4-addr" || objectType == "ipv6-addr" || objectType == "mac-addr"
}

// TypeOf returns the STIX type of an object that has such a value: ipv4-addr or ipv6-addr
// of an address or a block of them, mac-addr, url, email-addr or domain-name; "" for what looks like none.
func TypeOf(value string) string {
	address, err := netip.ParseAddr(value)
	if err != nil {
		block, blockErr := netip.ParsePrefix(value)
		address, err = block.Addr(), blockErr
	}
	switch {
	case err == nil && address.Is4():
		return "ipv4-addr"
	case err == nil:
		return "ipv6-addr"
	case isMAC(value):
		return "mac-addr"
	case strings.Contains(value, "://"):
		return "url"
	case strings.ContainsAny(value, " \t\r\n/\\:?#[]()<>\"") || strings.Trim(value, "0123456789.") == "":
		return ""
	case strings.Contains(value, "@"):
		return "email-addr"
	}
	return "domain-name"
}

// isMAC reports whether s is six or eight bytes in hexadecimal with : or - between them.
func isMAC(s string) bool {
	if len(s) != 17 && len(s) != 23 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i%3 == 2:
			if c != ':' && c != '-' {
				return false
			}
		case strings.IndexByte("0123456789abcdefABCDEF", c) < 0:
			return false
		}
	}
	return true
}
