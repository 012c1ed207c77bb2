package ecs

import "github.com/opencti-elastic/opencti-elastic/stix/pattern"

// Reading is how the patterns of indicators are read. Documents and rules must have the
// same, so that a document never holds what its rule does not ask for.
type Reading struct {
	// DisableFileIdentity asks of a file all that a pattern says of it. By default a hash of the
	// file stands for the file: of several hashes any is enough, and a name or size beside one is not asked.
	DisableFileIdentity bool
}

// Read returns what a pattern means, with its values as events carry them, as
// [Kind.Normalise] spells them, and its paths as events have fields for them.
func (r Reading) Read(p *pattern.Pattern) pattern.Interpretation {
	return pattern.Reading{FileIdentity: !r.DisableFileIdentity, TypeOf: typeOfValue}.Interpret(spell(p))
}

// typeOfValue returns the STIX type that a value has by its look, however it is written.
func typeOfValue(s string) string { return pattern.TypeOf(refang(s)) }
