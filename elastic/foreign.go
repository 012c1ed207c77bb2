package elastic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// notOurs matches what the Python connector left: every document of ours has a status.
const notOurs = `{"bool":{"must_not":[{"exists":{"field":"opencti.status"}}]}}`

// anyForeign tells whether there are documents of the Python connector's making; true if nobody can tell.
func (x *Index) anyForeign(ctx context.Context) (bool, error) {
	var answer struct {
		Count int64 `json:"count"`
	}
	err := x.o.Client.call(ctx, request{op: "count documents", method: http.MethodPost,
		path: "/" + x.o.Name + "/_count", body: []byte(`{"query":` + notOurs + `}`)}, &answer)
	if e, ok := errors.AsType[*StatusError](err); ok && e.unsupported() {
		return true, nil
	}
	return answer.Count > 0, err
}

// foreignChunk bounds the objects that one search for foreign documents asks for: there
// can be several for an object, and a search gives 10,000 at most.
const foreignChunk = 100

// findForeign looks for the documents that the Python connector made of the objects. Their ids
// are random; they carry the SHA-256 of the object's id, and its address in OpenCTI.
func (w *write) findForeign(ctx context.Context, open []*pending) error {
	for chunk := range slices.Chunk(open, foreignChunk) {
		byMark := make(map[string]*pending, 2*len(chunk))
		var sums, references []string
		for _, p := range chunk {
			key := w.changes[p.at].Key
			sum := sha256.Sum256([]byte(key))
			sums = append(sums, hex.EncodeToString(sum[:]))
			references = append(references, strings.TrimRight(w.index.o.ReferenceURL, "/")+"/dashboard/id/"+key)
			byMark[sums[len(sums)-1]], byMark[references[len(references)-1]] = p, p
		}
		terms := func(field string, values []string) any {
			return map[string]any{"terms": map[string]any{field: values}}
		}
		body := mustMarshal(map[string]any{
			"size": maxHits, "seq_no_primary_term": true, "track_total_hits": false,
			"_source": []string{"opencti_doc_id", "threat.indicator.reference"},
			"query": map[string]any{"bool": map[string]any{
				"must_not": []any{map[string]any{"exists": map[string]any{"field": "opencti.status"}}},
				"should": []any{
					terms("opencti_doc_id", sums), terms("opencti_doc_id.keyword", sums),
					terms("threat.indicator.reference", references), terms("threat.indicator.reference.keyword", references),
				},
				"minimum_should_match": 1,
			}},
		})
		hits, err := w.index.o.Client.search(ctx, w.index.o.Name, body)
		if err != nil {
			return err
		}
		for _, h := range hits {
			var source struct {
				DocID  string `json:"opencti_doc_id"`
				Threat struct {
					Indicator struct {
						Reference string `json:"reference"`
					} `json:"indicator"`
				} `json:"threat"`
			}
			if json.Unmarshal(h.Source, &source) != nil {
				continue
			}
			p := byMark[source.DocID]
			if p == nil {
				p = byMark[source.Threat.Indicator.Reference]
			}
			if p != nil && h.ID != p.id {
				p.foreign = append(p.foreign, found{index: h.Index, id: h.ID, guard: h.guard})
			}
		}
	}
	return nil
}
