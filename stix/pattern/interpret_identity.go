package pattern

import (
	"slices"
	"strings"
)

// entity is one object that comparisons of an observation speak of: that of the object type,
// or what a path of references leads to from it.
type entity struct {
	object string
	prefix []Step
}

func (e entity) is(o entity) bool { return e.object == o.object && slices.Equal(e.prefix, o.prefix) }

// holds reports whether a path is of the entity.
func (e entity) holds(p *ObjectPath) bool {
	return p.Object == e.object && len(p.Steps) > len(e.prefix) && slices.Equal(p.Steps[:len(e.prefix)], e.prefix)
}

// identifier is a comparison with the hash of a file.
type identifier struct {
	file      entity
	algorithm string
}

// contentHashes is the algorithms of which two different files never have the same hash; the
// similarity hashes (SSDEEP, TLSH, IMPHASH) are not among them.
var contentHashes = [...]string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3224", "sha3256", "sha3384", "sha3512"}

// identifierOf returns the file and algorithm that the path of a hash speaks of. A list's
// elements ([*]) may be different files, so that none of them is identified.
func identifierOf(p *ObjectPath) (identifier, bool) {
	at := len(p.Steps) - 2
	if at < 0 || p.Steps[at].Kind != Property || p.Steps[at].Name != "hashes" || p.Steps[at+1].Kind != Property {
		return identifier{}, false
	}
	id := identifier{entity{p.Object, p.Steps[:at]}, hashName(p.Steps[at+1].Name)}
	if !slices.Contains(contentHashes[:], id.algorithm) || slices.ContainsFunc(id.file.prefix, func(s Step) bool { return s.Kind == AnyIndex }) {
		return identifier{}, false
	}
	for _, t := range referenced(p.Object, id.file.prefix) {
		if t == "file" || t == "artifact" {
			return id, true
		}
	}
	return identifier{}, false
}

// hashName compares the names of algorithms: SHA-256, sha256 and SHA_256 are one.
func hashName(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
}

// identity joins by OR what identifies one file by its hashes, and leaves out what else is
// said of that file. Two different values of one algorithm are of two files, so that
// nothing satisfies both.
//
// What an author rules out (a != or NOT) stays asked: it is an exception and no
// description. A ruled out hash is the exception, since the file has its own.
func (i *interpreter) identity(operands []Expr) (meant []Expr, possible bool) {
	meant = operands
	for _, file := range files(operands) {
		if meant, possible = i.identify(meant, file); !possible {
			return nil, false
		}
	}
	return meant, true
}

// files is the files of which the operands ask for a hash.
func files(operands []Expr) []entity {
	var out []entity
	for _, e := range operands {
		for c := range comparisons(e) {
			if id, ok := identifierOf(&c.Path); ok && c.IsEquality() && !slices.ContainsFunc(out, id.file.is) {
				out = append(out, id.file)
			}
		}
	}
	return out
}

// role is what an operand of an AND says of a file.
type role uint8

const (
	elsewhere   role = iota // something that is not, or not only, of the file, or rules something out
	identifying             // nothing but its hashes, at least one of which it must have
	excluding               // a hash that it must not have
	describing              // something else of it
)

func (i *interpreter) identify(operands []Expr, file entity) ([]Expr, bool) {
	roles := make([]role, len(operands))
	identified := false
	for n, e := range operands {
		roles[n] = roleOf(e, file)
		identified = identified || roles[n] == identifying || identifies(e, file)
	}
	if !identified || len(operands) < 2 {
		return operands, true
	}
	kept := slices.Clone(operands)
	for n, e := range operands { // what one of them asks of an algorithm holds for all
		judge := hashJudge(e, file, roles[n])
		for k := range kept {
			if k == n || judge == nil || kept[k] == nil || roles[k] == excluding {
				continue
			}
			left, _ := restrict(kept[k], judge)
			if left == nil {
				for c := range comparisons(e) {
					i.out.Impossible = append(i.out.Impossible, remarkOn(c, "no file has two hashes of one algorithm"))
					break
				}
				return nil, false
			}
			kept[k] = left
		}
	}
	return i.merge(kept, roles), true
}

// merge joins the operands that identify the file, in the place of the first, and leaves out those that describe it.
func (i *interpreter) merge(operands []Expr, roles []role) []Expr {
	var hashes []Expr
	first, identifiers := -1, 0
	meant := make([]Expr, 0, len(operands))
	for n, e := range operands {
		switch roles[n] {
		case elsewhere:
			meant = append(meant, e)
		case identifying:
			if identifiers++; first < 0 {
				first = len(meant)
				meant = append(meant, nil)
			}
			for c := range comparisons(e) {
				if !slices.ContainsFunc(hashes, func(have Expr) bool { return sameEquality(have.(*Comparison), c) }) {
					hashes = append(hashes, c)
				}
			}
		case excluding, describing:
			for c := range comparisons(e) {
				i.out.Implied = append(i.out.Implied, c)
				i.out.Assumed = append(i.out.Assumed, remarkOn(c, "not asked, since the file's hash identifies it"))
			}
		}
	}
	if first >= 0 {
		meant[first] = junctionOf(AnyOf, hashes)
		if identifiers > 1 && len(hashes) > 1 {
			i.out.Assumed = append(i.out.Assumed, remarkOn(hashes[0].(*Comparison), "any hash of the file is enough, since each identifies it"))
		}
	}
	return meant
}

// sameEquality reports whether two comparisons with one value each are the same.
func sameEquality(a, b *Comparison) bool {
	return a.Op != In && b.Op != In && samePath(&a.Path, &b.Path) && a.Value.Kind == b.Value.Kind && a.Value.Text == b.Value.Text
}

// roleOf returns what an operand says of the file.
func roleOf(e Expr, file entity) role {
	hashes, equal, positive := true, true, true
	for c := range comparisons(e) {
		if !file.holds(&c.Path) {
			return elsewhere
		}
		id, ok := identifierOf(&c.Path)
		hashes = hashes && ok && id.file.is(file)
		equal = equal && c.IsEquality()
		positive = positive && c.IsPositive()
	}
	_, single := e.(*Comparison)
	switch {
	case hashes && equal:
		return identifying
	case hashes && single && isInequality(e.(*Comparison)):
		return excluding
	case positive:
		return describing
	}
	return elsewhere
}

// isInequality reports whether the comparison rules out values: != and NOT IN.
func isInequality(c *Comparison) bool {
	return !c.IsPositive() && (c.Op == Equal || c.Op == NotEqual || c.Op == In)
}

// identifies reports whether whatever satisfies the expression has a certain hash.
func identifies(e Expr, file entity) bool {
	switch e := e.(type) {
	case *Comparison:
		id, ok := identifierOf(&e.Path)
		return ok && id.file.is(file) && e.IsEquality()
	case *Junction:
		if e.Op == AllOf {
			return slices.ContainsFunc(e.Operands, func(e Expr) bool { return identifies(e, file) })
		}
		return !slices.ContainsFunc(e.Operands, func(e Expr) bool { return !identifies(e, file) })
	}
	return false
}

// hashJudge narrows other operands to the hashes that an operand of one algorithm allows, or
// does not rule out. It is nil for an operand that says nothing of that kind.
func hashJudge(e Expr, file entity, is role) func(*Comparison) (Expr, bool) {
	if is != identifying && is != excluding {
		return nil
	}
	algorithm := ""
	said := map[string]bool{}
	for c := range comparisons(e) {
		id, _ := identifierOf(&c.Path)
		if algorithm != "" && id.algorithm != algorithm {
			return nil
		}
		algorithm = id.algorithm
		for l := range c.Literals() {
			said[hashKey(l.Text)] = true
		}
	}
	return func(c *Comparison) (Expr, bool) {
		id, ok := identifierOf(&c.Path)
		if !ok || id.algorithm != algorithm || !id.file.is(file) || !c.IsEquality() {
			return c, false
		}
		var kept []Literal
		for l := range c.Literals() {
			if said[hashKey(l.Text)] == (is == identifying) {
				kept = append(kept, l)
			}
		}
		switch {
		case len(kept) == 0:
			return nil, false
		case c.Op == In && len(kept) < len(c.Set):
			return c.withLiterals(kept), false
		}
		return c, false
	}
}

// hashKey compares hashes without letter case and blanks around them.
func hashKey(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
