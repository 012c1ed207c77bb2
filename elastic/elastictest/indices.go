package elastictest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// indexBody is what makes an index, in a request or in a template.
type indexBody struct {
	Settings map[string]any            `json:"settings"`
	Mappings jsontext.Value            `json:"mappings"`
	Aliases  map[string]jsontext.Value `json:"aliases"`
}

// index makes, tells or deletes an index.
func (c *esCall) index(name string) {
	switch c.r.Method {
	case http.MethodPut:
		c.createIndex(name)
	case http.MethodDelete:
		c.server.mu.RLock()
		_, there := c.server.indices[name]
		c.server.mu.RUnlock()
		if !there {
			c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]")
			return
		}
		c.server.DeleteIndex(name)
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	case http.MethodGet, http.MethodHead:
		c.server.mu.RLock()
		out := make(map[string]any)
		for _, x := range c.server.named(name) {
			out[x.name] = map[string]any{"aliases": map[string]any{}, "mappings": x.tree.definition(), "settings": map[string]any{"index": map[string]any{"provided_name": x.name}}}
		}
		c.server.mu.RUnlock()
		if len(out) == 0 {
			c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]")
			return
		}
		c.json(http.StatusOK, out)
	default:
		c.fail(http.StatusMethodNotAllowed, "illegal_argument_exception", "Incorrect HTTP method for uri ["+c.r.URL.Path+"]")
	}
}

func (c *esCall) createIndex(name string) {
	var body indexBody
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &body); err != nil {
			c.fail(http.StatusBadRequest, "parse_exception", err.Error())
			return
		}
	}
	c.server.mu.Lock()
	fault := c.server.create(name, body, false)
	c.server.mu.Unlock()
	if fault != nil {
		c.failWith(fault)
		return
	}
	c.json(http.StatusOK, map[string]any{"acknowledged": true, "shards_acknowledged": true, "index": name})
}

// create makes an index as its template and the request say. The caller holds the lock.
func (s *Elasticsearch) create(name string, body indexBody, auto bool) *esError {
	switch {
	case name != strings.ToLower(name) || strings.ContainsAny(name, `\/*?"<>| ,#:`) || strings.HasPrefix(name, "_") || strings.HasPrefix(name, "-"):
		return esFail(http.StatusBadRequest, "invalid_index_name_exception", "Invalid index name [%s]", name)
	case s.indices[name] != nil:
		return esFail(http.StatusBadRequest, "resource_already_exists_exception", "index [%s] already exists", name)
	case s.streams[name] != nil:
		return esFail(http.StatusBadRequest, "resource_already_exists_exception", "data_stream [%s] already exists", name)
	case s.aliases[name] != "":
		return esFail(http.StatusBadRequest, "invalid_index_name_exception", "Invalid index name [%s], already exists as alias", name)
	}
	t := s.winner(name)
	if t != nil && t.DataStream != nil {
		return esFail(http.StatusBadRequest, "illegal_argument_exception",
			"cannot create index with name [%s], because it matches with template [%s] that creates data streams only, use create data stream api instead", name, t.name)
	}
	if auto && t != nil && t.AutoCreate != nil && !*t.AutoCreate {
		return esFail(http.StatusNotFound, "index_not_found_exception", "no such index [%s] and composable template [%s] forbids index auto creation", name, t.name)
	}
	_, err := s.make(name, t, body)
	return err
}

// make makes an index.
func (s *Elasticsearch) make(name string, t *esTemplate, body indexBody) (*esIndex, *esError) {
	tree, settings, err := s.compose(t, body)
	if err != nil {
		return nil, err
	}
	if err := s.checkSettings(settings); err != nil {
		return nil, err
	}
	now := s.o.Now()
	x := &esIndex{name: name, created: now, refreshed: now, tree: tree, docs: make(map[string]*esDocument), dirty: make(map[*esDocument]struct{})}
	x.mode, _ = settings["mode"].(string)
	x.interval = time.Second
	if v, ok := settings["refresh_interval"].(string); ok {
		if d, err := time.ParseDuration(v); err == nil {
			x.interval = d
		} else if v == "-1" {
			x.interval = 0
		}
	}
	if s.o.ManualRefresh {
		x.interval = 0
	}
	s.indices[name] = x
	for alias := range body.Aliases {
		s.aliases[alias] = name
	}
	return x, nil
}

// writeIndex is the index that a write goes to, made if it is not there and may be.
func (s *Elasticsearch) writeIndex(w *esWrite) (*esIndex, *esError) {
	name := w.index
	if to, ok := s.aliases[name]; ok {
		name = to
	}
	x, st := s.indices[name], s.streams[name]
	if x == nil && st == nil {
		if t := s.winner(name); t != nil && t.DataStream != nil && w.verb == "create" {
			var err *esError
			if st, err = s.makeStream(name, t); err != nil {
				return nil, err
			}
		} else if err := s.create(name, indexBody{}, true); err != nil {
			return nil, err
		}
		x = s.indices[name]
	}
	switch {
	case st != nil && w.verb != "create":
		return nil, esFail(http.StatusBadRequest, "illegal_argument_exception", "only write ops with an op_type of create are allowed in data streams")
	case st != nil:
		x = s.indices[st.backing[len(st.backing)-1]]
	case x.stream != "" && w.verb == "index" && w.seqNo == nil:
		return nil, esFail(http.StatusBadRequest, "illegal_argument_exception",
			"index request with op_type=index and no if_primary_term and if_seq_no set targeting backing indices is disallowed")
	}
	return x, nil
}

func (c *esCall) mapping(name string) {
	s := c.server
	switch c.r.Method {
	case http.MethodGet:
		out := make(map[string]any)
		s.mu.RLock()
		for _, x := range s.named(name) {
			out[x.name] = map[string]any{"mappings": x.tree.definition()}
		}
		s.mu.RUnlock()
		if len(out) == 0 {
			c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]")
			return
		}
		c.json(http.StatusOK, out)
	case http.MethodPut, http.MethodPost:
		with, fault := parseTree(c.body)
		if fault == nil {
			s.mu.Lock()
			fault = s.putMapping(name, with)
			s.mu.Unlock()
		}
		if fault != nil {
			c.failWith(fault)
			return
		}
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	default:
		c.fail(http.StatusMethodNotAllowed, "illegal_argument_exception", "Incorrect HTTP method for uri ["+c.r.URL.Path+"]")
	}
}

func (s *Elasticsearch) putMapping(name string, with *fieldTree) *esError {
	indices := s.named(name)
	if len(indices) == 0 {
		return esFail(http.StatusNotFound, "index_not_found_exception", "no such index [%s]", name)
	}
	trees := make([]*fieldTree, len(indices))
	for i, x := range indices {
		var err *esError
		if trees[i], err = x.tree.merge("", with); err != nil {
			return err
		}
	}
	for i, x := range indices {
		x.tree = trees[i]
	}
	return nil
}

// resolve tells what a name or pattern stands for.
func (c *esCall) resolve(name string) {
	s := c.server
	indices, aliases, streams := []any{}, []any{}, []any{}
	s.mu.RLock()
	for _, n := range sortedNames(s.indices) {
		x := s.indices[n]
		if wildcardMatch(name, n) {
			entry := map[string]any{"name": n, "attributes": []string{"open"}}
			if x.stream != "" {
				entry["data_stream"] = x.stream
			}
			indices = append(indices, entry)
		}
	}
	for _, n := range sortedNames(s.aliases) {
		if wildcardMatch(name, n) {
			aliases = append(aliases, map[string]any{"name": n, "indices": []string{s.aliases[n]}})
		}
	}
	for _, n := range sortedNames(s.streams) {
		if wildcardMatch(name, n) {
			streams = append(streams, map[string]any{"name": n, "backing_indices": slices.Clone(s.streams[n].backing), "timestamp_field": "@timestamp"})
		}
	}
	s.mu.RUnlock()
	if !strings.Contains(name, "*") && len(indices)+len(aliases)+len(streams) == 0 {
		c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]")
		return
	}
	c.json(http.StatusOK, map[string]any{"indices": indices, "aliases": aliases, "data_streams": streams})
}

func sortedNames[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// pipeline stores the name of an ingest pipeline; what it does is not carried out.
func (c *esCall) pipeline(name string) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	switch c.r.Method {
	case http.MethodPut:
		c.server.pipelines[name] = true
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	case http.MethodGet:
		if !c.server.pipelines[name] {
			c.json(http.StatusNotFound, map[string]any{})
			return
		}
		c.json(http.StatusOK, map[string]any{name: map[string]any{"processors": []any{}}})
	case http.MethodDelete:
		delete(c.server.pipelines, name)
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	}
}
