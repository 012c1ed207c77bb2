package query

import (
	"encoding/json"
	"errors"
	"strings"
)

// kql checks a query in KQL: quotes, and brackets, which have no other use unescaped.
func (c *checker) kql() error {
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case '\\':
			c.pos += 2
			continue
		case '"':
			if err := c.quoted('"', true); err != nil {
				return err
			}
			continue
		case '[', ']': // mean nothing in KQL
			c.pos++
			continue
		}
		if ok, err := c.bracket(); err != nil {
			return err
		} else if !ok {
			c.pos++
		}
	}
	return c.closed()
}

// lucene checks a query in Lucene's syntax. A range may mix [ and }, and a
// regular expression between slashes may hold anything.
func (c *checker) lucene() error {
	term := false // within a term, where a slash starts no expression
	for c.pos < len(c.text) {
		ch := c.text[c.pos]
		switch ch {
		case '\\':
			if c.pos++; c.pos == len(c.text) {
				return c.fault(c.pos-1, "backslash at the end escapes nothing")
			}
			c.pos++
			term = true
			continue
		case '"':
			if err := c.quoted('"', true); err != nil {
				return err
			}
			term = false
			continue
		case '/':
			if term {
				break
			}
			if err := c.quoted('/', true); err != nil {
				return err
			}
			continue
		case '[', '{':
			if err := c.luceneRange(); err != nil {
				return err
			}
			term = false
			continue
		case ']', '}':
			return c.fault(c.pos, "a range's end without its start")
		}
		if ok, err := c.bracket(); err != nil {
			return err
		} else if !ok {
			c.pos++
		}
		term = !strings.ContainsRune(" \t\r\n():+-!", rune(ch))
	}
	return c.closed()
}

// luceneRange takes a range: [a TO b], {a TO b}, or a mixture.
func (c *checker) luceneRange() error {
	start := c.pos
	to := false
	for c.pos++; c.pos < len(c.text); {
		switch c.text[c.pos] {
		case '"':
			if err := c.quoted('"', true); err != nil {
				return err
			}
			continue
		case ']', '}':
			if !to {
				return c.fault(start, "range without TO")
			}
			c.pos++
			return nil
		}
		if strings.HasPrefix(c.rest(), "TO") {
			to = true
		}
		c.pos++
	}
	return c.fault(start, "range without its end")
}

// dsl checks a query in Query DSL: a JSON object.
func (c *checker) dsl() error {
	var body map[string]any
	if err := json.Unmarshal([]byte(c.text), &body); err != nil {
		at := 0
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = int(syntax.Offset)
		}
		return c.fault(at, "not a JSON object: "+err.Error())
	}
	if len(body) == 0 {
		return c.fault(0, "empty object")
	}
	return nil
}
