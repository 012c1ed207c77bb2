package elastictest

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// esItem is one item of a bulk request and its answer.
type esItem struct {
	esWrite
	written esWritten
	err     *esError
}

// bulk carries a bulk request out.
func (c *esCall) bulk(index string) {
	if ct := c.r.Header.Get("Content-Type"); !ndjsonType(ct) {
		c.fail(http.StatusNotAcceptable, "content_type_header_exception", "Content-Type header ["+ct+"] is not supported")
		return
	}
	if len(c.body) == 0 {
		c.fail(http.StatusBadRequest, "parse_exception", "request body is required")
		return
	}
	if c.body[len(c.body)-1] != '\n' {
		c.fail(http.StatusBadRequest, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]")
		return
	}
	items, err := readBulk(c.body, index)
	if err != nil {
		c.failWith(err)
		return
	}
	c.server.counts.bulk(len(items))
	c.server.precheck(items)
	c.server.mu.Lock()
	pipeline := c.r.URL.Query().Get("pipeline")
	for i := range items {
		it := &items[i]
		if it.err = c.injected(i, it); it.err != nil {
			continue
		}
		if pipeline != "" && pipeline != "_none" && it.verb != "delete" && !c.server.pipelines[pipeline] {
			it.err = esFail(http.StatusBadRequest, "illegal_argument_exception", "pipeline with id [%s] does not exist", pipeline)
			continue
		}
		it.written, it.err = c.server.write(&it.esWrite)
	}
	if refresh := c.r.URL.Query().Get("refresh"); refresh == "true" || refresh == "wait_for" || c.r.URL.Query().Has("refresh") && refresh == "" {
		for i := range items {
			for _, x := range c.server.named(items[i].written.index) {
				x.visible(c.server.o.Now(), true)
			}
		}
	}
	c.server.mu.Unlock()
	c.answer(http.StatusOK, bulkAnswer(items, c.fields()))
}

// precheck holds the documents against the mapping of their index before the lock is taken, so that
// requests go on beside each other. What it cannot tell is left for later.
func (s *Elasticsearch) precheck(items []esItem) {
	var tree *fieldTree
	var of string
	for i := range items {
		w := &items[i].esWrite
		if w.verb == "delete" {
			continue
		}
		if tree == nil || of != w.index {
			s.mu.RLock()
			if list := s.named(w.index); len(list) == 1 {
				tree, of = list[0].tree, w.index
			}
			s.mu.RUnlock()
			if tree == nil || of != w.index {
				continue
			}
		}
		if after, err := tree.check(w.source); err == nil && after == tree {
			w.checked = tree
		}
	}
}

// injected is the item's fault, if it has one.
func (c *esCall) injected(i int, it *esItem) *esError {
	f := c.itemFault
	if f == nil || f.Every > 1 && (i+1)%f.Every != 0 || f.ID != "" && f.ID != it.id {
		return nil
	}
	return &esError{f.Status, f.Type, f.Reason}
}

func ndjsonType(ct string) bool {
	ct, _, _ = strings.Cut(ct, ";")
	switch strings.TrimSpace(ct) {
	case "application/x-ndjson", "application/json", "application/vnd.elasticsearch+x-ndjson", "application/vnd.elasticsearch+json":
		return true
	}
	return false
}

// readBulk splits a body into its items. Any fault in an action line costs the whole request.
func readBulk(body []byte, index string) ([]esItem, *esError) {
	items := make([]esItem, 0, bytes.Count(body, []byte{'\n'})/2+1)
	for line := 1; len(body) > 0; line++ {
		end := bytes.IndexByte(body, '\n')
		action := body[:end]
		body = body[end+1:]
		if len(bytes.TrimSpace(action)) == 0 {
			continue
		}
		w := esWrite{index: index}
		if err := readAction(action, &w, line); err != nil {
			return nil, err
		}
		if w.index == "" {
			return nil, esFail(http.StatusBadRequest, "action_request_validation_exception", "Validation Failed: 1: index is missing;")
		}
		if w.verb != "delete" {
			end := bytes.IndexByte(body, '\n')
			if end < 0 {
				return nil, esFail(http.StatusBadRequest, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]")
			}
			w.source = slices.Clone(body[:end])
			body = body[end+1:]
			line++
		}
		items = append(items, esItem{esWrite: w})
	}
	return items, validate(items)
}

// validate finds what costs a whole request although only one item is at fault.
func validate(items []esItem) *esError {
	fail := func(format string, args ...any) *esError {
		return esFail(http.StatusBadRequest, "action_request_validation_exception", "Validation Failed: 1: "+format+";", args...)
	}
	if len(items) == 0 {
		return fail("no requests added")
	}
	for i := range items {
		w := &items[i].esWrite
		external := w.versionType != "" && w.versionType != "internal"
		switch {
		case len(w.id) > 512:
			return fail("id [%s] is too long, must be no longer than 512 bytes but was: %d", w.id[:64], len(w.id))
		case w.verb == "delete" && w.id == "":
			return fail("id is missing")
		case external && w.verb == "create":
			return fail("create operations only support internal versioning. use index instead")
		case external && w.seqNo != nil:
			return fail("compare and write operations can not use versioning")
		}
	}
	return nil
}

func readAction(b []byte, w *esWrite, line int) *esError {
	malformed := func(why string) *esError {
		return esFail(http.StatusBadRequest, "illegal_argument_exception", "Malformed action/metadata line [%d], %s", line, why)
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(b))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return malformed("expected START_OBJECT")
	}
	verb, err := d.ReadToken()
	if err != nil || verb.Kind() != '"' {
		return malformed("expected FIELD_NAME")
	}
	w.verb = verb.String()
	switch w.verb {
	case "index", "create", "delete":
	default:
		return malformed("expected field [create], [delete], [index] or [update] but found [" + w.verb + "]")
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return malformed("expected a START_OBJECT token for the action")
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return malformed(err.Error())
		}
		key := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return malformed(err.Error())
		}
		if err := w.parameter(key, value); err != "" {
			return malformed(err)
		}
	}
	if w.versionType != "" && w.versionType != "internal" && w.version == nil {
		return malformed("external version without a version")
	}
	if (w.seqNo == nil) != (w.term == nil) {
		return malformed("ifSeqNo and ifPrimaryTerm must be set together")
	}
	if _, err := d.ReadToken(); err != nil {
		return malformed(err.Error())
	}
	if _, err := d.ReadToken(); err != nil {
		return malformed("unclosed action")
	}
	if rest := bytes.TrimSpace(b[d.InputOffset():]); len(rest) > 0 {
		return malformed("trailing content after the action")
	}
	return nil
}

// parameter reads one parameter of an action; the answer says what is wrong with it.
func (w *esWrite) parameter(key string, value jsontext.Value) string {
	switch key {
	case "_index", "_id", "version_type", "routing", "pipeline":
		var s string
		if json.Unmarshal(value, &s) != nil {
			return "[" + key + "] must be a text"
		}
		switch key {
		case "_index":
			w.index = s
		case "_id":
			if s == "" {
				return "if _id is specified it must not be empty"
			}
			w.id = s
		case "version_type":
			w.versionType = s
		}
	case "version", "if_seq_no", "if_primary_term":
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			return "[" + key + "] must be a number"
		}
		switch key {
		case "version":
			w.version = &n
		case "if_seq_no":
			w.seqNo = &n
		case "if_primary_term":
			w.term = &n
		}
	case "require_alias", "require_data_stream", "list_executed_pipelines", "dynamic_templates":
	default:
		return "unknown parameter [" + key + "]"
	}
	return ""
}

// bulkAnswer writes the answers; fields tells which members of an item are wanted, nil for all.
func bulkAnswer(items []esItem, fields map[string]bool) []byte {
	b := make([]byte, 0, 32+len(items)*220)
	failed := slices.ContainsFunc(items, func(it esItem) bool { return it.err != nil })
	b = append(b, '{')
	if fields == nil {
		b = append(b, `"took":1,`...)
	}
	b = append(b, `"errors":`...)
	b = strconv.AppendBool(b, failed)
	b = append(b, `,"items":[`...)
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"`...)
		b = append(b, items[i].verb...)
		b = append(b, `":{`...)
		b = items[i].append(b, fields)
		b = append(b, "}}"...)
	}
	return append(b, "]}"...)
}

func (it *esItem) append(b []byte, fields map[string]bool) []byte {
	want := func(name string) bool { return fields == nil || fields[name] }
	w := &it.written
	if it.err != nil {
		w = &esWritten{index: it.index, id: it.id, status: it.err.status}
	}
	if want("_index") {
		b = append(b, `"_index":`...)
		b, _ = jsontext.AppendQuote(b, w.index)
		b = append(b, ',')
	}
	if want("_id") {
		b = append(b, `"_id":`...)
		b, _ = jsontext.AppendQuote(b, it.id)
		b = append(b, ',')
	}
	if it.err != nil {
		b = append(b, `"error":{"type":`...)
		b, _ = jsontext.AppendQuote(b, it.err.kind)
		b = append(b, `,"reason":`...)
		b, _ = jsontext.AppendQuote(b, it.err.reason)
		b = append(b, `},`...)
	} else {
		if want("_version") {
			b = append(b, `"_version":`...)
			b = strconv.AppendInt(b, w.version, 10)
			b = append(b, ',')
		}
		if want("result") {
			b = append(b, `"result":"`...)
			b = append(b, w.result...)
			b = append(b, `",`...)
		}
		if want("_shards") {
			b = append(b, `"_shards":{"total":2,"successful":1,"failed":0},`...)
		}
		if want("_seq_no") {
			b = append(b, `"_seq_no":`...)
			b = strconv.AppendInt(b, w.seq, 10)
			b = append(b, `,"_primary_term":1,`...)
		}
	}
	b = append(b, `"status":`...)
	return strconv.AppendInt(b, int64(w.status), 10)
}
