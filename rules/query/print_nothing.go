package query

// empty is the query that matches nothing, if the caller allows it: no event
// can satisfy the pattern, for the reason given.
func (t *Translator) empty(lang Language, never *opaque, losses []Loss) (Query, error) {
	if !t.allowEmpty {
		if never == nil {
			never = &opaque{reason: "no event can satisfy it"}
		}
		if never.path == nil {
			return Query{}, never.err(lang)
		}
		return Query{}, never.err("")
	}
	q := Query{Language: lang, Shape: Event, Empty: true, Lossy: losses}
	switch lang {
	case KQL:
		q.Text = "not *:*"
	case Lucene:
		q.Text = "NOT *:*"
	case EQL:
		q.Text = "any where false"
	case ESQL:
		q.Text = "FROM " + t.indices + " METADATA _id, _index, _version | WHERE false"
	case DSL:
		q.Text = `{"query":{"match_none":{}}}`
	}
	return q, nil
}
