package kibana

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Rule is a rule as Kibana holds it.
type Rule struct {
	// ID is Kibana's own id, RuleID the stable one.
	ID, RuleID string
	// Type is "query", "eql" and so on.
	Type string
	// Name is what people see.
	Name string
	// Enabled tells whether it runs.
	Enabled bool
	// Immutable tells that it is one of Elastic's prebuilt rules.
	Immutable bool
	// Interval is how often it runs, "5m".
	Interval string
	// CreatedAt is when it was made.
	CreatedAt string
	// Tags are its tags, References its links.
	Tags, References []string
	// Fields are all its fields, as they came.
	Fields map[string]jsontext.Value
}

// UnmarshalJSON keeps all fields and reads the common ones.
func (r *Rule) UnmarshalJSON(b []byte) error {
	r.Fields = make(map[string]jsontext.Value)
	if err := json.Unmarshal(b, &r.Fields); err != nil {
		return err
	}
	for name, to := range map[string]any{
		"id": &r.ID, "rule_id": &r.RuleID, "type": &r.Type, "name": &r.Name, "enabled": &r.Enabled, "immutable": &r.Immutable,
		"interval": &r.Interval, "created_at": &r.CreatedAt, "tags": &r.Tags, "references": &r.References,
	} {
		if v, ok := r.Fields[name]; ok {
			_ = json.Unmarshal(v, to) // an odd value counts as none
		}
	}
	return nil
}

// CreateRule makes a rule. Kibana's look-up of the rule_id before it is a search, so a
// create whose answer was lost must not be repeated blindly.
func (k *Client) CreateRule(ctx context.Context, rule jsontext.Value) (*Rule, error) {
	return k.one(ctx, request{op: "create rule", method: http.MethodPost, url: k.base + rulesPath, body: rule})
}

// ReplaceRule replaces the rule of that rule_id: every field that is left out
// goes back to its default, exceptions and actions included.
func (k *Client) ReplaceRule(ctx context.Context, rule jsontext.Value) (*Rule, error) {
	return k.one(ctx, request{op: "replace rule", method: http.MethodPut, url: k.base + rulesPath, body: rule})
}

// DeleteRule deletes the rule of that id (Kibana's). One that isn't there is no error.
func (k *Client) DeleteRule(ctx context.Context, id string) error {
	if id == "" {
		return errors.New("delete rule: no id")
	}
	_, err := k.do(ctx, request{op: "delete rule", method: http.MethodDelete, url: k.base + rulesPath + "?id=" + url.QueryEscape(id)})
	if noSuchRule(err) {
		return nil
	}
	return err
}

func (k *Client) one(ctx context.Context, r request) (*Rule, error) {
	b, err := k.do(ctx, r)
	if err != nil {
		return nil, err
	}
	out := new(Rule)
	if err := json.Unmarshal(b, out); err != nil {
		return nil, fmt.Errorf("%s: the answer is no rule", r.op)
	}
	return out, nil
}

// A FindQuery is a search for rules.
type FindQuery struct {
	// Filter is KQL over Kibana's saved objects; see [QuoteKQL].
	Filter string
	// Page counts from 1. Page times PerPage must not be above 10,000.
	Page, PerPage int
	// SortField and SortOrder ("asc", "desc") go together.
	SortField, SortOrder string
}

// A RulePage is a page of rules, and how many there are in all.
type RulePage struct {
	Total int     `json:"total"`
	Rules []*Rule `json:"data"`
}

// FindRules searches for rules. What was written a moment ago is found only
// after the refresh.
func (k *Client) FindRules(ctx context.Context, q FindQuery) (RulePage, error) {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" {
			values.Set(name, value)
		}
	}
	set("filter", q.Filter)
	set("sort_field", q.SortField)
	set("sort_order", q.SortOrder)
	values.Set("page", strconv.Itoa(max(q.Page, 1)))
	values.Set("per_page", strconv.Itoa(q.PerPage))
	b, err := k.do(ctx, request{op: "find rules", method: http.MethodGet, url: k.base + rulesPath + "/_find?" + values.Encode()})
	if err != nil {
		return RulePage{}, err
	}
	var page RulePage
	if err := json.Unmarshal(b, &page); err != nil {
		return RulePage{}, errors.New("find rules: the answer is no page of rules")
	}
	return page, nil
}

// QuoteKQL writes a text as a literal of KQL.
func QuoteKQL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

const (
	// maxFindURL is how long the filter of a look-up may be; Node.js takes 16 KiB for the
	// request line and all headers. A proxy that takes less is learnt from its 414.
	maxFindURL = 15_600
	minFindURL = 1 << 10
	// findWindow is how deep a search goes.
	findWindow = 10_000
	// pageSize is how many whole rules are asked for at once.
	pageSize = 500
)

// RulesByRuleID looks rules up, in as few requests as the length of a URL allows. There
// can be several of one rule_id: nothing in Kibana makes it unique.
func (k *Client) RulesByRuleID(ctx context.Context, ruleIDs []string) (map[string][]*Rule, error) {
	out := make(map[string][]*Rule, len(ruleIDs))
	for rest := ruleIDs; len(rest) > 0; {
		filter, n := ruleIDFilter(rest, int(k.urlLimit.Load()))
		for page := 1; ; page++ {
			perPage := min(2*n+10, pageSize)
			found, err := k.FindRules(ctx, FindQuery{Filter: filter, Page: page, PerPage: perPage, SortField: "created_at", SortOrder: "asc"})
			if tooLong(err) && k.urlLimit.Load() > minFindURL {
				k.urlLimit.Store(k.urlLimit.Load() / 2)
				n = 0
				break
			}
			if err != nil {
				return nil, err
			}
			for _, r := range found.Rules {
				if !slices.ContainsFunc(out[r.RuleID], func(have *Rule) bool { return have.ID == r.ID }) {
					out[r.RuleID] = append(out[r.RuleID], r)
				}
			}
			if len(found.Rules) < perPage || page*perPage >= found.Total || (page+1)*perPage > findWindow {
				break
			}
		}
		rest = rest[n:]
	}
	return out, nil
}

func tooLong(err error) bool {
	switch statusOf(err) {
	case http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestEntityTooLarge:
		return true
	}
	return false
}

// ruleIDFilter makes a filter of as many ids as fit, at least one.
func ruleIDFilter(ruleIDs []string, limit int) (filter string, n int) {
	const name = "alert.attributes.params.ruleId: "
	size := len(url.QueryEscape(name + "()"))
	for n < len(ruleIDs) {
		size += len(url.QueryEscape(QuoteKQL(ruleIDs[n]))) + len("+OR+")
		if n > 0 && size > limit {
			break
		}
		n++
	}
	if n == 1 {
		return name + QuoteKQL(ruleIDs[0]), 1
	}
	quoted := make([]string, n)
	for i, id := range ruleIDs[:n] {
		quoted[i] = QuoteKQL(id)
	}
	return name + "(" + strings.Join(quoted, " OR ") + ")", n
}

// RulesByTag yields all rules that carry the tag, oldest first, also beyond the window of a search.
func (k *Client) RulesByTag(ctx context.Context, tag string) iter.Seq2[*Rule, error] {
	base := "alert.attributes.tags: " + QuoteKQL(tag)
	return func(yield func(*Rule, error) bool) {
		filter, last, seen := base, "", map[string]bool{}
		for {
			grew := false
			for page := 1; page*pageSize <= findWindow; page++ {
				found, err := k.FindRules(ctx, FindQuery{Filter: filter, Page: page, PerPage: pageSize, SortField: "created_at", SortOrder: "asc"})
				if err != nil {
					yield(nil, err)
					return
				}
				for _, r := range found.Rules {
					if seen[r.ID] {
						continue // its neighbour of the same instant was the last of the window
					}
					if r.CreatedAt != last {
						last = r.CreatedAt
						clear(seen)
					}
					seen[r.ID], grew = true, true
					if !yield(r, nil) {
						return
					}
				}
				if page*pageSize >= found.Total || len(found.Rules) == 0 {
					return
				}
			}
			if !grew || last == "" {
				yield(nil, errors.New("find rules: more than 10,000 rules were made in one instant: they can't all be listed"))
				return
			}
			filter = base + " and alert.attributes.createdAt >= " + QuoteKQL(last)
		}
	}
}
