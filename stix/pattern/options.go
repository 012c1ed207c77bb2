package pattern

import (
	"fmt"
	"strings"
)

// The limits that [Options] has when its fields are zero.
const (
	DefaultMaxLength = 16 << 20
	DefaultMaxDepth  = 1000
)

// Options says how a pattern is read. The zero value reads STIX 2.1 within the
// default limits.
type Options struct {
	// Version is the version of the language; empty means [V21].
	Version Version
	// MaxLength is the greatest length of a pattern in bytes; 0 means
	// [DefaultMaxLength]. It must not be negative.
	MaxLength int
	// MaxDepth is the greatest nesting: parentheses within parentheses, and
	// qualifiers on qualifiers; 0 means [DefaultMaxDepth]. It must not be negative.
	MaxDepth int
}

// Parse reads a pattern of STIX 2.1. A fault is a [*SyntaxError].
//
// The pattern keeps text: its names and literals are parts of it.
func Parse(text string) (*Pattern, error) { return Options{}.Parse(text) }

// Parse reads a pattern. A fault of the pattern is a [*SyntaxError]; other errors
// are of the options.
func (o Options) Parse(text string) (*Pattern, error) {
	switch o.Version {
	case "":
		o.Version = V21
	case V20, V21:
	default:
		return nil, fmt.Errorf("parse pattern: version %.20q is not known: want %q or %q", string(o.Version), V20, V21)
	}
	if o.MaxLength < 0 || o.MaxDepth < 0 {
		return nil, fmt.Errorf("parse pattern: a limit is negative (length %d, depth %d): want 0 or more", o.MaxLength, o.MaxDepth)
	}
	if o.MaxLength == 0 {
		o.MaxLength = DefaultMaxLength
	}
	if o.MaxDepth == 0 {
		o.MaxDepth = DefaultMaxDepth
	}
	p := parser{options: o, scanner: scanner{text: text, v20: o.Version == V20}}
	pattern, err := p.parse()
	if err != nil {
		return nil, err
	}
	return pattern, nil
}

// VersionOf is the version of the language that an indicator's properties tell of:
// its pattern_version, or else its spec_version. It is [V21] if neither is known.
func VersionOf(patternVersion, specVersion string) Version {
	for _, v := range []string{patternVersion, specVersion} {
		switch {
		case v == string(V20) || strings.HasPrefix(v, "2.0."):
			return V20
		case v == string(V21) || strings.HasPrefix(v, "2.1."):
			return V21
		}
	}
	return V21
}
