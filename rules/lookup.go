package rules

import (
	"fmt"
	"strings"
)

// lookupRules makes the rules of a join by ES|QL LOOKUP JOIN, one for each field of the
// indicators, since a join has one key. The event fields become one column of
// single values, as a join finds no value of a column with several.
func (b *Builder) lookupRules(j join) []Rule {
	var out []Rule
	for _, indicator := range j.indicatorFields() {
		var events []string
		for _, entries := range j.pairs {
			if len(entries) == 1 && entries[0].indicator == indicator {
				events = append(events, entries[0].event)
			}
		}
		if len(events) == 0 {
			continue
		}
		id, title := j.name, j.title
		if parts := strings.Split(indicator, "."); len(j.indicatorFields()) > 1 {
			last := parts[len(parts)-1]
			id, title = j.name+"-"+last, j.title+" ("+last+")"
		}
		j := j
		j.title = title
		r := &ESQLRule{Common: b.managed(j, FromLookup, id, "esql"), Language: "esql", Query: b.lookupQuery(j, indicator, events)}
		r.Description = "Events whose " + title + " equals that of an indicator from OpenCTI, joined by ES|QL. The alert holds the indicator's name, type, source and link."
		out = append(out, r)
	}
	return out
}

func (b *Builder) lookupQuery(j join, indicator string, events []string) string {
	m := b.opts.Managed
	lines := []string{"FROM " + strings.Join(b.opts.Indices, ", ") + " METADATA _id, _index, _version"}
	exists := make([]string, len(events))
	for i, f := range events {
		exists[i] = f + " IS NOT NULL"
	}
	lines = append(lines, "WHERE "+strings.Join(exists, " OR "))
	lines = append(lines, "EVAL event_time = @timestamp, "+indicator+" = "+column(events), "MV_EXPAND "+indicator)
	lines = append(lines, "WHERE "+b.lookupGuard(j, indicator), "LOOKUP JOIN "+m.Index+" ON "+indicator)
	where := []string{
		"opencti.indicator.pattern_type IS NOT NULL",
		"(opencti.indicator.revoked IS NULL OR opencti.indicator.revoked == false)",
		"(opencti.expires_at IS NULL OR opencti.expires_at >= NOW())",
	}
	if words := below(m.MinConfidence); len(words) > 0 {
		where = append(where, "(threat.indicator.confidence IS NULL OR NOT threat.indicator.confidence IN ("+quotedList(words)+"))")
	}
	if m.MinScore > 0 {
		where = append(where, fmt.Sprintf("opencti.indicator.score >= %d", m.MinScore))
	}
	if j.needsESQL != "" {
		where = append(where, j.needsESQL)
	}
	lines = append(lines, "WHERE "+strings.Join(where, " AND "))
	// The index has an @timestamp of its own, which the join has put over the event's.
	lines = append(lines, "EVAL @timestamp = event_time")
	keep := unique([]string{"_id", "_index", "_version", "@timestamp"}, []string{indicator},
		[]string{"threat.indicator.name", "threat.indicator.type", "threat.indicator.provider", "threat.indicator.reference", "threat.indicator.confidence", "threat.feed.name"})
	lines = append(lines, "KEEP "+strings.Join(keep, ", "))
	return strings.Join(lines, "\n| ")
}

// column is the values of all the fields: MV_APPEND of a null is null.
func column(fields []string) string {
	all := fields[0]
	for _, f := range fields[1:] {
		all = "COALESCE(MV_APPEND(" + all + ", " + f + "), " + all + ", " + f + ")"
	}
	return all
}

// lookupGuard leaves values out once the column has single ones.
func (b *Builder) lookupGuard(j join, indicator string) string {
	guard := b.leftOut(j, indicator)
	switch {
	case len(guard) == 0:
		return indicator + " IS NOT NULL"
	case strings.HasPrefix(j.name, "address"):
		return "NOT CIDR_MATCH(" + indicator + ", " + quotedList(guard) + ")"
	}
	return "NOT " + indicator + " IN (" + quotedList(guard) + ")"
}

func quotedList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
	}
	return strings.Join(quoted, ", ")
}
