package stix

import (
	"iter"
	"time"
)

// The extensions that OpenCTI puts on the objects of its streams.
const (
	// ExtensionOCTI is on every object: internal id, type, dates, score of indicators.
	ExtensionOCTI = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"
	// ExtensionSCO is on observables of STIX's own types: labels, description, score, author, references.
	ExtensionSCO = "extension-definition--f93e2c80-4231-4f9a-af8b-95c9bd566a82"
)

// Object is a STIX object as OpenCTI sends or exports it: nothing of it is lost, and what
// sits in one of four places (the OCTI extension, the SCO extension, the root, and the
// root again under a name that begins with x_opencti_) is read through one accessor. Only secrets are
// masked when it is decoded (see [Mask]), so that whatever is made of it cannot show them. It is immutable and
// safe for concurrent use.
type Object struct {
	// ID is the STIX id, "indicator--…". It can change during an object's life.
	ID string
	// Type is the STIX type, "ipv4-addr".
	Type string
	// InternalID is OpenCTI's own id, which never changes; empty outside OpenCTI.
	InternalID string
	// EntityType is OpenCTI's spelling of the type, "IPv4-Addr"; empty outside OpenCTI.
	EntityType string

	raw             Value
	root, octi, sco []member
	// export is what the platform's exports and its client have at the root as
	// x_opencti_<name>, by that name; custom is the custom fields.
	export, custom []member
	// digest is of a credential's value; hidden masks the object's secrets, nil if it has none.
	digest string
	hidden func(string) string
}

type member struct {
	name  string
	value Value
}

// Key is the one name of the object: the internal id, or else the STIX id.
func (o *Object) Key() string {
	if o.InternalID != "" {
		return o.InternalID
	}
	return o.ID
}

// Raw is the whole object as it came, but for secrets. It must not be changed.
func (o *Object) Raw() Value { return o.raw }

// Root is the property of that name at the root of the object.
func (o *Object) Root(name string) Value { return find(o.root, name) }

// Names yields the names of the properties at the root, in their order.
func (o *Object) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range o.root {
			if !yield(o.root[i].name) {
				return
			}
		}
	}
}

// OCTI is the property of that name in OpenCTI's extension, or else at the root as x_opencti_<name>.
func (o *Object) OCTI(name string) Value {
	if v := find(o.octi, name); v != nil {
		return v
	}
	return find(o.export, name)
}

// Property is the property of that name wherever it sits: OCTI extension, SCO
// extension, root, in the order of OpenCTI's own client, and last x_opencti_<name> at the root, as
// exports have it. An empty value in one place does not hide another's.
func (o *Object) Property(name string) Value {
	for _, place := range [...][]member{o.octi, o.sco, o.root, o.export} {
		if v := find(place, name); !v.Empty() {
			return v
		}
	}
	return nil
}

// Custom yields the custom fields that the platform's administrators have added, each once, in the order of
// their names without x_opencti_cf_ before them. A field of an extension comes before the root's of the same name.
func (o *Object) Custom() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, m := range o.custom {
			if !yield(m.name, m.value) {
				return
			}
		}
	}
}

func find(members []member, name string) Value {
	for i := range members {
		if members[i].name == name {
			return members[i].value
		}
	}
	return nil
}

// Text is the text of [Object.Property], or "".
func (o *Object) Text(name string) string {
	s, _ := o.Property(name).Text()
	return s
}

// Time is the date of [Object.Property], or the zero time.
func (o *Object) Time(name string) time.Time {
	t, _ := o.Property(name).Time()
	return t
}

// Score is the value of [Object.ScoreStated]; false if there is none.
func (o *Object) Score() (int, bool) {
	p := o.ScoreStated()
	return p.Value, p.Set
}

// Confidence is the value of [Object.ConfidenceStated]; false if there is none.
func (o *Object) Confidence() (int, bool) {
	p := o.ConfidenceStated()
	return p.Value, p.Set
}

// Labels is the object's labels.
func (o *Object) Labels() []string { return o.Property("labels").Texts() }

// Markings is the STIX ids of the object's markings.
func (o *Object) Markings() []string { return o.Property("object_marking_refs").Texts() }

// Author is the STIX id of who made the object, or "". Where the platform sends only its own id of the author, as
// for SSH-Key, it is that.
func (o *Object) Author() string {
	if ref := o.Text("created_by_ref"); ref != "" {
		return ref
	}
	id, _ := o.OCTI("created_by_ref_id").Text()
	return id
}

// Revoked reports whether the object was revoked.
func (o *Object) Revoked() bool {
	b, _ := o.Root("revoked").Bool()
	return b
}

// Created is when the object was made: STIX's created, or for observables the platform's created_at.
func (o *Object) Created() time.Time { return o.firstTime("created", "created_at") }

// Modified is when the object last changed: STIX's modified, or for observables the platform's updated_at.
func (o *Object) Modified() time.Time { return o.firstTime("modified", "updated_at") }

func (o *Object) firstTime(root, platform string) time.Time {
	if t, ok := o.Root(root).Time(); ok {
		return t
	}
	return o.Time(platform)
}

// ExternalReference is a reference to a source outside the platform.
type ExternalReference struct {
	SourceName, ExternalID, URL, Description string
}

// ExternalReferences is the object's references.
func (o *Object) ExternalReferences() []ExternalReference {
	var out []ExternalReference
	for e := range o.Property("external_references").Elements() {
		var r ExternalReference
		for name, v := range e.Members() {
			s, _ := v.Text()
			switch name {
			case "source_name":
				r.SourceName = s
			case "external_id":
				r.ExternalID = s
			case "url":
				r.URL = s
			case "description":
				r.Description = s
			}
		}
		if r != (ExternalReference{}) {
			out = append(out, r)
		}
	}
	return out
}

// KillChainPhase is a phase of a kill chain, such as command-and-control of mitre-attack.
type KillChainPhase struct {
	KillChain, Phase string
}

// KillChainPhases is the phases that the object names.
func (o *Object) KillChainPhases() []KillChainPhase {
	var out []KillChainPhase
	for e := range o.Root("kill_chain_phases").Elements() {
		chain, _ := e.Member("kill_chain_name").Text()
		phase, _ := e.Member("phase_name").Text()
		if phase != "" {
			out = append(out, KillChainPhase{KillChain: chain, Phase: phase})
		}
	}
	return out
}
