package query

import "strings"

// appendESQL spells a query of ES|QL. The conditions go through QSTR, in
// Lucene's syntax, and not through ES|QL's own operators, for two reasons: an
// operator yields null for a field that holds several values, where the
// pattern asks for any of them; and a column that no index maps fails the
// query, where the pattern's comparison just doesn't hold.
func appendESQL(b []byte, indices string, lucene []byte) []byte {
	b = append(b, "FROM "...)
	b = append(b, indices...)
	b = append(b, " METADATA _id, _index, _version | WHERE QSTR("...)
	b = appendESQLText(b, lucene)
	return append(b, ')')
}

// appendESQLText spells a text: raw between three quotes where it can stand so,
// else with escapes.
func appendESQLText(b, text []byte) []byte {
	raw := true
	quotes := 0
	for _, c := range text {
		if c == '"' {
			quotes++
		} else {
			quotes = 0
		}
		if quotes == 3 || c < ' ' || c == 0x7f {
			raw = false
			break
		}
	}
	if raw {
		b = append(b, `"""`...)
		b = append(b, text...)
		return append(b, `"""`...)
	}
	b = append(b, '"')
	for _, c := range text {
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// indexList joins index patterns as FROM takes them, in quotes where needed.
func indexList(indices []string) string {
	parts := make([]string, len(indices))
	for i, name := range indices {
		parts[i] = name
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.*-:") != "" {
			parts[i] = `"` + name + `"`
		}
	}
	return strings.Join(parts, ", ")
}
