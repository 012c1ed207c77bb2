package elastictest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// searchBody is the part of a search request that the server knows; anything else is refused.
type searchBody struct {
	Query          jsontext.Value `json:"query"`
	Size           *int           `json:"size"`
	From           int            `json:"from"`
	Sort           jsontext.Value `json:"sort"`
	SearchAfter    []any          `json:"search_after"`
	Source         jsontext.Value `json:"_source"`
	SeqNo          bool           `json:"seq_no_primary_term"`
	Version        bool           `json:"version"`
	TrackTotalHits jsontext.Value `json:"track_total_hits"`
	Rest           jsontext.Value `json:",embed"`
}

// maxWindow of a search: index.max_result_window.
const maxResultWindow = 10_000

// sortKey is one field that hits are sorted by.
type sortField struct {
	field string
	desc  bool
}

// sought is a document that a search found.
type sought struct {
	x    *esIndex
	d    *esDocument
	keys []any
}

// search carries a search out. Only what was refreshed is seen.
func (c *esCall) search(name string) {
	var q searchBody
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &q); err != nil {
			c.fail(http.StatusBadRequest, "parsing_exception", err.Error())
			return
		}
	}
	if len(q.Rest) > 2 {
		c.fail(http.StatusBadRequest, "parsing_exception", "unknown key in ["+string(q.Rest)+"]")
		return
	}
	size := 10
	if q.Size != nil {
		size = *q.Size
	}
	if size < 0 || size+q.From > maxResultWindow {
		c.fail(http.StatusBadRequest, "search_phase_execution_exception", "all shards failed: Result window is too large, from + size must be less than or equal to: [10000] but was ["+strconv.Itoa(size+q.From)+"]")
		return
	}
	sorts, fault := parseSort(q.Sort)
	if fault != nil {
		c.failWith(fault)
		return
	}
	c.server.mu.Lock()
	hits, total, fault := c.server.find(name, q.Query, sorts)
	var out []byte
	if fault == nil {
		out = appendHits(hits, total, size, &q, sorts)
	}
	c.server.mu.Unlock()
	if fault != nil {
		c.failWith(fault)
		return
	}
	c.answer(http.StatusOK, out)
}

// find gives the matching documents in order. The caller holds the lock.
func (s *Elasticsearch) find(name string, query jsontext.Value, sorts []sortField) (hits []sought, total int, fault *esError) {
	test, fault := parseQuery(query, s.o.Now())
	if fault != nil {
		return nil, 0, fault
	}
	indices := s.named(name)
	if len(indices) == 0 && !strings.Contains(name, "*") {
		return nil, 0, esFail(http.StatusNotFound, "index_not_found_exception", "no such index [%s]", name)
	}
	for _, x := range indices {
		x.visible(s.o.Now(), false)
		for _, f := range sorts {
			if t, _ := x.resolveField(f.field); t != nil && (t.kind == "text" || t.kind == "match_only_text") {
				return nil, 0, esFail(http.StatusBadRequest, "search_phase_execution_exception", "all shards failed: Fielddata is disabled on [%s] in [%s]. Text fields are not optimised for operations like sorting.", f.field, x.name)
			}
		}
		for _, d := range x.docs {
			if d.seen != nil && test(x, d) {
				h := sought{x: x, d: d}
				for _, f := range sorts {
					h.keys = append(h.keys, sortValue(x, d, f.field))
				}
				hits = append(hits, h)
			}
		}
	}
	slices.SortFunc(hits, func(a, b sought) int {
		if n := compareKeys(a.keys, b.keys, sorts); n != 0 {
			return n
		}
		return cmp.Or(strings.Compare(a.x.name, b.x.name), cmp.Compare(a.d.seen.seq, b.d.seen.seq))
	})
	return hits, len(hits), nil
}

func appendHits(hits []sought, total, size int, q *searchBody, sorts []sortField) []byte {
	if q.SearchAfter != nil {
		hits = slices.DeleteFunc(hits, func(h sought) bool { return compareKeys(h.keys, q.SearchAfter, sorts) <= 0 })
	}
	hits = hits[min(q.From, len(hits)):]
	hits = hits[:min(size, len(hits))]
	pick := sourcePicker(q.Source)
	b := []byte(`{"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{`)
	if string(q.TrackTotalHits) != "false" {
		b = fmt.Appendf(b, `"total":{"value":%d,"relation":"eq"},`, total)
	}
	b = append(b, `"max_score":null,"hits":[`...)
	for i, h := range hits {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"_index":`...)
		b, _ = jsontext.AppendQuote(b, h.x.name)
		b = append(b, `,"_id":`...)
		b, _ = jsontext.AppendQuote(b, h.d.id)
		b = append(b, `,"_score":null`...)
		r := h.d.seen
		if q.Version {
			b = fmt.Appendf(b, `,"_version":%d`, r.version)
		}
		if q.SeqNo {
			b = fmt.Appendf(b, `,"_seq_no":%d,"_primary_term":1`, r.seq)
		}
		if source := pick(r.source); source != nil {
			b = append(append(b, `,"_source":`...), source...)
		}
		if len(sorts) > 0 {
			keys, _ := json.Marshal(h.keys)
			b = append(append(b, `,"sort":`...), keys...)
		}
		b = append(b, '}')
	}
	return append(b, `]}}`...)
}

// parseSort reads the forms "field", {"field":"asc"} and {"field":{"order":"asc",…}}.
func parseSort(b jsontext.Value) ([]sortField, *esError) {
	if len(b) == 0 {
		return nil, nil
	}
	var list []jsontext.Value
	if b.Kind() != '[' {
		list = []jsontext.Value{b}
	} else if json.Unmarshal(b, &list) != nil {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[sort] malformed")
	}
	var out []sortField
	for _, e := range list {
		if e.Kind() == '"' {
			out = append(out, sortField{field: textOf(e)})
			continue
		}
		var one map[string]jsontext.Value
		if json.Unmarshal(e, &one) != nil || len(one) != 1 {
			return nil, esFail(http.StatusBadRequest, "parsing_exception", "[sort] malformed")
		}
		for field, arg := range one {
			order := strings.Trim(string(arg), `"`)
			if arg.Kind() == '{' {
				var o struct {
					Order string `json:"order"`
				}
				_ = json.Unmarshal(arg, &o)
				order = o.Order
			}
			if field == "_id" {
				return nil, esFail(http.StatusBadRequest, "search_phase_execution_exception", "all shards failed: Fielddata access on the _id field is disallowed")
			}
			out = append(out, sortField{field: field, desc: order == "desc"})
		}
	}
	return out, nil
}

// sortValue is a document's first value of a field as searches sort it: milliseconds for dates; nil if it has none.
func sortValue(x *esIndex, d *esDocument, field string) any {
	if field == "_doc" || field == "_shard_doc" {
		return float64(d.seen.seq)
	}
	t, base := x.resolveField(field)
	if t == nil {
		return nil
	}
	values := d.values(base)
	if len(values) == 0 {
		return nil
	}
	if t.kind == "date" || t.kind == "date_nanos" {
		if when, ok := parseDate(scalarText(values[0])); ok {
			return float64(when.UnixMilli())
		}
		return nil
	}
	return values[0]
}

// compareKeys orders sort values; a missing one is last.
func compareKeys(a, b []any, sorts []sortField) int {
	for i, f := range sorts {
		if i >= len(a) || i >= len(b) {
			return 0
		}
		n := compareKey(a[i], b[i])
		if f.desc && a[i] != nil && b[i] != nil {
			n = -n
		}
		if n != 0 {
			return n
		}
	}
	return 0
}

func compareKey(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	x, okX := a.(float64)
	y, okY := b.(float64)
	if okX && okY {
		return cmp.Compare(x, y)
	}
	return strings.Compare(scalarText(a), scalarText(b))
}

// sourcePicker gives what a request's _source asks for: all, nothing, or some fields.
func sourcePicker(v jsontext.Value) func([]byte) []byte {
	switch {
	case len(v) == 0 || string(v) == "true":
		return func(b []byte) []byte { return b }
	case string(v) == "false":
		return func([]byte) []byte { return nil }
	}
	var fields []string
	switch v.Kind() {
	case '"':
		fields = strings.Split(textOf(v), ",")
	case '[':
		_ = json.Unmarshal(v, &fields)
	case '{':
		var o struct {
			Includes []string `json:"includes"`
		}
		_ = json.Unmarshal(v, &o)
		fields = o.Includes
	}
	return func(b []byte) []byte { return pickFields(b, fields) }
}

// pickFields keeps those fields of a document, each byte for byte.
func pickFields(b []byte, fields []string) []byte {
	out, _ := json.Marshal(pickFrom("", b, fields), json.Deterministic(true))
	return out
}

func pickFrom(at string, object jsontext.Value, fields []string) map[string]any {
	var doc map[string]jsontext.Value
	if json.Unmarshal(object, &doc) != nil {
		return nil
	}
	out := make(map[string]any)
	for name, v := range doc {
		full := strings.TrimPrefix(at+"."+name, ".")
		if slices.ContainsFunc(fields, func(f string) bool { return f == full || wildcardMatch(f, full) }) {
			out[name] = v
			continue
		}
		if v.Kind() == '{' {
			if picked := pickFrom(full, v, fields); len(picked) > 0 {
				out[name] = picked
			}
		}
	}
	return out
}

func (c *esCall) count(name string) {
	var q struct {
		Query jsontext.Value `json:"query"`
	}
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &q); err != nil {
			c.fail(http.StatusBadRequest, "parsing_exception", err.Error())
			return
		}
	}
	c.server.mu.Lock()
	_, n, fault := c.server.find(name, q.Query, nil)
	c.server.mu.Unlock()
	if fault != nil {
		c.failWith(fault)
		return
	}
	c.json(http.StatusOK, map[string]any{"count": n, "_shards": map[string]any{"total": 1, "successful": 1, "skipped": 0, "failed": 0}})
}

func (c *esCall) refresh(name string) {
	c.server.mu.Lock()
	indices := c.server.named(name)
	for _, x := range indices {
		x.visible(c.server.o.Now(), true)
	}
	c.server.mu.Unlock()
	if len(indices) == 0 {
		c.fail(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]")
		return
	}
	c.json(http.StatusOK, map[string]any{"_shards": map[string]any{"total": 2, "successful": 1, "failed": 0}})
}
