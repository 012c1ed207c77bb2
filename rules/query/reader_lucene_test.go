package query_test

import (
	"strings"
	"unicode/utf8"
)

// readLucene reads the syntax of query_string.
func readLucene(text string) (clause, error) {
	r := &reader{text: text, and: " AND ", or: " OR ", not: "NOT "}
	r.term = luceneTerm
	return r.all()
}

func luceneTerm(r *reader) (clause, error) {
	if r.take("_exists_:") {
		return clause{op: "exists", field: r.word(fieldChars)}, nil
	}
	c := clause{op: "=", field: r.word(fieldChars)}
	if c.field == "" || !r.take(":") {
		return c, r.fail("no field")
	}
	value := func() (string, error) {
		if strings.HasPrefix(r.rest(), `"`) {
			return r.quoted(r.escapeOf(`"\`, nil, false), true)
		}
		v := r.word(digits)
		if v == "" {
			return "", r.fail("no value")
		}
		return v, nil
	}
	switch {
	case r.take("("):
		c.op = "in"
		for {
			v, err := value()
			if err != nil {
				return c, err
			}
			c.values = append(c.values, v)
			if r.take(")") {
				return c, nil
			}
			if !r.take(" OR ") {
				return c, r.fail("no OR in the list")
			}
		}
	case r.take("/"):
		c.op = "regex"
		start := r.pos
		for r.pos < len(r.text) && r.text[r.pos] != '/' {
			if r.text[r.pos] == '\\' {
				r.pos++
			}
			r.pos++
		}
		if r.pos >= len(r.text) {
			return c, r.fail("no closing slash")
		}
		c.values = []string{r.text[start:r.pos]}
		r.pos++
		return c, nil
	case strings.HasPrefix(r.rest(), "[") || strings.HasPrefix(r.rest(), "{"):
		return luceneRange(r, c.field)
	}
	if strings.HasPrefix(r.rest(), `"`) {
		v, err := value()
		c.values = []string{v}
		return c, err
	}
	return luceneWildcard(r, c)
}

// luceneWildcard reads a term; what is escaped is kept escaped, so that a wildcard can be told from a character.
func luceneWildcard(r *reader, c clause) (clause, error) {
	start := r.pos
	for r.pos < len(r.text) && !strings.ContainsAny(r.rest()[:1], " \t\r\n\f()\":[]{}^~/+-!&|=<>") {
		if r.text[r.pos] == '\\' {
			if r.pos++; r.pos == len(r.text) {
				return c, r.fail("escape at the end")
			}
		}
		_, size := utf8.DecodeRuneInString(r.rest())
		r.pos += size
	}
	term := r.text[start:r.pos]
	c.values = []string{term}
	switch {
	case term == "":
		return c, r.fail("no value")
	case strings.ContainsAny(term, "*?"):
		c.op = "like"
	}
	return c, nil
}

// luceneRange reads a range. As the real parser, it knows no escaped backslash
// before the quote that ends a bound, and takes a quoted asterisk for no bound.
func luceneRange(r *reader, field string) (clause, error) {
	bound := func() (string, bool, error) {
		if r.take("*") {
			return "", false, nil
		}
		if !strings.HasPrefix(r.rest(), `"`) {
			v := r.word(digits + "-.")
			if v == "" {
				return "", false, r.fail("no bound")
			}
			return v, true, nil
		}
		v, err := r.quoted(r.escapeOf("", nil, false), true)
		if v == "" || v == "*" {
			return "", false, r.fail("bound that is read as none")
		}
		return v, true, err
	}
	lowOp := map[bool]string{true: ">=", false: ">"}[r.rest()[0] == '[']
	r.pos++
	lo, hasLo, err := bound()
	if err != nil {
		return clause{}, err
	}
	if !r.take(" TO ") {
		return clause{}, r.fail("no TO")
	}
	hi, hasHi, err := bound()
	if err != nil {
		return clause{}, err
	}
	highOp := ""
	switch {
	case r.take("]"):
		highOp = "<="
	case r.take("}"):
		highOp = "<"
	default:
		return clause{}, r.fail("no end of the range")
	}
	var parts []clause
	if hasLo {
		parts = append(parts, clause{op: lowOp, field: field, values: []string{lo}})
	}
	if hasHi {
		parts = append(parts, clause{op: highOp, field: field, values: []string{hi}})
	}
	switch len(parts) {
	case 0:
		return clause{}, r.fail("range without bounds")
	case 1:
		return parts[0], nil
	}
	return clause{op: "and", kids: parts}, nil
}
