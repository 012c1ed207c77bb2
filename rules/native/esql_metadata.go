package native

import (
	"cmp"
	"slices"
	"strings"
)

// metadata is the columns by which Kibana knows an event again.
var metadata = [...]string{"_id", "_index", "_version"}

// WithMetadata completes a query of ES|QL so that its rows can be told from those of the last
// run: METADATA _id, _index, _version, where they are missing, also in KEEP. The remark says what
// was added, or why that was not possible; it is empty for a query that is complete, that makes
// new rows by STATS, or that [Check] refuses.
func WithMetadata(esql string) (completed, remark string) {
	r := readESQL(esql)
	if r.err != nil || r.aggregates {
		return esql, ""
	}
	for _, d := range r.drops {
		if i := slices.IndexFunc(metadata[:], func(column string) bool { return named(d.names, column) }); i >= 0 {
			return esql, "The query drops or renames " + metadata[i] + ", without which alerts come again at each run."
		}
	}
	if r.branches {
		return esql, "The query has branches (FORK), so that alerts may come again at each run."
	}
	type edit struct {
		at   int
		text string
	}
	var edits []edit
	var added []string
	if missing := without(r.from.metadata); len(missing) > 0 {
		added = missing
		if r.from.listed > 0 {
			edits = append(edits, edit{r.from.listed, ", " + strings.Join(missing, ", ")})
		} else {
			edits = append(edits, edit{r.from.after, " METADATA " + strings.Join(missing, ", ")})
		}
	}
	kept := false
	for _, k := range r.keeps {
		if missing := without(k.names); len(missing) > 0 {
			kept = true
			edits = append(edits, edit{k.after, ", " + strings.Join(missing, ", ")})
		}
	}
	if len(edits) == 0 {
		return esql, ""
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.at, a.at) })
	for _, e := range edits {
		esql = esql[:e.at] + e.text + esql[e.at:]
	}
	where := "METADATA " + strings.Join(added, ", ") + " was added to the query"
	switch {
	case kept && len(added) == 0:
		where = "The columns of METADATA were added to KEEP"
	case kept:
		where += " and to KEEP"
	}
	return esql, where + ", without which alerts come again at each run."
}

// without returns the columns of the metadata that are not named.
func without(names []string) []string {
	var missing []string
	for _, column := range metadata {
		if !named(names, column) {
			missing = append(missing, column)
		}
	}
	return missing
}

// named reports whether one of the names, which may hold wildcards, is that of the column.
func named(names []string, column string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return wildcard(n, column) })
}

// wildcard reports whether a name with * for any run stands for the whole text.
func wildcard(pattern, s string) bool {
	head, tail, found := strings.Cut(pattern, "*")
	if !found {
		return pattern == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	for s = s[len(head):]; ; s = s[1:] {
		if wildcard(tail, s) {
			return true
		}
		if s == "" {
			return false
		}
	}
}
