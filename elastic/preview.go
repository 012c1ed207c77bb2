package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/opencti-elastic/opencti-elastic/rules"
)

// Previewer counts in Elasticsearch what a rule would have matched, before it is enabled.
type Previewer struct {
	// Client reaches the cluster that holds the events.
	Client *Client
	// Days is how far to look back; default 7.
	Days int
	// Indices are looked at for rules that name a data view; default [rules.DefaultIndices].
	Indices []string
}

// maxPreviewIndicators bounds how many indicators of a match rule are joined.
const maxPreviewIndicators = 10_000

// Count gives the number of events that the rule would have matched: of a sequence the
// matches, of a threshold the groups that reach it. A match rule is counted with at
// most 10,000 of its indicators.
func (p Previewer) Count(ctx context.Context, rule rules.Rule) (int64, error) {
	days := p.Days
	if days <= 0 {
		days = 7
	}
	since := object{"range": object{"@timestamp": object{"gte": fmt.Sprintf("now-%dd", days)}}}
	switch r := rule.(type) {
	case *rules.QueryRule:
		return p.count(ctx, r.Index, since, textQuery(r.Language, r.Query))
	case *rules.EQLRule:
		return p.eql(ctx, r, since)
	case *rules.ESQLRule:
		return p.esql(ctx, r, since)
	case *rules.ThresholdRule:
		return p.threshold(ctx, r, since)
	case *rules.ThreatMatchRule:
		return p.match(ctx, r, since)
	}
	return 0, fmt.Errorf("preview: rules of type %s can't be counted", rule.Type())
}

type object map[string]any

// textQuery is the query that Kibana makes of a rule's text, as near as Elasticsearch has it.
func textQuery(language, text string) object {
	if language == "lucene" {
		return object{"query_string": object{"query": text, "analyze_wildcard": true}}
	}
	return object{"kql": object{"query": text}}
}

func (p Previewer) path(index []string, suffix string) string {
	if len(index) == 0 {
		if index = p.Indices; len(index) == 0 {
			index = rules.DefaultIndices()
		}
	}
	return "/" + strings.Join(index, ",") + suffix
}

// missing lets a search go on where an index isn't there.
func missing() url.Values {
	return url.Values{"ignore_unavailable": {"true"}, "allow_no_indices": {"true"}}
}

func (p Previewer) count(ctx context.Context, index []string, filters ...object) (int64, error) {
	var out struct {
		Count int64 `json:"count"`
	}
	err := p.post(ctx, p.path(index, "/_count"), missing(), object{"query": object{"bool": object{"filter": filters}}}, &out)
	return out.Count, err
}

func (p Previewer) post(ctx context.Context, path string, query url.Values, body object, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	return p.Client.call(ctx, request{op: "preview", method: http.MethodPost, path: path, query: query, body: b}, out)
}

func (p Previewer) eql(ctx context.Context, r *rules.EQLRule, since object) (int64, error) {
	var out struct {
		Hits struct {
			Total struct {
				Value int64 `json:"value"`
			} `json:"total"`
		} `json:"hits"`
	}
	err := p.post(ctx, p.path(r.Index, "/_eql/search"), missing(), object{"query": r.Query, "filter": since, "size": 1000}, &out)
	return out.Hits.Total.Value, err
}

func (p Previewer) esql(ctx context.Context, r *rules.ESQLRule, since object) (int64, error) {
	var out struct {
		Values [][]int64 `json:"values"`
	}
	err := p.post(ctx, "/_query", nil, object{"query": r.Query + "\n| STATS preview_count = COUNT(*)", "filter": since}, &out)
	if err == nil && (len(out.Values) != 1 || len(out.Values[0]) != 1) {
		err = errors.New("preview: the answer has no count")
	}
	if err != nil {
		return 0, err
	}
	return out.Values[0][0], nil
}

func (p Previewer) threshold(ctx context.Context, r *rules.ThresholdRule, since object) (int64, error) {
	query := textQuery(r.Language, r.Query)
	if len(r.Threshold.Field) == 0 {
		n, err := p.count(ctx, r.Index, since, query)
		return n / int64(max(r.Threshold.Value, 1)), err
	}
	groups := object{"terms": object{"field": r.Threshold.Field[0], "min_doc_count": r.Threshold.Value, "size": 10_000}}
	if len(r.Threshold.Field) > 1 {
		var terms []object
		for _, f := range r.Threshold.Field {
			terms = append(terms, object{"field": f})
		}
		groups = object{"multi_terms": object{"terms": terms, "min_doc_count": r.Threshold.Value, "size": 10_000}}
	}
	var out struct {
		Aggregations struct {
			Groups struct {
				Buckets []struct{} `json:"buckets"`
			} `json:"groups"`
		} `json:"aggregations"`
	}
	body := object{"size": 0, "query": object{"bool": object{"filter": []object{since, query}}}, "aggs": object{"groups": groups}}
	err := p.post(ctx, p.path(r.Index, "/_search"), missing(), body, &out)
	return int64(len(out.Aggregations.Groups.Buckets)), err
}

// match joins the events with the values of the indicators.
func (p Previewer) match(ctx context.Context, r *rules.ThreatMatchRule, since object) (int64, error) {
	values, err := p.indicatorValues(ctx, r)
	if err != nil {
		return 0, err
	}
	var any []object
	for _, m := range r.ThreatMapping {
		var all []object
		for _, e := range m.Entries {
			all = append(all, object{"terms": object{e.Field: values[e.Value]}})
		}
		any = append(any, object{"bool": object{"filter": all}})
	}
	joined := object{"bool": object{"should": any, "minimum_should_match": 1}}
	return p.count(ctx, r.Index, since, textQuery(r.Language, r.Query), joined)
}

func (p Previewer) indicatorValues(ctx context.Context, r *rules.ThreatMatchRule) (map[string][]any, error) {
	var fields []string
	for _, m := range r.ThreatMapping {
		for _, e := range m.Entries {
			if !slices.Contains(fields, e.Value) {
				fields = append(fields, e.Value)
			}
		}
	}
	var out struct {
		Hits struct {
			Hits []struct {
				Fields map[string][]any `json:"fields"`
			} `json:"hits"`
		} `json:"hits"`
	}
	body := object{"size": maxPreviewIndicators, "_source": false, "fields": fields, "query": textQuery(r.ThreatLanguage, r.ThreatQuery)}
	if err := p.post(ctx, p.path(r.ThreatIndex, "/_search"), missing(), body, &out); err != nil {
		return nil, err
	}
	values := make(map[string][]any)
	for _, f := range fields {
		values[f] = []any{}
	}
	for _, hit := range out.Hits.Hits {
		for name, v := range hit.Fields {
			values[name] = append(values[name], v...)
		}
	}
	return values, nil
}
