package ecs

import (
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// spell returns the pattern with its values as events carry them and its paths as events have a
// field for them, the pattern itself where it is written so.
func spell(p *pattern.Pattern) *pattern.Pattern {
	if p == nil || p.Root == nil {
		return p
	}
	return p.Rewrite(spellComparison)
}

// shape is what is done to a comparison: what kind of value the path holds, and another
// path that means the same where that is not the one that events have.
type shape struct {
	kind Kind
	path *pattern.ObjectPath
	// split makes of a text that holds more than one value an expression of its own; nil if it holds one only.
	split func(c *pattern.Comparison, text string) pattern.Expr
}

// spellComparison spells one comparison.
func spellComparison(c *pattern.Comparison) pattern.Expr {
	s := shapeOf(&c.Path)
	if s.kind == 0 && s.split == nil {
		return c
	}
	switch c.Op {
	case pattern.Equal, pattern.NotEqual, pattern.In:
		return s.equality(c)
	case pattern.IsSubset, pattern.IsSuperset:
		if n, err := BlockValue.Normalise(c.Value.Text); err == nil && s.kind == AddressValue && n.Canonical != c.Value.Text && c.Value.Kind == pattern.String {
			return withValues(c, c.Path, []pattern.Literal{respelt(c.Value, n.Canonical)})
		}
	}
	return s.renamed(c)
}

// shapeOf finds the shape of a path, the zero shape for one that stays as it is.
func shapeOf(p *pattern.ObjectPath) shape {
	first := p.Steps[0].Name
	single := len(p.Steps) == 1
	switch p.Object {
	case "ipv4-addr", "ipv6-addr":
		if single && first == "value" {
			return shape{kind: AddressValue, split: splitAddress}
		}
	case "domain-name", "hostname":
		if single && first == "value" {
			return shape{kind: DomainValue, split: splitDomain}
		}
	case "url":
		if single && first == "value" {
			return shape{kind: URLValue}
		}
	case "email-addr":
		if single && first == "value" {
			return shape{kind: EmailValue}
		}
	case "email-message":
		if p.Steps[len(p.Steps)-1].Name == "value" {
			return shape{kind: EmailValue}
		}
	case "mac-addr":
		if single && first == "value" {
			return shape{kind: MACValue}
		}
	case "network-traffic":
		if len(p.Steps) == 2 && (first == "dst_ref" || first == "src_ref") && p.Steps[1].Name == "value" {
			return shape{split: splitReference}
		}
	case "file":
		return fileShape(p)
	case "directory":
		if single && first == "path" {
			return shape{kind: DirectoryValue}
		}
	case "windows-registry-key":
		if single && first == "key" {
			return shape{kind: RegistryValue}
		}
	case "autonomous-system":
		if single && first == "number" {
			return shape{kind: SystemValue}
		}
	case "user-account":
		return accountShape(p, single)
	case "x509-certificate":
		switch {
		case single && first == "serial_number":
			return shape{kind: SerialValue}
		case single && first == "value": // what the platform's generator makes of a certificate's hash
			return shape{split: splitCertificate}
		}
	case "media-content":
		if single && first == "url" {
			return shape{kind: URLValue, path: pathOf("url", "value")}
		}
	}
	return shape{}
}

func fileShape(p *pattern.ObjectPath) shape {
	first := p.Steps[0].Name
	switch n := len(p.Steps); {
	case n == 1 && first == "name":
		return shape{split: splitFileName}
	case n == 1 && first == "path":
		return shape{kind: PathValue}
	case n == 2 && first == "parent_directory_ref" && p.Steps[1].Name == "path":
		return shape{kind: DirectoryValue}
	case n == 2 && first == "hashes":
		switch name := p.Steps[1].Name; {
		case strings.EqualFold(name, "imphash"):
			return shape{kind: HashValue, path: pathOf("file", "extensions", "windows-pebinary-ext", "imphash")}
		case strings.EqualFold(name, "tlsh"):
			return shape{kind: TLSHValue}
		}
		return shape{kind: HashValue}
	}
	return shape{}
}

func accountShape(p *pattern.ObjectPath, single bool) shape {
	switch {
	case !single:
	case p.Steps[0].Name == "account_login":
		return shape{kind: UserValue, split: splitAccount}
	case p.Steps[0].Name == "acount_login": // so the platform's generator spells it
		return shape{kind: UserValue, path: pathOf("user-account", "account_login"), split: splitAccount}
	}
	return shape{}
}

func pathOf(object string, steps ...string) *pattern.ObjectPath {
	p := &pattern.ObjectPath{Object: object, Steps: make([]pattern.Step, len(steps))}
	for i, name := range steps {
		p.Steps[i] = pattern.Step{Kind: pattern.Property, Name: name}
	}
	return p
}

// renamed is the comparison with the shape's path.
func (s *shape) renamed(c *pattern.Comparison) pattern.Expr {
	path := s.path
	if path == nil && c.Path.Object == "file" && s.split != nil && c.Op == pattern.Like && strings.ContainsAny(c.Value.Text, `/\`) {
		path = pathOf("file", "path") // a part of a path is asked for
	}
	if path == nil {
		return c
	}
	moved := *c
	moved.Path = *path
	return &moved
}

// equality spells the values of =, != and IN. A value that is not of the path's kind stays as it is:
// no event carries it, or one does that has it to the letter.
func (s *shape) equality(c *pattern.Comparison) pattern.Expr {
	if s.path == nil && s.isSpelt(c) {
		return c
	}
	var literals []pattern.Literal
	var apart []pattern.Expr
	changed, several := s.path != nil, false
	for l := range c.Literals() {
		if s.split != nil && c.IsEquality() && l.Kind == pattern.String {
			if e := s.split(c, l.Text); e != nil {
				apart, changed = append(apart, e), true
				continue
			}
		}
		n, ok := s.spelling(l)
		if !ok {
			literals = append(literals, l)
			continue
		}
		changed, several = changed || n.Canonical != l.Text, several || len(n.Others) > 0
		literals = append(literals, respelt(l, n.Canonical))
		for _, other := range n.Others {
			literals = append(literals, respelt(l, other))
		}
	}
	if several {
		literals = distinct(literals)
		changed = changed || len(literals) > 1 && (c.Op != pattern.In || !slices.Equal(literals, c.Set))
	}
	if !changed || len(literals) == 0 && len(apart) == 0 {
		return c
	}
	path := c.Path
	if s.path != nil {
		path = *s.path
	}
	if len(literals) > 0 {
		apart = append([]pattern.Expr{withValues(c, path, literals)}, apart...)
	}
	if len(apart) == 1 {
		return apart[0]
	}
	return &pattern.Junction{Span: c.Span, Op: pattern.AnyOf, Operands: apart}
}

// isSpelt reports whether the values of a comparison are as events carry them, and in all their spellings.
func (s *shape) isSpelt(c *pattern.Comparison) bool {
	if c.Op != pattern.In {
		return s.literalIsSpelt(c, &c.Value)
	}
	for i := range c.Set {
		if !s.literalIsSpelt(c, &c.Set[i]) {
			return false
		}
	}
	return true
}

func (s *shape) literalIsSpelt(c *pattern.Comparison, l *pattern.Literal) bool {
	if l.Kind != pattern.String {
		return true
	}
	if s.split != nil && c.IsEquality() && s.split(c, l.Text) != nil {
		return false
	}
	n, ok := s.spelling(*l)
	return !ok || n.Canonical == l.Text && n.Others == nil
}

// spelling spells a literal; false if it stays as it is.
func (s *shape) spelling(l pattern.Literal) (Spellings, bool) {
	if s.kind == 0 || l.Kind != pattern.String {
		return Spellings{}, false
	}
	kind := s.kind
	if kind == AddressValue {
		kind = BlockValue
	}
	n, err := kind.Normalise(l.Text)
	return n, err == nil
}

// distinct leaves out literals whose text was there before: two of them can have a spelling in common.
func distinct(literals []pattern.Literal) []pattern.Literal {
	seen := make(map[string]bool, len(literals))
	return slices.DeleteFunc(literals, func(l pattern.Literal) bool {
		was := seen[l.Text]
		seen[l.Text] = true
		return was
	})
}

// respelt is a literal in another spelling, in its place of the text.
func respelt(l pattern.Literal, text string) pattern.Literal {
	l.Text = text
	return l
}

// withValues is a comparison of the same sense with other values: IN for several.
func withValues(c *pattern.Comparison, path pattern.ObjectPath, literals []pattern.Literal) *pattern.Comparison {
	spelt := *c
	spelt.Path = path
	switch {
	case c.Op == pattern.In || len(literals) > 1:
		spelt.Op, spelt.Negated, spelt.Value, spelt.Set = pattern.In, !c.IsPositive(), pattern.Literal{}, literals
	default:
		spelt.Value = literals[0]
	}
	return &spelt
}
