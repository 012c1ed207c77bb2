package ecs

import "github.com/opencti-elastic/opencti-elastic/stix"

// SkipError reports that an object has no document, and why.
type SkipError struct {
	// Type is the object's STIX type.
	Type string
	// Reason is for people: "not an indicator or observable", "score 20 is below 50".
	Reason string
	// Filtered reports whether [Options.Filter] refused an object that would have had a
	// document. One that is in the index already has to go.
	Filtered bool
}

// Error implements error.
func (e *SkipError) Error() string { return "no document for " + e.Type + ": " + e.Reason }

// noDocument is STIX's and OpenCTI's objects that are neither indicators nor observables.
var noDocument = map[string]bool{
	"attack-pattern": true, "campaign": true, "course-of-action": true, "grouping": true, "identity": true,
	"incident": true, "infrastructure": true, "intrusion-set": true, "location": true, "malware": true,
	"malware-analysis": true, "note": true, "observed-data": true, "opinion": true, "report": true,
	"threat-actor": true, "tool": true, "vulnerability": true,
	"relationship": true, "sighting": true,
	"marking-definition": true, "language-content": true, "extension-definition": true, "bundle": true,
	"channel": true, "narrative": true, "event": true, "data-component": true, "data-source": true,
	"x-mitre-data-component": true, "x-mitre-data-source": true, "x-mitre-tactic": true, "x-mitre-matrix": true,
	"case-incident": true, "case-rfi": true, "case-rft": true, "x-opencti-case-incident": true,
	"x-opencti-case-rfi": true, "x-opencti-case-rft": true, "task": true, "x-opencti-task": true,
	"feedback": true, "label": true, "kill-chain-phase": true, "external-reference": true,
	"administrative-area": true, "security-coverage": true, "stream": true,
}

// noObservable says why an object of a type that no table has is no observable; "" if it is one.
// An observable carries OpenCTI's extension for them, or lacks the
// date of creation that every other object must have.
func noObservable(o *stix.Object) string {
	const neither = "not an indicator or observable"
	if noDocument[o.Type] {
		return neither
	}
	if !o.Root("extensions").Member(stix.ExtensionSCO).Empty() {
		return ""
	}
	kind, _ := o.OCTI("extension_type").Text()
	if kind == "new-sdo" || kind == "new-sro" || !o.Root("created").Empty() {
		return neither
	}
	return ""
}
