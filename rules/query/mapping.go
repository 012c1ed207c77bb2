package query

import (
	"math/bits"
	"sort"
	"strings"
	"sync"

	_ "embed"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// Type is the Elasticsearch mapping type of an event field.
type Type string

// The types that a mapped field can have. Analysed text is not among them: no
// query over it is exact; name its keyword sub-field instead.
const (
	Keyword         Type = "keyword"
	ConstantKeyword Type = "constant_keyword"
	Wildcard        Type = "wildcard"
	IP              Type = "ip"
	Long            Type = "long"
	Integer         Type = "integer"
	Short           Type = "short"
	Double          Type = "double"
	Float           Type = "float"
	Boolean         Type = "boolean"
	Date            Type = "date"
)

// class groups the types that are compared in one way.
type class uint8

const (
	classText class = iota
	classIP
	classWhole
	classReal
	classBoolean
	classDate
	classes
)

func (t Type) class() (class, bool) {
	switch t {
	case Keyword, ConstantKeyword, Wildcard:
		return classText, true
	case IP:
		return classIP, true
	case Long, Integer, Short:
		return classWhole, true
	case Double, Float:
		return classReal, true
	case Boolean:
		return classBoolean, true
	case Date:
		return classDate, true
	}
	return 0, false
}

// field is an event field.
type field struct {
	name  string
	typ   Type
	class class
	eql   string // as EQL spells it, with the mark for a field that may be missing
}

// target is a field that an object path maps to, and the entities it belongs to.
type target struct {
	field    *field
	entities uint32 // a bit each; all set when the field belongs to none in particular
}

// entry is what the mapping knows of one object path.
type entry struct {
	object    string
	targets   []target
	transform Transform
}

// Mapping tells which event fields hold what an object path names. It never
// changes once made and may be shared; [Mapping.Extend] makes another one.
type Mapping struct {
	table   Table
	entries map[string]*entry
	// entities holds the number of entities of the types that have several.
	entities map[string]int
}

//go:embed mapping.yaml
var defaultTable []byte

var defaultMapping = sync.OnceValue(func() *Mapping {
	table, err := parseTable(defaultTable, "mapping.yaml")
	if err != nil {
		panic("query: the embedded mapping: " + err.Error())
	}
	mapping, err := NewMapping(table)
	if err != nil {
		panic("query: the embedded mapping: " + err.Error())
	}
	return mapping
})

// DefaultMapping returns the mapping to the Elastic Common Schema.
func DefaultMapping() *Mapping { return defaultMapping() }

// lookup finds the entry of a path, nil if no event field carries it.
func (m *Mapping) lookup(path *pattern.ObjectPath) *entry {
	var buf [160]byte
	return m.entries[string(appendKey(buf[:0], path))]
}

// FieldsOf returns the names of the event fields that a path maps to, empty if none can carry it.
func (m *Mapping) FieldsOf(path pattern.ObjectPath) []string {
	e := m.lookup(&path)
	if e == nil {
		return nil
	}
	names := make([]string, len(e.targets))
	for i, t := range e.targets {
		names[i] = t.field.name
	}
	return names
}

// Table returns a copy of what the mapping was made from.
func (m *Mapping) Table() Table { return m.table.clone() }

// entitiesOf returns the bits of the entities that a field belongs to. A field
// under no entity's prefix may belong to each.
func entitiesOf(prefixes map[string]string, name string) uint32 {
	if len(prefixes) == 0 {
		return ^uint32(0)
	}
	keys := make([]string, 0, len(prefixes))
	for k := range prefixes {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var set uint32
	for i, k := range keys {
		if strings.HasPrefix(name, prefixes[k]) {
			set |= 1 << i
		}
	}
	if bits.OnesCount32(set) == 0 {
		return ^uint32(0)
	}
	return set
}
