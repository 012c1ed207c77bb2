package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
)

// document is a document that Elasticsearch gives back.
type document struct {
	Index   string         `json:"_index"`
	ID      string         `json:"_id"`
	Found   bool           `json:"found"`
	Version int64          `json:"_version"`
	Source  jsontext.Value `json:"_source"`
	Error   *errorCause    `json:"error"`
	guard   `json:",embed"`
}

// reference names a document in an index.
type reference struct{ index, id string }

// fetch reads documents as they are now, whole or only some fields of them. Those that are not there are left out.
func (x *Index) fetch(ctx context.Context, refs []reference, fields ...string) ([]document, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	if !x.noMultiGet.Load() {
		docs, err := x.o.Client.multiGet(ctx, refs, fields)
		if e, ok := errors.AsType[*StatusError](err); !ok || !e.unsupported() && e.Status != http.StatusNotFound {
			return docs, err
		}
		x.noMultiGet.Store(true)
	}
	return x.fetchBySearch(ctx, refs, fields)
}

const opMultiGet = "get documents"

// multiGet reads documents in real time. An index that is gone has none.
func (c *Client) multiGet(ctx context.Context, refs []reference, fields []string) ([]document, error) {
	body := []byte(`{"docs":[`)
	for i, r := range refs {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"_index":`...)
		body = appendText(body, r.index)
		body = append(body, `,"_id":`...)
		body = appendText(body, r.id)
		body = append(body, '}')
	}
	query := url.Values{}
	if len(fields) > 0 {
		query.Set("_source_includes", strings.Join(fields, ","))
	}
	var answer struct {
		Docs []document `json:"docs"`
	}
	r := request{op: opMultiGet, method: http.MethodPost, path: "/_mget", query: query, body: append(body, "]}"...)}
	if err := c.call(ctx, r, &answer); err != nil {
		return nil, err
	}
	if len(answer.Docs) != len(refs) {
		return nil, fmt.Errorf("%s: the answer has %d documents for %d", opMultiGet, len(answer.Docs), len(refs))
	}
	found := answer.Docs[:0]
	for _, d := range answer.Docs {
		switch {
		case d.Error != nil && d.Error.Type != "index_not_found_exception":
			return nil, fmt.Errorf("%s: %s: %s", opMultiGet, d.Error.Type, endpoint.Clip(d.Error.Reason))
		case d.Error == nil && d.Found:
			found = append(found, d)
		}
	}
	return found, nil
}

// maxHits is the most hits that a search gives.
const maxHits = 10_000

// fetchBySearch finds documents by their ids where they cannot be read directly. A search sees only
// what was refreshed.
func (x *Index) fetchBySearch(ctx context.Context, refs []reference, fields []string) ([]document, error) {
	r := request{op: "refresh", method: http.MethodPost, path: "/" + x.o.Name + "/_refresh"}
	if err := x.o.Client.call(ctx, r, nil); err != nil {
		return nil, err
	}
	ids := make([]string, len(refs))
	for i, r := range refs {
		ids[i] = r.id
	}
	slices.Sort(ids)
	var out []document
	for chunk := range slices.Chunk(slices.Compact(ids), 1000) {
		body := map[string]any{"size": maxHits, "version": true, "seq_no_primary_term": true, "track_total_hits": false,
			"query": map[string]any{"ids": map[string]any{"values": chunk}}}
		if len(fields) > 0 {
			body["_source"] = fields
		}
		hits, err := x.o.Client.search(ctx, x.o.Name, mustMarshal(body))
		if err != nil {
			return nil, err
		}
		out = append(out, hits...)
	}
	return out, nil
}

// search gives the hits of a search. An index that is not there has none. An answer
// without all shards would hide documents and is an error.
func (c *Client) search(ctx context.Context, index string, body []byte) ([]document, error) {
	const op = "search documents"
	var answer struct {
		TimedOut bool `json:"timed_out"`
		Shards   struct {
			Failed int `json:"failed"`
		} `json:"_shards"`
		Hits struct {
			Hits []document `json:"hits"`
		} `json:"hits"`
	}
	err := c.call(ctx, request{op: op, method: http.MethodPost, path: "/" + index + "/_search", body: body}, &answer)
	if e, ok := errors.AsType[*StatusError](err); ok && e.indexMissing() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if answer.TimedOut || answer.Shards.Failed > 0 {
		return nil, fmt.Errorf("%s: the answer lacks %d shards", op, answer.Shards.Failed)
	}
	return answer.Hits.Hits, nil
}
