package query

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

// TableError is a fault in a mapping table.
type TableError struct {
	// Path is the object path or the field at fault.
	Path string
	// Reason says what is wrong.
	Reason string

	keys []string // where it stands in a file
}

// Error implements error.
func (e *TableError) Error() string { return e.Path + ": " + e.Reason }

// fieldName is what a field may be called: what no query language gives a meaning to.
var fieldName = regexp.MustCompile(`^[A-Za-z_@][A-Za-z0-9_@-]*(\.[A-Za-z0-9_@][A-Za-z0-9_@-]*)*$`)

const maxEntities = 16

// NewMapping makes a mapping from a table alone.
func NewMapping(table Table) (*Mapping, error) {
	m := &Mapping{table: table.clone(), entries: map[string]*entry{}, entities: map[string]int{}}
	fields := make(map[string]*field, len(table.Types))
	for _, name := range slices.Sorted(maps.Keys(table.Types)) {
		typ := table.Types[name]
		cl, ok := typ.class()
		if !ok {
			return nil, &TableError{name, fmt.Sprintf("type %q can't be compared exactly; use one of keyword, wildcard, ip, long, double, boolean, date", typ), []string{"types", name}}
		}
		if !fieldName.MatchString(name) {
			return nil, &TableError{name, "is no name for a field: letters, digits, _ - @ and dots", []string{"types", name}}
		}
		fields[name] = &field{name: name, typ: typ, class: cl, eql: eqlField(name)}
	}
	for object, prefixes := range table.Entities {
		if len(prefixes) > maxEntities {
			return nil, &TableError{object, fmt.Sprintf("%d entities; at most %d", len(prefixes), maxEntities), []string{"entities", object}}
		}
		m.entities[object] = len(prefixes)
	}
	for _, object := range slices.Sorted(maps.Keys(table.Objects)) {
		for _, text := range slices.Sorted(maps.Keys(table.Objects[object])) {
			if err := m.add(object, text, table.Objects[object][text], fields); err != nil {
				return nil, err
			}
		}
	}
	for _, text := range table.Unmapped {
		object, steps, _ := strings.Cut(text, ":")
		path, err := parsePath(object, steps)
		if err != nil {
			return nil, &TableError{text, err.Error(), []string{"unmapped", text}}
		}
		delete(m.entries, string(appendKey(nil, path)))
	}
	return m, nil
}

func (m *Mapping) add(object, text string, e Entry, fields map[string]*field) error {
	fault := func(reason string, keys ...string) error {
		return &TableError{object + ":" + text, reason, append([]string{"objects", object, text}, keys...)}
	}
	path, err := parsePath(object, text)
	if err != nil {
		return fault(err.Error())
	}
	if !e.Transform.known() {
		return fault(fmt.Sprintf("unknown transform %q", e.Transform), "transform")
	}
	names := slices.Concat(e.Fields, e.Add)
	if len(names) == 0 {
		return fault("no fields; name some, or list the path under unmapped")
	}
	made := &entry{object: object, transform: e.Transform}
	for _, name := range names {
		f := fields[name]
		if f == nil {
			return fault("the type of field "+name+" is missing; add it under types", name)
		}
		if slices.ContainsFunc(made.targets, func(t target) bool { return t.field == f }) {
			continue
		}
		made.targets = append(made.targets, target{f, entitiesOf(m.table.Entities[object], name)})
	}
	m.entries[string(appendKey(nil, path))] = made
	return nil
}

// Extend returns a mapping that is m with the table laid over it: types and
// paths that it names are replaced, what it adds is added, the rest is kept.
func (m *Mapping) Extend(over Table) (*Mapping, error) {
	table := m.table.clone()
	if over.ECSVersion != "" {
		table.ECSVersion = over.ECSVersion
	}
	if table.Types == nil {
		table.Types = map[string]Type{}
	}
	if table.Entities == nil {
		table.Entities = map[string]map[string]string{}
	}
	maps.Copy(table.Types, over.Types)
	maps.Copy(table.Entities, over.Entities)
	var unmapped []string
	for _, text := range table.Unmapped {
		object, steps, _ := strings.Cut(text, ":")
		if _, ok := over.Objects[object][steps]; !ok {
			unmapped = append(unmapped, text)
		}
	}
	table.Unmapped = append(unmapped, over.Unmapped...)
	for object, paths := range over.Objects {
		if table.Objects[object] == nil {
			table.Objects[object] = map[string]Entry{}
		}
		for text, e := range paths {
			if old, key := m.entryOf(object, text); key != "" {
				if e.Fields == nil {
					e.Fields = slices.Concat(old.Fields, old.Add)
				}
				if e.Transform == "" {
					e.Transform = old.Transform
				}
				delete(table.Objects[object], key)
			}
			table.Objects[object][text] = e
		}
	}
	return NewMapping(table)
}

// entryOf finds the row of a path, however it is written, and how the table writes it.
func (m *Mapping) entryOf(object, text string) (Entry, string) {
	if e, ok := m.table.Objects[object][text]; ok {
		return e, text
	}
	path, err := parsePath(object, text)
	if err != nil {
		return Entry{}, ""
	}
	key := string(appendKey(nil, path))
	for other, e := range m.table.Objects[object] {
		if p, err := parsePath(object, other); err == nil && string(appendKey(nil, p)) == key {
			return e, other
		}
	}
	return Entry{}, ""
}

// limits returns the least and greatest whole number that the field can hold.
func (t Type) limits() (least, most int64) {
	switch t {
	case Integer:
		return math.MinInt32, math.MaxInt32
	case Short:
		return math.MinInt16, math.MaxInt16
	}
	return math.MinInt64, math.MaxInt64
}
