// Package stix reads STIX 2.1 objects as OpenCTI sends them.
//
// Start with [DecodeEnvelope] for the data of a stream event, or [DecodeObject]
// for a bare object:
//
//	env, err := stix.DecodeEnvelope(data)
//	if err != nil {
//		return err // a *stix.DecodeError: what is wrong, at which JSON pointer and byte
//	}
//	score, ok := env.Object.Score()
//
// An [Object] is a view of the JSON, not a copy of a model: no property is lost,
// those nobody has thought of included, and what OpenCTI keeps in one of four places
// (its own extension, the extension for observables, the root, and in exports the root as x_opencti_…) is read
// through one accessor. Reading is lenient below the top: a property of a wrong
// type counts as absent, since one odd value must not cost the object; what is no JSON, has no type
// or no id is a [DecodeError].
//
// Objects and values are immutable and safe for concurrent use. They keep the
// bytes they were read from.
//
// Secrets are masked when an object is decoded: a credential's value, an account's credential, a card's
// check number, a key, and what a pattern compares such a property with, also where a name or description repeats
// it. So nothing made of an object can show them: no document, rule, recording, dead letter or log. Passwords in URLs
// and numbers of payment cards are needed for detection; [Object.Masked] is the object for people to read.
//
// The pattern language is in package stix/pattern.
//
// Sources: STIX 2.1 (OASIS Standard), sections 3, 4.7 and 6; OpenCTI's stream
// format, envelope version 4 (5.12 to 7.x).
package stix
