package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"
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

const opMultiGet = "get documents"

// multiGet reads documents in real time, each in its index. One in an index that is gone is not found.
func (c *Client) multiGet(ctx context.Context, body []byte, query url.Values) ([]document, error) {
	var answer struct {
		Docs []document `json:"docs"`
	}
	r := request{op: opMultiGet, method: http.MethodPost, path: "/_mget", query: query, body: body}
	if err := c.call(ctx, r, &answer); err != nil {
		return nil, err
	}
	for i, d := range answer.Docs {
		if d.Error == nil {
			continue
		}
		if d.Error.Type != "index_not_found_exception" {
			return nil, &requestError{op: opMultiGet, err: fmt.Errorf("%s: %s", d.Error.Type, clipReason(d.Error.Reason))}
		}
		answer.Docs[i].Found = false
	}
	return answer.Docs, nil
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
		return nil, &requestError{op: op, err: fmt.Errorf("the answer lacks %d shards", answer.Shards.Failed)}
	}
	return answer.Hits.Hits, nil
}
