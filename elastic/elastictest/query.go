package elastictest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// hitTest tells whether a document matches.
type hitTest func(x *esIndex, d *esDocument) bool

// parseQuery reads a query of the kinds match_all, match_none, bool, term, terms, range, exists,
// ids, prefix, wildcard, match and match_phrase.
func parseQuery(b jsontext.Value, now time.Time) (hitTest, *esError) {
	if len(b) == 0 {
		return func(*esIndex, *esDocument) bool { return true }, nil
	}
	var q map[string]jsontext.Value
	if err := json.Unmarshal(b, &q); err != nil || len(q) != 1 {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[query] malformed query, expected one clause")
	}
	for name, arg := range q {
		switch name {
		case "match_all":
			return func(*esIndex, *esDocument) bool { return true }, nil
		case "match_none":
			return func(*esIndex, *esDocument) bool { return false }, nil
		case "bool":
			return parseBool(arg, now)
		case "exists":
			var e struct {
				Field string `json:"field"`
			}
			if json.Unmarshal(arg, &e) != nil || e.Field == "" {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[exists] must be provided with a [field]")
			}
			return func(x *esIndex, d *esDocument) bool { return x.mapped(e.Field) && len(d.values(e.Field)) > 0 }, nil
		case "ids":
			var e struct {
				Values []string `json:"values"`
			}
			if json.Unmarshal(arg, &e) != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[ids] malformed")
			}
			return func(_ *esIndex, d *esDocument) bool { return containsText(e.Values, d.id) }, nil
		case "term", "terms", "range", "prefix", "wildcard", "match", "match_phrase":
			return parseLeaf(name, arg, now)
		}
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "unknown query [%s]", name)
	}
	return nil, nil
}

func containsText(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func parseBool(b jsontext.Value, now time.Time) (hitTest, *esError) {
	var q map[string]jsontext.Value
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[bool] malformed")
	}
	var must, not, should []hitTest
	least := -1
	for name, arg := range q {
		if name == "minimum_should_match" {
			n, err := strconv.Atoi(strings.Trim(string(arg), `"`))
			if err != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[bool] minimum_should_match: only numbers are supported")
			}
			least = n
			continue
		}
		clauses := []jsontext.Value{arg}
		if arg.Kind() == '[' {
			clauses = nil
			_ = json.Unmarshal(arg, &clauses)
		}
		for _, c := range clauses {
			t, err := parseQuery(c, now)
			if err != nil {
				return nil, err
			}
			switch name {
			case "must", "filter":
				must = append(must, t)
			case "must_not":
				not = append(not, t)
			case "should":
				should = append(should, t)
			default:
				return nil, esFail(http.StatusBadRequest, "x_content_parse_exception", "[bool] unknown field [%s]", name)
			}
		}
	}
	if least < 0 {
		least = 0
		if len(must) == 0 && len(should) > 0 {
			least = 1
		}
	}
	return func(x *esIndex, d *esDocument) bool {
		for _, t := range must {
			if !t(x, d) {
				return false
			}
		}
		for _, t := range not {
			if t(x, d) {
				return false
			}
		}
		n := 0
		for _, t := range should {
			if t(x, d) {
				n++
			}
		}
		return n >= least
	}, nil
}

func parseLeaf(name string, b jsontext.Value, now time.Time) (hitTest, *esError) {
	var q map[string]jsontext.Value
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[%s] malformed query", name)
	}
	delete(q, "boost")
	if len(q) != 1 {
		return nil, esFail(http.StatusBadRequest, "parsing_exception", "[%s] query doesn't support multiple fields", name)
	}
	for field, arg := range q {
		var test func(t *fieldTree, v any) bool
		switch name {
		case "range":
			var bounds map[string]any
			if json.Unmarshal(arg, &bounds) != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[range] malformed query")
			}
			for op := range bounds {
				if !containsText([]string{"gt", "gte", "lt", "lte", "format"}, op) {
					return nil, esFail(http.StatusBadRequest, "parsing_exception", "[range] query does not support [%s]", op)
				}
			}
			test = func(t *fieldTree, v any) bool { return inRange(t, v, bounds, now) }
		case "terms":
			var list []any
			if json.Unmarshal(arg, &list) != nil {
				return nil, esFail(http.StatusBadRequest, "parsing_exception", "[terms] query requires an array of terms")
			}
			wanted := make(map[string]bool, len(list))
			for _, w := range list {
				wanted[scalarText(w)] = true
			}
			test = func(t *fieldTree, v any) bool {
				if t.kind == "keyword" || t.kind == "wildcard" || t.kind == "long" {
					return wanted[scalarText(v)]
				}
				for _, w := range list {
					if equalTerm(t, v, w) {
						return true
					}
				}
				return false
			}
		default:
			want := operand(arg)
			test = func(t *fieldTree, v any) bool {
				switch name {
				case "prefix":
					return strings.HasPrefix(scalarText(v), scalarText(want))
				case "wildcard":
					return wildcardMatch(scalarText(want), scalarText(v))
				case "match", "match_phrase":
					if t.kind == "text" || t.kind == "match_only_text" {
						return strings.Contains(strings.ToLower(scalarText(v)), strings.ToLower(scalarText(want)))
					}
				}
				return equalTerm(t, v, want)
			}
		}
		return func(x *esIndex, d *esDocument) bool {
			if field == "_id" {
				return test(&fieldTree{kind: "keyword"}, d.id)
			}
			t, base := x.resolveField(field)
			if t == nil || !t.indexed {
				return false
			}
			for _, v := range d.values(base) {
				if t.ignoreAbove > 0 && len([]rune(scalarText(v))) > t.ignoreAbove {
					continue
				}
				if test(t, v) {
					return true
				}
			}
			return false
		}, nil
	}
	return nil, nil
}

// operand is the value of a leaf query in its short or long form.
func operand(arg jsontext.Value) any {
	var v any
	_ = json.Unmarshal(arg, &v)
	if m, ok := v.(map[string]any); ok {
		for _, key := range []string{"value", "query"} {
			if x, ok := m[key]; ok {
				return x
			}
		}
	}
	return v
}
