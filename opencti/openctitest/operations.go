package openctitest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func (s *Server) about(map[string]any) (any, error) {
	return map[string]any{"version": s.opts.Version}, nil
}

var uuidV4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (s *Server) register(variables map[string]any) (any, error) {
	input, _ := variables["input"].(map[string]any)
	for name := range input {
		if !slices.Contains(inputs, name) {
			return nil, invalid("Variable \"$input\" got invalid value; Field %q is not defined by type \"RegisterConnectorInput\".", name)
		}
	}
	id, _ := input["id"].(string)
	if !uuidV4.MatchString(id) {
		return nil, &platformError{"FUNCTIONAL_ERROR", "The connector id must be a UUID of version 4"}
	}
	if name, _ := input["name"].(string); name == "" || input["type"] != "STREAM" {
		return nil, invalid("Variable \"$input\" got invalid value; name and type are required.")
	}
	if scope, isList := input["scope"].([]any); !isList || slices.ContainsFunc(scope, func(v any) bool { _, isText := v.(string); return !isText }) {
		return nil, invalid("Variable \"$input\" got invalid value at \"input.scope\"; want [String!].")
	}
	var answer any
	s.change(func() {
		s.connector.id = id
		answer = map[string]any{"id": id, "connector_state": s.connector.state, "connector_user_id": "88ec0c6a-13ce-4e39-b486-354fe4a7084f"}
	})
	return answer, nil
}

func (s *Server) ping(variables map[string]any) (any, error) {
	id, _ := variables["id"].(string)
	state, isText := variables["state"].(string)
	if !isText && variables["state"] != nil {
		return nil, invalid("Variable \"$state\" got invalid value; String cannot represent a non string value.")
	}
	var answer any
	var err error
	s.change(func() {
		c := &s.connector
		if c.id != id {
			err = &platformError{"FUNCTIONAL_ERROR", "No connector found with the specified ID"}
			return
		}
		c.pings = append(c.pings, state)
		if c.reset {
			empty := ""
			c.reset, c.state = false, &empty
		} else {
			c.state = &state
		}
		answer = map[string]any{"id": id, "connector_state": *c.state}
	})
	return answer, err
}

func (s *Server) collection(variables map[string]any) (any, error) {
	if variables["id"] != s.StreamID {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"id": s.StreamID, "name": "Test", "description": "", "stream_live": !s.stopped, "stream_public": false}, nil
}

func (s *Server) vocabularies(variables map[string]any) (any, error) {
	group, _ := variables["filters"].(map[string]any)
	filters, isList := group["filters"].([]any)
	if _, grouped := group["filterGroups"].([]any); !isList || !grouped || group["mode"] == nil {
		return nil, invalid("Variable \"$filters\" got invalid value; want a FilterGroup.")
	}
	var names []string
	for _, f := range filters {
		filter, _ := f.(map[string]any)
		values, _ := filter["values"].([]any)
		if filter["key"] == "name" {
			for _, v := range values {
				names = append(names, fmt.Sprint(v))
			}
		}
	}
	edges := []any{}
	for _, name := range s.Vocabulary() {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			edges = append(edges, map[string]any{"node": vocabulary(name)})
		}
	}
	return map[string]any{"edges": edges}, nil
}

func vocabulary(name string) map[string]any {
	return map[string]any{"id": "vocabulary--" + name, "name": name, "category": map[string]any{"key": "pattern_type_ov"}}
}

func (s *Server) vocabularyAdd(variables map[string]any) (any, error) {
	if s.opts.NoVocabularyRights {
		return nil, &platformError{"FORBIDDEN_ACCESS", "You are not allowed to do this."}
	}
	input, _ := variables["input"].(map[string]any)
	name, _ := input["name"].(string)
	if name == "" || input["category"] != "pattern_type_ov" {
		return nil, invalid("Variable \"$input\" got invalid value.")
	}
	s.change(func() {
		if !slices.Contains(s.connector.vocabulary, name) {
			s.connector.vocabulary = append(s.connector.vocabulary, name)
		}
	})
	return vocabulary(name), nil
}
