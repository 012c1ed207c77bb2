package rules

import (
	"net/netip"
	"strings"
	"unicode"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// field is a kind of field that a managed match rule joins.
type field string

const (
	fieldAddress  field = "address"
	fieldDomain   field = "domain"
	fieldURL      field = "url"
	fieldHash     field = "hash"
	fieldEmail    field = "email"
	fieldRegistry field = "registry"
	fieldFileName field = "file-name"
	fieldSerial   field = "certificate"
	fieldAS       field = "autonomous-system"
)

// covered tells whether the managed rules of the policy say all that the pattern says:
// whether it is nothing but sufficient values of kinds that they join.
func covered(root pattern.Observation, policy Policy) bool {
	kinds := make(map[field]bool)
	if !coveredObservation(root, kinds) {
		return false
	}
	if kinds[fieldRegistry] && policy == Lookup {
		return false // a key's values are joined by two fields, and LOOKUP JOIN takes one
	}
	// The domain of a URL stands in the same field as a Domain-Name: the rule of
	// domains leaves documents with a URL out.
	return !kinds[fieldDomain] || !kinds[fieldURL]
}

func coveredObservation(o pattern.Observation, kinds map[field]bool) bool {
	switch o := o.(type) {
	case *pattern.Observed:
		return coveredExpr(o.Expr, kinds)
	case *pattern.Combined:
		if o.Op != pattern.Or {
			return false
		}
		for _, operand := range o.Operands {
			if !coveredObservation(operand, kinds) {
				return false
			}
		}
		return true
	case *pattern.Qualified:
		return false
	}
	return false
}

func coveredExpr(e pattern.Expr, kinds map[field]bool) bool {
	switch e := e.(type) {
	case *pattern.Comparison:
		if e.Negated {
			return false
		}
		switch e.Op {
		case pattern.Equal:
			return coveredValue(e.Path, e.Value, kinds)
		case pattern.In:
			for _, v := range e.Set {
				if !coveredValue(e.Path, v, kinds) {
					return false
				}
			}
			return len(e.Set) > 0
		}
	case *pattern.Junction:
		if e.Op != pattern.AnyOf {
			return false
		}
		for _, operand := range e.Operands {
			if !coveredExpr(operand, kinds) {
				return false
			}
		}
		return true
	}
	return false
}

// maxJoined is how long a keyword may be to be searched; longer ones are not joined.
const maxJoined = 1024

func coveredValue(path pattern.ObjectPath, v pattern.Literal, kinds map[field]bool) bool {
	name := steps(path)
	if path.Object == "autonomous-system" && name == "number" {
		kinds[fieldAS] = true
		return v.Kind == pattern.Integer && len(v.Text) <= 10 && strings.Trim(v.Text, "0123456789") == ""
	}
	if v.Kind != pattern.String || v.Text == "" || len(v.Text) > maxJoined || strings.ContainsFunc(v.Text, unicode.IsControl) || strings.TrimSpace(v.Text) != v.Text {
		return false
	}
	if algorithm, ok := strings.CutPrefix(name, "hashes."); ok && path.Object == "file" {
		kinds[fieldHash] = true
		return coveredHash(algorithm, v.Text)
	}
	switch path.Object + ":" + name {
	case "ipv4-addr:value", "ipv6-addr:value":
		kinds[fieldAddress] = true
		return coveredAddress(v.Text)
	case "domain-name:value", "hostname:value":
		kinds[fieldDomain] = true
		return coveredDomain(v.Text)
	case "url:value":
		kinds[fieldURL] = true
		return strings.HasPrefix(v.Text, "http://") || strings.HasPrefix(v.Text, "https://") || strings.HasPrefix(v.Text, "ftp://")
	case "email-addr:value":
		kinds[fieldEmail] = true
		user, host, _ := strings.Cut(v.Text, "@")
		return user != "" && host != "" && !strings.Contains(host, "@") && !strings.ContainsAny(v.Text, "[](){}<>* ")
	case "windows-registry-key:key":
		kinds[fieldRegistry] = true
		return coveredRegistry(v.Text)
	case "file:name":
		kinds[fieldFileName] = true
		return !strings.ContainsAny(v.Text, `/\`)
	case "x509-certificate:serial_number":
		kinds[fieldSerial] = true
		return strings.Trim(v.Text, "0123456789abcdefABCDEF:") == "" && strings.Trim(v.Text, ":") != ""
	}
	return false
}

// steps writes a path's steps with dots; an index doesn't matter.
func steps(path pattern.ObjectPath) string {
	var names []string
	for _, s := range path.Steps {
		if s.Kind == pattern.Property {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ".")
}

func coveredAddress(s string) bool {
	if block, err := netip.ParsePrefix(s); err == nil {
		return block.IsSingleIP()
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

func coveredDomain(s string) bool {
	const maxLabel = 63
	for label := range strings.SplitSeq(s, ".") {
		if len(label) > maxLabel {
			return false
		}
	}
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == "" && strings.Contains(s, ".") &&
		len(s) <= 253 && !strings.Contains(s, "..") && !strings.HasPrefix(s, ".")
}

func coveredHash(algorithm, s string) bool {
	length := map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
	name := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(algorithm))
	return length[name] == len(s) && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func coveredRegistry(s string) bool {
	hive, key, found := strings.Cut(s, `\`)
	switch strings.ToUpper(hive) {
	case "HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER", "HKEY_CLASSES_ROOT", "HKEY_USERS", "HKEY_CURRENT_CONFIG":
		return found && key != "" && !strings.HasSuffix(key, `\`)
	}
	return false
}
