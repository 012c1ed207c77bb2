package ecs

import "strings"

const tlpVersion = "2.0"

// tlpNames is the names of the markings of tlpLevels, as OpenCTI has them.
var tlpNames = [...]string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"}

// tlpLevels is ECS's words for TLP, the least restrictive first.
var tlpLevels = [...]string{"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}

// tlpByID is the levels of the markings whose ids are fixed: OpenCTI's (of which
// the first four are also STIX's own for TLP 1.0) and OASIS' for TLP 2.0.
var tlpByID = map[string]string{
	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "CLEAR", // WHITE and CLEAR
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "GREEN",
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "AMBER",
	"marking-definition--826578e1-40ad-459f-bc73-ede076f81f37": "AMBER+STRICT",
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "RED",
	"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "CLEAR",
	"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "GREEN",
	"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "AMBER",
	"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "AMBER+STRICT",
	"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "RED",
}

// References gives the names of what an object only refers to. The platform's stream sends
// identities and markings before the objects that need them.
type References interface {
	// Author is the name and identity class of an identity.
	Author(ref string) (name, class string, ok bool)
	// Marking is the name ("TLP:AMBER") and definition type ("TLP") of a marking definition.
	Marking(ref string) (name, definitionType string, ok bool)
}

// markings adds the names of the object's markings to a list and gives the most
// restrictive TLP of them, "" if there is none.
func (b *builder) markings(names *[]string) (tlp string) {
	rank := -1
	for e := range b.o.Property("object_marking_refs").Elements() {
		level := tlpByID[string(plainBytes(e))]
		name := ""
		if rank := tlpRank(level); rank > 0 {
			name = tlpNames[rank] // what is not CLEAR has had one name only
		} else {
			ref, _ := e.Text()
			name, level = markingOf(ref, b.m.options.References)
		}
		b.add(names, name)
		rank = max(rank, tlpRank(level))
	}
	return tlpOf(rank)
}

func tlpOf(rank int) string {
	if rank < 0 {
		return ""
	}
	return tlpLevels[rank]
}

// markingOf gives a marking's name and, if it is of TLP, its level.
func markingOf(ref string, known References) (name, level string) {
	level = tlpByID[ref]
	if known != nil {
		if n, kind, ok := known.Marking(ref); ok {
			if name = n; level == "" && strings.EqualFold(kind, "TLP") {
				level = tlpLevel(n)
			}
		}
	}
	if name == "" && level != "" {
		name = tlpNames[tlpRank(level)]
	}
	return name, level
}

// tlpLevel gives the level that a name such as "TLP:WHITE" or "amber" says, or "".
func tlpLevel(name string) string {
	name = strings.ToUpper(strings.TrimSpace(name))
	name = strings.TrimSpace(strings.TrimPrefix(name, "TLP:"))
	if name == "WHITE" {
		return tlpLevels[0]
	}
	if tlpRank(name) < 0 {
		return ""
	}
	return name
}

func tlpRank(level string) int {
	for i, l := range tlpLevels {
		if l == level {
			return i
		}
	}
	return -1
}
