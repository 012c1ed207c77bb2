package elastictest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// esCall is one request under way.
type esCall struct {
	server    *Elasticsearch
	w         http.ResponseWriter
	r         *http.Request
	body      []byte
	op        string
	itemFault *ItemFault
	loseReply bool
}

// route finds what a request asks for.
func (c *esCall) route() {
	parts := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	first := parts[0]
	switch {
	case first == "":
		c.info()
	case first == "_bulk" && len(parts) == 1:
		c.bulk("")
	case first == "_mget" && len(parts) == 1:
		c.multiGet()
	case first == "_search" && len(parts) == 1:
		c.search("*")
	case first == "_resolve" && len(parts) == 3 && parts[1] == "index":
		c.resolve(parts[2])
	case first == "_component_template" && len(parts) == 2:
		c.component(parts[1])
	case first == "_index_template" && len(parts) == 3 && parts[1] == "_simulate_index":
		c.simulate(parts[2])
	case first == "_index_template" && len(parts) == 2:
		c.template(parts[1])
	case first == "_data_stream" && len(parts) == 2:
		c.dataStream(parts[1])
	case first == "_ingest" && len(parts) == 3 && parts[1] == "pipeline":
		c.pipeline(parts[2])
	case first == "_cluster" && len(parts) == 2 && parts[1] == "health" && !c.server.o.Serverless:
		c.json(http.StatusOK, map[string]any{"cluster_name": "elastictest", "status": "green", "timed_out": false, "number_of_nodes": 1})
	case strings.HasPrefix(first, "_"):
		c.fail(http.StatusBadRequest, "illegal_argument_exception", "no handler found for uri ["+c.r.URL.Path+"] and method ["+c.r.Method+"]")
	case len(parts) == 1:
		c.index(first)
	default:
		c.routeIndex(first, parts[1:])
	}
}

// routeIndex finds what a request asks of an index.
func (c *esCall) routeIndex(index string, parts []string) {
	switch {
	case parts[0] == "_bulk" && len(parts) == 1:
		c.bulk(index)
	case parts[0] == "_search" && len(parts) == 1:
		c.search(index)
	case parts[0] == "_count" && len(parts) == 1:
		c.count(index)
	case parts[0] == "_refresh" && len(parts) == 1:
		c.refresh(index)
	case parts[0] == "_mapping" && len(parts) == 1:
		c.mapping(index)
	case parts[0] == "_rollover" && len(parts) == 1:
		c.rollover(index)
	case (parts[0] == "_doc" || parts[0] == "_create") && len(parts) <= 2:
		id := ""
		if len(parts) == 2 {
			id = parts[1]
		}
		c.document(index, parts[0], id)
	default:
		c.fail(http.StatusBadRequest, "illegal_argument_exception", "no handler found for uri ["+c.r.URL.Path+"] and method ["+c.r.Method+"]")
	}
}

func (c *esCall) info() {
	flavor := "default"
	if c.server.o.Serverless {
		flavor = "serverless"
	}
	c.json(http.StatusOK, map[string]any{
		"name": "elastictest", "cluster_name": "elastictest", "cluster_uuid": "AAAAAAAAAAAAAAAAAAAAAA",
		"version": map[string]any{"number": c.server.o.Version, "build_flavor": flavor}, "tagline": "You Know, for Search",
	})
}

// fields is the members of a bulk answer's items that filter_path asks for; nil for all.
func (c *esCall) fields() map[string]bool {
	filter := c.r.URL.Query().Get("filter_path")
	if filter == "" || c.server.o.IgnoreFilterPath {
		return nil
	}
	out := make(map[string]bool)
	for path := range strings.SplitSeq(filter, ",") {
		parts := strings.Split(path, ".")
		if parts[0] == "items" && len(parts) >= 3 {
			out[parts[2]] = true
		}
	}
	return out
}

func (c *esCall) json(status int, v any) {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		c.fail(http.StatusInternalServerError, "exception", err.Error())
		return
	}
	c.answer(status, b)
}

func (c *esCall) answer(status int, b []byte) {
	if c.loseReply {
		cut(c.w)
		return
	}
	c.server.answer(c.w, status, b)
}

func (c *esCall) fail(status int, kind, reason string) {
	c.answer(status, errorAnswer(status, kind, reason))
}

func (c *esCall) failWith(err *esError) { c.fail(err.status, err.kind, err.reason) }

func errorAnswer(status int, kind, reason string) []byte {
	cause := map[string]any{"type": kind, "reason": reason}
	b, err := json.Marshal(map[string]any{
		"error":  map[string]any{"type": kind, "reason": reason, "root_cause": []any{cause}},
		"status": status,
	}, json.Deterministic(true))
	if err != nil {
		return []byte(`{"error":{"type":"exception","reason":"` + strconv.Itoa(status) + `"},"status":500}`)
	}
	return b
}
