package ecs

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// The functions here take apart texts that hold more than one value, or one of another kind
// than their path says. Each returns nil for a text that is as its path says.

func equals(c *pattern.Comparison, path *pattern.ObjectPath, literals ...pattern.Literal) *pattern.Comparison {
	e := &pattern.Comparison{Span: c.Span, Path: *path, Op: pattern.Equal}
	if len(literals) > 1 {
		e.Op, e.Set = pattern.In, literals
		return e
	}
	e.Value = literals[0]
	return e
}

func (n Spellings) literals(c *pattern.Comparison) []pattern.Literal {
	out := make([]pattern.Literal, 0, 1+len(n.Others))
	for _, s := range n.all() {
		out = append(out, pattern.Literal{Span: c.Span, Kind: pattern.String, Text: s})
	}
	return out
}

func both(c *pattern.Comparison, a, b pattern.Expr) pattern.Expr {
	return &pattern.Junction{Span: c.Span, Op: pattern.AllOf, Operands: []pattern.Expr{a, b}}
}

func port(c *pattern.Comparison, property, number string) pattern.Expr {
	return equals(c, pathOf("network-traffic", property), pattern.Literal{Span: c.Span, Kind: pattern.Integer, Text: number})
}

// splitAddress: 203.0.113.9:8080 is a service, which one connects to.
func splitAddress(c *pattern.Comparison, text string) pattern.Expr {
	host, number, ok := splitPort(text)
	if !ok {
		return nil
	}
	n, err := AddressValue.Normalise(host)
	if err != nil {
		return nil
	}
	return both(c, equals(c, pathOf("network-traffic", "dst_ref", "value"), n.literals(c)...), port(c, "dst_port", number))
}

// splitDomain: a URL is none of its host, and evil.example:8080 is a service of it.
func splitDomain(c *pattern.Comparison, text string) pattern.Expr {
	if strings.Contains(text, "://") || strings.Contains(text, "[:]//") {
		if n, err := URLValue.Normalise(text); err == nil {
			return equals(c, pathOf("url", "value"), n.literals(c)...)
		}
	}
	host, number, ok := splitPort(text)
	if !ok {
		return nil
	}
	n, err := DomainValue.Normalise(host)
	if err != nil {
		return nil
	}
	return both(c, equals(c, &c.Path, n.literals(c)...), port(c, "dst_port", number))
}

// splitReference: a reference leads to an address, a name or a MAC address, perhaps with a port.
func splitReference(c *pattern.Comparison, text string) pattern.Expr {
	host, number, hasPort := splitPort(text)
	if hasPort && typeOfValue(text) == "mac-addr" || !hasPort {
		host, hasPort = text, false
	}
	kind := DomainValue
	switch typeOfValue(host) {
	case "ipv4-addr", "ipv6-addr":
		kind = BlockValue
	case "mac-addr":
		kind = MACValue
	}
	n, err := kind.Normalise(host)
	if err != nil || !hasPort && n.Canonical == text && n.Others == nil {
		return nil
	}
	value := equals(c, &c.Path, n.literals(c)...)
	if !hasPort {
		return value
	}
	property := "dst_port"
	if c.Path.Steps[0].Name == "src_ref" {
		property = "src_port"
	}
	return both(c, value, port(c, property, number))
}

// splitFileName: a name with directories before it is a path; one that begins below some directory is the end of one.
func splitFileName(c *pattern.Comparison, text string) pattern.Expr {
	path := pathText(text)
	switch {
	case path == "":
		return nil
	case !strings.ContainsAny(path, `/\`):
		if path == text {
			return nil
		}
		return equals(c, &c.Path, pattern.Literal{Span: c.Span, Text: path})
	case isAbsolute(path) || strings.ContainsAny(path, "%_"):
		return equals(c, pathOf("file", "path"), pattern.Literal{Span: c.Span, Text: path})
	}
	separator := "/"
	if strings.IndexByte(path, '\\') >= 0 {
		separator = `\`
	}
	return &pattern.Comparison{Span: c.Span, Path: *pathOf("file", "path"), Op: pattern.Like, Value: pattern.Literal{Span: c.Span, Text: "%" + separator + path}}
}

// splitAccount: CORP\bob and bob@corp.example are a user of a domain; some events have the whole for a name.
func splitAccount(c *pattern.Comparison, text string) pattern.Expr {
	text = strings.TrimSpace(text)
	domain, user, found := strings.Cut(text, `\`)
	if !found {
		user, domain, found = strings.Cut(text, "@")
	}
	if !found || user == "" || domain == "" || domain == "." || strings.ContainsAny(user, `\@`) || strings.ContainsAny(domain, `\@`) {
		return nil
	}
	login := pathOf("user-account", "account_login")
	literal := func(s string) pattern.Literal { return pattern.Literal{Span: c.Span, Text: s} }
	return &pattern.Junction{Span: c.Span, Op: pattern.AnyOf, Operands: []pattern.Expr{
		equals(c, pathOf("user-account", "user_id"), literal(text)),
		both(c, equals(c, login, literal(user)), equals(c, pathOf("user-account", "domain"), literal(domain))),
	}}
}

// splitCertificate: the platform's generator puts a certificate's hash where a value would be.
func splitCertificate(c *pattern.Comparison, text string) pattern.Expr {
	hash := hashText(withoutSeparators.Replace(strings.TrimSpace(text)))
	name := ""
	for _, a := range [...]string{"MD5", "SHA-1", "SHA-256"} {
		if known := findAlgorithm(a); known.valid(hash) {
			name = a
		}
	}
	if name == "" {
		return nil
	}
	return equals(c, pathOf("x509-certificate", "hashes", name), pattern.Literal{Span: c.Span, Text: hash})
}
