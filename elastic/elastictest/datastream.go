package elastictest

import (
	"fmt"
	"net/http"
)

// esStream is a data stream: its backing indices, the one that is written to last.
type esStream struct {
	name    string
	backing []string
}

// makeStream makes a data stream with its first backing index. The caller holds the lock.
func (s *Elasticsearch) makeStream(name string, t *esTemplate) (*esStream, *esError) {
	st := &esStream{name: name}
	if err := s.roll(st, t); err != nil {
		return nil, err
	}
	s.streams[name] = st
	return st, nil
}

// roll adds a backing index to write to.
func (s *Elasticsearch) roll(st *esStream, t *esTemplate) *esError {
	name := fmt.Sprintf(".ds-%s-%s-%06d", st.name, s.o.Now().UTC().Format("2006.01.02"), len(st.backing)+1)
	x, err := s.make(name, t, indexBody{})
	if err != nil {
		return err
	}
	x.stream = st.name
	st.backing = append(st.backing, name)
	return nil
}

// Rollover gives a data stream a new backing index, as its lifecycle would.
func (s *Elasticsearch) Rollover(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[name]
	if st == nil {
		return fmt.Errorf("elastictest: no data stream %s", name)
	}
	if err := s.roll(st, s.winner(name)); err != nil {
		return fmt.Errorf("elastictest: roll over %s: %s", name, err.reason)
	}
	return nil
}

func (c *esCall) rollover(name string) {
	if err := c.server.Rollover(name); err != nil {
		c.fail(http.StatusBadRequest, "illegal_argument_exception", err.Error())
		return
	}
	c.json(http.StatusOK, map[string]any{"acknowledged": true, "rolled_over": true})
}

func (c *esCall) dataStream(name string) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[name]
	switch c.r.Method {
	case http.MethodGet:
		if st == nil {
			c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]")
			return
		}
		indices := []any{}
		for _, b := range st.backing {
			indices = append(indices, map[string]any{"index_name": b})
		}
		c.json(http.StatusOK, map[string]any{"data_streams": []any{map[string]any{"name": name, "timestamp_field": map[string]any{"name": "@timestamp"},
			"indices": indices, "generation": len(st.backing), "template": s.winner(name).name}}})
	case http.MethodPut:
		t := s.winner(name)
		switch {
		case st != nil:
			c.fail(http.StatusBadRequest, "resource_already_exists_exception", "data_stream ["+name+"] already exists")
			return
		case t == nil || t.DataStream == nil:
			c.fail(http.StatusBadRequest, "illegal_argument_exception", "no matching index template found for data stream ["+name+"]")
			return
		}
		if _, err := s.makeStream(name, t); err != nil {
			c.failWith(err)
			return
		}
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	case http.MethodDelete:
		if st == nil {
			c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]")
			return
		}
		for _, b := range st.backing {
			delete(s.indices, b)
		}
		delete(s.streams, name)
		c.json(http.StatusOK, map[string]any{"acknowledged": true})
	}
}
