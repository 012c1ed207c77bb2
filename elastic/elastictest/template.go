package elastictest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// esComponent is a component template.
type esComponent struct {
	body indexBody
	raw  jsontext.Value
}

// esTemplate is an index template.
type esTemplate struct {
	name          string
	raw           jsontext.Value
	Patterns      oneOrMany      `json:"index_patterns"`
	ComposedOf    []string       `json:"composed_of"`
	IgnoreMissing []string       `json:"ignore_missing_component_templates"`
	Priority      int            `json:"priority"`
	DataStream    map[string]any `json:"data_stream"`
	AutoCreate    *bool          `json:"allow_auto_create"`
	Template      indexBody      `json:"template"`
}

// oneOrMany is a text or a list of them.
type oneOrMany []string

// UnmarshalJSON takes both forms.
func (o *oneOrMany) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// builtinTemplates are those of Elasticsearch itself that matter for our names.
func builtinTemplates() map[string]*esTemplate {
	yes := true
	logs := &esTemplate{name: "logs", Patterns: oneOrMany{"logs-*-*"}, Priority: 100, DataStream: map[string]any{}, AutoCreate: &yes,
		raw: jsontext.Value(`{"index_patterns":["logs-*-*"],"priority":100,"data_stream":{},"allow_auto_create":true,"version":14,"_meta":{"managed":true}}`)}
	return map[string]*esTemplate{"logs": logs}
}

func (c *esCall) component(name string) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.r.Method {
	case http.MethodGet:
		t := s.components[name]
		if t == nil {
			c.fail(http.StatusNotFound, "resource_not_found_exception", "component template matching ["+name+"] not found")
			return
		}
		c.json(http.StatusOK, map[string]any{"component_templates": []any{map[string]any{"name": name, "component_template": t.raw}}})
	case http.MethodPut, http.MethodPost:
		var t struct {
			Template indexBody      `json:"template"`
			Version  int            `json:"version"`
			Meta     map[string]any `json:"_meta"`
			Rest     jsontext.Value `json:",embed"`
		}
		if err := json.Unmarshal(c.body, &t); err != nil || len(t.Rest) > 2 {
			c.fail(http.StatusBadRequest, "x_content_parse_exception", fmt.Sprintf("[component_template] malformed: %v %s", err, t.Rest))
			return
		}
		if _, err := parseTree(t.Template.Mappings); err != nil {
			c.failWith(err)
			return
		}
		if err := s.checkSettings(flatSettings(t.Template.Settings)); err != nil {
			c.failWith(err)
			return
		}
		s.components[name] = &esComponent{body: t.Template, raw: slices.Clone(c.body)}
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	case http.MethodDelete:
		for _, t := range s.templates {
			if containsText(t.ComposedOf, name) && !containsText(t.IgnoreMissing, name) {
				c.fail(http.StatusBadRequest, "illegal_argument_exception", "component templates ["+name+"] cannot be removed as they are still in use by index templates ["+t.name+"]")
				return
			}
		}
		delete(s.components, name)
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	}
}

func (c *esCall) template(name string) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.r.Method {
	case http.MethodGet:
		t := s.templates[name]
		if t == nil {
			c.fail(http.StatusNotFound, "resource_not_found_exception", "index template matching ["+name+"] not found")
			return
		}
		c.json(http.StatusOK, map[string]any{"index_templates": []any{map[string]any{"name": name, "index_template": t.raw}}})
	case http.MethodPut, http.MethodPost:
		t := &esTemplate{name: name, raw: slices.Clone(c.body)}
		if err := json.Unmarshal(c.body, t); err != nil || len(t.Patterns) == 0 {
			c.fail(http.StatusBadRequest, "x_content_parse_exception", fmt.Sprintf("[index_template] malformed: %v", err))
			return
		}
		if err := s.storeTemplate(t); err != nil {
			c.failWith(err)
			return
		}
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	case http.MethodDelete:
		delete(s.templates, name)
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	}
}

// storeTemplate checks a template against the others and the data streams that are there.
func (s *Elasticsearch) storeTemplate(t *esTemplate) *esError {
	for _, c := range t.ComposedOf {
		if s.components[c] == nil && !containsText(t.IgnoreMissing, c) {
			return esFail(http.StatusBadRequest, "invalid_index_template_exception", "index_template [%s] invalid, cause [index template [%s] specifies component templates [%s] that do not exist]", t.name, t.name, c)
		}
	}
	for _, o := range s.templates {
		if o.name != t.name && o.Priority == t.Priority && overlap(o.Patterns, t.Patterns) {
			return esFail(http.StatusBadRequest, "illegal_argument_exception",
				"index template [%s] has index patterns %v matching patterns from existing templates [%s] with patterns (%s => %v) that have the same priority [%d], multiple index templates may not match during index creation, please use a different priority",
				t.name, t.Patterns, o.name, o.name, o.Patterns, t.Priority)
		}
	}
	if _, _, err := s.compose(t, indexBody{}); err != nil {
		return err
	}
	before := s.templates[t.name]
	s.templates[t.name] = t
	for name := range s.streams {
		if w := s.winner(name); w == nil || w.DataStream == nil {
			if delete(s.templates, t.name); before != nil {
				s.templates[t.name] = before
			}
			return esFail(http.StatusBadRequest, "illegal_argument_exception",
				"composable template [%s] with index patterns %v, priority [%d] and no data stream configuration would cause data streams [%s] to no longer match a data stream template", t.name, t.Patterns, t.Priority, name)
		}
	}
	return nil
}

// overlap tells whether a name can match a pattern of both lists.
func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if patternsMeet(x, y) {
				return true
			}
		}
	}
	return false
}

func patternsMeet(a, b string) bool {
	switch {
	case a == "" || b == "":
		return strings.Trim(a+b, "*") == ""
	case a[0] == '*':
		return patternsMeet(a[1:], b) || patternsMeet(a, b[1:])
	case b[0] == '*':
		return patternsMeet(a, b[1:]) || patternsMeet(a[1:], b)
	}
	return a[0] == b[0] && patternsMeet(a[1:], b[1:])
}

// winner is the index template that a name gets: the matching one of the highest priority.
func (s *Elasticsearch) winner(name string) *esTemplate {
	var best *esTemplate
	for _, t := range s.templates {
		if (best == nil || t.Priority > best.Priority) && slices.ContainsFunc(t.Patterns, func(p string) bool { return wildcardMatch(p, name) }) {
			best = t
		}
	}
	return best
}

// compose is the mapping and the settings that a template and a request's body make together.
func (s *Elasticsearch) compose(t *esTemplate, body indexBody) (*fieldTree, map[string]any, *esError) {
	parts := []indexBody{}
	if t != nil {
		for _, c := range t.ComposedOf {
			if comp := s.components[c]; comp != nil {
				parts = append(parts, comp.body)
			}
		}
		parts = append(parts, t.Template)
	}
	parts = append(parts, body)
	tree := emptyTree()
	settings := make(map[string]any)
	for _, p := range parts {
		maps.Copy(settings, flatSettings(p.Settings))
		if len(p.Mappings) == 0 {
			continue
		}
		with, err := parseTree(p.Mappings)
		if err != nil {
			return nil, nil, err
		}
		if tree, err = tree.merge("", with); err != nil {
			return nil, nil, err
		}
		if _, said := with.raw["date_detection"]; said {
			tree.dates = with.dates
		}
	}
	return tree, settings, nil
}

// flatSettings takes the settings "index.x", {"index":{"x":…}} and "x" as one.
func flatSettings(in map[string]any) map[string]any {
	out := make(map[string]any)
	for name, v := range in {
		if sub, ok := v.(map[string]any); ok && name == "index" {
			maps.Copy(out, sub)
			continue
		}
		out[strings.TrimPrefix(name, "index.")] = v
	}
	return out
}

// knownSettings are the settings of an index that the server takes.
var knownSettings = []string{"refresh_interval", "number_of_shards", "number_of_replicas", "auto_expand_replicas", "mode", "codec",
	"mapping", "lifecycle", "hidden", "sort", "default_pipeline", "final_pipeline", "gc_deletes", "max_result_window", "query", "blocks"}

func (s *Elasticsearch) checkSettings(settings map[string]any) *esError {
	for name := range settings {
		first, _, _ := strings.Cut(name, ".")
		if !containsText(knownSettings, first) {
			return esFail(http.StatusBadRequest, "illegal_argument_exception", "unknown setting [index.%s] please check that any required plugins are installed, or check the breaking changes documentation for removed settings", name)
		}
		if s.o.Serverless && containsText([]string{"number_of_shards", "number_of_replicas", "auto_expand_replicas", "lifecycle", "codec"}, first) {
			return esFail(http.StatusBadRequest, "illegal_argument_exception", "Settings [index.%s] are not available when running in serverless mode", name)
		}
	}
	if mode, ok := settings["mode"]; ok && !slices.Contains([]any{"standard", "lookup", "logsdb", "time_series"}, mode) {
		return esFail(http.StatusBadRequest, "illegal_argument_exception", "[%v] is an invalid index mode", mode)
	}
	return nil
}

// simulate tells what an index of that name would be.
func (c *esCall) simulate(name string) {
	s := c.server
	s.mu.RLock()
	t := s.winner(name)
	tree, settings, fault := s.compose(t, indexBody{})
	s.mu.RUnlock()
	if fault != nil {
		c.failWith(fault)
		return
	}
	if t == nil {
		c.json(http.StatusOK, map[string]any{})
		return
	}
	c.json(http.StatusOK, map[string]any{"template": map[string]any{"settings": map[string]any{"index": settings}, "mappings": tree.definition(), "aliases": map[string]any{}}, "overlapping": []any{}})
}
