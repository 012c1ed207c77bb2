package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/oasdiff/yaml"
)

// Table is a mapping as data, with the keys of the YAML file that [LoadMapping] reads:
//
//	extends: default          # or none; what this file adds to or replaces
//	types:                    # the mapping type of every field that is named
//	  winlog.event_data.Image: keyword
//	objects:
//	  file:
//	    name:
//	      fields: [file.name] # replaces the fields of the path; must not be empty
//	      add: [winlog.event_data.Image] # adds to them
//	      transform: lower
//	    hashes.'SHA-256':
//	      fields: [file.hash.sha256]
//	unmapped: ["mutex:name"]  # paths to forget
//	entities:
//	  file: {file: file., dll: dll.}
type Table struct {
	// Extends is "default" or "none"; empty is "default" in a file.
	Extends string `json:"extends,omitempty"`
	// ECSVersion is the version of the schema that the names are from; for information.
	ECSVersion string `json:"ecs_version,omitempty"`
	// Types is the mapping type of every field.
	Types map[string]Type `json:"types,omitempty"`
	// Entities names, for an object type, prefixes of field names: comparisons
	// joined by AND must hold on the fields of one prefix.
	Entities map[string]map[string]string `json:"entities,omitempty"`
	// Unmapped is the paths, with their object types, that no field carries.
	Unmapped []string `json:"unmapped,omitempty"`
	// Objects is, for an object type and a path, the fields.
	Objects map[string]map[string]Entry `json:"objects,omitempty"`
}

// Entry is the fields of one object path.
type Entry struct {
	// Fields is the fields that a query looks at.
	Fields []string `json:"fields,omitempty"`
	// Add is fields that a query looks at besides those the extended mapping has.
	Add []string `json:"add,omitempty"`
	// Also is fields that hold the same but are not looked at; for information.
	Also []string `json:"also,omitempty"`
	// Transform is how the fields' values are written.
	Transform Transform `json:"transform,omitempty"`
	// Note is for the reader.
	Note string `json:"note,omitempty"`
}

func (t Table) clone() Table {
	t.Types = maps.Clone(t.Types)
	t.Entities = maps.Clone(t.Entities)
	t.Unmapped = slices.Clone(t.Unmapped)
	objects := make(map[string]map[string]Entry, len(t.Objects))
	for k, v := range t.Objects {
		objects[k] = maps.Clone(v)
	}
	t.Objects = objects
	return t
}

// LoadMapping reads a mapping from YAML or JSON; name is used in errors, which
// tell the line. Unless the file says "extends: none", it is laid over the default mapping.
func LoadMapping(data []byte, name string) (*Mapping, error) {
	table, err := parseTable(data, name)
	if err != nil {
		return nil, err
	}
	var m *Mapping
	switch table.Extends {
	case "", "default":
		m, err = DefaultMapping().Extend(table)
	case "none":
		m, err = NewMapping(table)
	default:
		return nil, fmt.Errorf("%s: extends: %q is neither default nor none", place(data, name, "extends"), table.Extends)
	}
	var at *TableError
	if errors.As(err, &at) {
		return nil, fmt.Errorf("%s: %w", place(data, name, at.keys...), err)
	}
	return m, err
}

func parseTable(data []byte, name string) (Table, error) {
	var table Table
	strict := func(d *json.Decoder) *json.Decoder {
		d.DisallowUnknownFields()
		return d
	}
	if _, err := yaml.Unmarshal(data, &table, yaml.DecodeOpts{DisableTimestamps: true}, strict); err != nil {
		message := err.Error()
		if _, key, ok := strings.Cut(message, "unknown field "); ok {
			return table, fmt.Errorf("%s: unknown key %s", place(data, name, strings.Trim(key, `"`)), key)
		}
		return table, fmt.Errorf("mapping %s: %w", name, err)
	}
	return table, nil
}

// place finds the line of a key below other keys: file:line, or the file alone.
func place(data []byte, name string, keys ...string) string {
	line := 0
	lines := bytes.Split(data, []byte("\n"))
	for _, key := range keys {
		word := regexp.MustCompile(`(^|[\s,\[{"'-])` + regexp.QuoteMeta(key) + `(["']*\s*[:,\]}]|["']?\s*$)`)
		for i := max(line-1, 0); i < len(lines); i++ {
			if word.Match(lines[i]) {
				line = i + 1
				break
			}
		}
	}
	if line == 0 {
		return "mapping " + name
	}
	return fmt.Sprintf("mapping %s:%d", name, line)
}
