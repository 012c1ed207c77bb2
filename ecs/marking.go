package ecs

import "github.com/opencti-elastic/opencti-elastic/stix"

const tlpVersion = "2.0"

// References looks up what an object only refers to by id. The platform's stream sends
// identities and markings before the objects that need them.
type References interface {
	// Author returns the name and identity class of an identity.
	Author(ref string) (name, class string, ok bool)
	stix.MarkingNames
}

// markings adds the names of the object's markings to a list and returns the most
// restrictive TLP of them, "" if there is none.
func (b *builder) markings(names *[]string) (tlp string) {
	level := stix.NoTLP
	for m := range b.o.MarkingsBy(b.m.options.References) {
		b.add(names, m.Name)
		level = max(level, m.TLP)
	}
	return level.String()
}
