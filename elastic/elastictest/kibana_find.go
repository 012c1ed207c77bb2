package elastictest

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// sorted gives what a search sees, oldest first.
func (s *kibanaSpace) sorted() []*storedRule {
	if s.inOrder == nil {
		s.inOrder = make([]*storedRule, 0, len(s.indexed))
		for _, r := range s.indexed {
			s.inOrder = append(s.inOrder, r)
		}
		slices.SortFunc(s.inOrder, func(a, b *storedRule) int { return a.seq - b.seq })
	}
	return s.inOrder
}

const maxWindow = 10_000

// findRules is GET _find.
func findRules(c *kibanaCall) reply {
	q := c.r.URL.Query()
	page, perPage, fault := paging(q)
	if fault != nil {
		return *fault
	}
	field, order := q.Get("sort_field"), q.Get("sort_order")
	if (field == "") != (order == "") {
		return *badRequest("when \"sort_order\" and \"sort_field\" must exist together or not at all")
	}
	key := map[string]string{
		"": "", "created_at": "created_at", "createdAt": "created_at", "updated_at": "updated_at", "updatedAt": "updated_at",
		"enabled": "enabled", "name": "name", "risk_score": "risk_score", "riskScore": "risk_score", "severity": "severity",
	}
	by, known := key[field]
	if !known && !strings.HasPrefix(field, "execution_summary.last_execution.") {
		return *badRequest("sort_field: Invalid enum value")
	}
	if order != "" && order != "asc" && order != "desc" {
		return *badRequest("sort_order: Invalid enum value")
	}
	match, fault := parseFilter(q.Get("filter"))
	if fault != nil {
		return *fault
	}
	var found []*storedRule
	for _, r := range c.space.sorted() {
		if match(r.props) {
			found = append(found, r)
		}
	}
	if by != "" {
		slices.SortStableFunc(found, func(a, b *storedRule) int {
			n := strings.Compare(sortKey(a.props[by]), sortKey(b.props[by]))
			if order == "desc" {
				n = -n
			}
			return n
		})
	}
	data := []any{}
	for _, r := range pageOf(found, page, perPage) {
		data = append(data, r.props)
	}
	return reply{status: 200, body: map[string]any{"page": page, "perPage": perPage, "total": len(found), "data": data}}
}

func paging(q url.Values) (page, perPage int, fault *reply) {
	read := func(name string, value, least int) int {
		if !q.Has(name) {
			return value
		}
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < least {
			fault = badRequest(fmt.Sprintf("%s: Number must be greater than or equal to %d", name, least))
		}
		return n
	}
	page, perPage = read("page", 1, 1), read("per_page", 20, 0)
	if fault == nil && page*perPage > maxWindow {
		a := engineError(400, "Result window is too large, from + size must be less than or equal to: [%d] but was [%d]", maxWindow, page*perPage)
		fault = &a
	}
	return page, perPage, fault
}

func pageOf[T any](all []T, page, perPage int) []T {
	from := min((page-1)*perPage, len(all))
	return all[from:min(from+perPage, len(all))]
}

func sortKey(v any) string {
	switch v := v.(type) {
	case float64:
		return fmt.Sprintf("%020.3f", v)
	case int:
		return fmt.Sprintf("%020.3f", float64(v))
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	}
	return ""
}
