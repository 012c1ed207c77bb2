package elastictest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// document reads, writes or deletes one document, in real time.
func (c *esCall) document(index, endpoint, id string) {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		c.getDocument(index, id)
		return
	case http.MethodPut, http.MethodPost, http.MethodDelete:
	default:
		c.fail(http.StatusMethodNotAllowed, "illegal_argument_exception", "Incorrect HTTP method for uri ["+c.r.URL.Path+"]")
		return
	}
	q := c.r.URL.Query()
	w := esWrite{verb: "index", index: index, id: id, source: slices.Clone(c.body), versionType: q.Get("version_type")}
	if endpoint == "_create" || q.Get("op_type") == "create" || id == "" {
		w.verb = "create"
	}
	if c.r.Method == http.MethodDelete {
		w.verb = "delete"
	}
	for name, to := range map[string]**int64{"version": &w.version, "if_seq_no": &w.seqNo, "if_primary_term": &w.term} {
		if !q.Has(name) {
			continue
		}
		n, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err != nil {
			c.fail(http.StatusBadRequest, "illegal_argument_exception", "Failed to parse ["+name+"]")
			return
		}
		*to = &n
	}
	if fault := validate([]esItem{{esWrite: w}}); fault != nil && (id != "" || w.verb == "delete") {
		c.failWith(fault)
		return
	}
	c.server.mu.Lock()
	written, fault := c.server.write(&w)
	if q.Get("refresh") == "true" || q.Get("refresh") == "wait_for" {
		for _, x := range c.server.named(written.index) {
			x.visible(c.server.o.Now(), true)
		}
	}
	c.server.mu.Unlock()
	if fault != nil {
		c.failWith(fault)
		return
	}
	c.json(written.status, map[string]any{"_index": written.index, "_id": w.id, "_version": written.version, "result": written.result,
		"_seq_no": written.seq, "_primary_term": 1, "_shards": map[string]any{"total": 2, "successful": 1, "failed": 0}})
}

func (c *esCall) getDocument(index, id string) {
	c.server.mu.RLock()
	indices := c.server.named(index)
	var found *revision
	var where string
	for _, x := range indices {
		if d := x.docs[id]; d != nil && !d.live.deleted {
			found, where = d.live, x.name
		}
	}
	c.server.mu.RUnlock()
	switch {
	case len(indices) == 0:
		c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+index+"]")
	case len(indices) > 1:
		c.fail(http.StatusBadRequest, "illegal_argument_exception", "["+index+"] has more than one index associated with it, can't execute a single index op")
	case found == nil:
		c.json(http.StatusNotFound, map[string]any{"_index": indices[0].name, "_id": id, "found": false})
	default:
		c.answer(http.StatusOK, appendGot(nil, where, id, found, func(b []byte) []byte { return b }))
	}
}

func appendGot(b []byte, index, id string, r *revision, pick func([]byte) []byte) []byte {
	b = append(b, `{"_index":`...)
	b, _ = jsontext.AppendQuote(b, index)
	b = append(b, `,"_id":`...)
	b, _ = jsontext.AppendQuote(b, id)
	b = fmt.Appendf(b, `,"_version":%d,"_seq_no":%d,"_primary_term":1,"found":true`, r.version, r.seq)
	if source := pick(r.source); source != nil {
		b = append(append(b, `,"_source":`...), source...)
	}
	return append(b, '}')
}

// multiGet reads several documents in real time.
func (c *esCall) multiGet() {
	var q struct {
		Docs []struct {
			Index  string         `json:"_index"`
			ID     string         `json:"_id"`
			Source jsontext.Value `json:"_source"`
		} `json:"docs"`
	}
	if err := json.Unmarshal(c.body, &q); err != nil || len(q.Docs) == 0 {
		c.fail(http.StatusBadRequest, "action_request_validation_exception", "Validation Failed: 1: no documents to get;")
		return
	}
	var all jsontext.Value
	if v := c.r.URL.Query().Get("_source_includes"); v != "" {
		all, _ = jsontext.AppendQuote(nil, v)
	} else if v := c.r.URL.Query().Get("_source"); v != "" {
		all = jsontext.Value(v)
		if v != "true" && v != "false" {
			all, _ = jsontext.AppendQuote(nil, v)
		}
	}
	b := []byte(`{"docs":[`)
	c.server.mu.RLock()
	for i, want := range q.Docs {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.appendOne(b, want.Index, want.ID, want.Source, all)
	}
	c.server.mu.RUnlock()
	c.answer(http.StatusOK, append(b, `]}`...))
}

func (c *esCall) appendOne(b []byte, index, id string, source, all jsontext.Value) []byte {
	indices := c.server.named(index)
	if len(indices) != 1 {
		kind, reason := "index_not_found_exception", "no such index ["+index+"]"
		if len(indices) > 1 {
			kind, reason = "illegal_argument_exception", "["+index+"] has more than one index associated with it"
		}
		v, _ := json.Marshal(map[string]any{"_index": index, "_id": id, "error": map[string]any{"type": kind, "reason": reason}}, json.Deterministic(true))
		return append(b, v...)
	}
	d := indices[0].docs[id]
	if d == nil || d.live.deleted {
		v, _ := json.Marshal(map[string]any{"_index": indices[0].name, "_id": id, "found": false}, json.Deterministic(true))
		return append(b, v...)
	}
	if len(source) == 0 {
		source = all
	}
	return appendGot(b, indices[0].name, id, d.live, sourcePicker(source))
}
