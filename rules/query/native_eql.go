package query

import (
	"strings"
	"unicode"
)

// comment skips a comment, and tells whether there was one.
func (c *checker) comment() (bool, error) {
	switch {
	case strings.HasPrefix(c.rest(), "//"):
		if end := strings.IndexByte(c.rest(), '\n'); end >= 0 {
			c.pos += end
		} else {
			c.pos = len(c.text)
		}
		return true, nil
	case strings.HasPrefix(c.rest(), "/*"):
		end := strings.Index(c.text[c.pos+2:], "*/")
		if end < 0 {
			return true, c.fault(c.pos, "comment without its end")
		}
		c.pos += end + 4
		return true, nil
	}
	return false, nil
}

// literal takes a text in quotes or a name in backquotes, and tells whether there was one.
func (c *checker) literal() (bool, error) {
	switch {
	case strings.HasPrefix(c.rest(), `"""`):
		if err := c.until(`"""`, "raw text without its closing quotes"); err != nil {
			return true, err
		}
		for range 2 { // the text itself may end with up to two quotes
			if strings.HasPrefix(c.rest(), `"`) {
				c.pos++
			}
		}
		return true, nil
	case c.text[c.pos] == '"':
		return true, c.quoted('"', false)
	case c.text[c.pos] == '`':
		return true, c.until("`", "name without its closing backquote")
	}
	return false, nil
}

// walk goes over a text, past comments and literals, and balances brackets;
// visit sees every other character.
func (c *checker) walk(visit func(ch byte) error) error {
	for c.pos < len(c.text) {
		if ok, err := c.comment(); err != nil {
			return err
		} else if ok {
			continue
		}
		if ok, err := c.literal(); err != nil {
			return err
		} else if ok {
			continue
		}
		if ok, err := c.bracket(); err != nil {
			return err
		} else if ok {
			continue
		}
		if err := visit(c.text[c.pos]); err != nil {
			return err
		}
		c.pos++
	}
	return c.closed()
}

// word returns the word at the position, in lower case.
func (c *checker) word() string {
	end := strings.IndexFunc(c.rest(), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(c.rest())
	}
	return strings.ToLower(c.rest()[:end])
}

// skip goes past white space and comments.
func (c *checker) skip() error {
	for c.pos < len(c.text) {
		if unicode.IsSpace(rune(c.text[c.pos])) {
			c.pos++
			continue
		}
		if ok, err := c.comment(); err != nil || !ok {
			return err
		}
	}
	return nil
}

// eql checks a query in EQL: a category and where, or a sequence or sample of
// such in brackets; texts only between double quotes; no pipe, which a rule can't have.
func (c *checker) eql() error {
	if err := c.skip(); err != nil {
		return err
	}
	if c.pos == len(c.text) {
		return c.fault(0, "empty: nothing but comments")
	}
	start, kind := c.pos, c.word()
	many := kind == "sequence" || kind == "sample" || kind == "join"
	where, events := false, 0
	before := byte(' ')
	err := c.walk(func(ch byte) error {
		switch {
		case ch == '|':
			return c.fault(c.pos, "a pipe, which the EQL of a detection rule can't have")
		case ch == '\'':
			return c.fault(c.pos, "EQL takes texts between double quotes only")
		case (ch == 'w' || ch == 'W') && !isWordByte(before) && c.word() == "where":
			where = true
			if len(c.stack) > 0 {
				events++
			}
		}
		before = ch
		return nil
	})
	switch {
	case err != nil:
		return err
	case !where:
		return c.fault(start, "no where; an event query is a category, where and a condition: any where …")
	case many && events == 0:
		return c.fault(start, kind+" without an event in square brackets")
	}
	return nil
}

func isWordByte(b byte) bool { return isAlphanumeric(b) || b == '_' || b == '.' || b == '@' }

// esql checks a query in ES|QL: it starts with FROM, since a rule can run over
// nothing but indices, and no command between pipes is empty.
func (c *checker) esql() error {
	if err := c.skip(); err != nil {
		return err
	}
	if c.pos == len(c.text) {
		return c.fault(0, "empty: nothing but comments")
	}
	if word := c.word(); word != "from" {
		return c.fault(c.pos, "starts with "+quoteWord(word)+"; the ES|QL of a detection rule starts with FROM")
	}
	c.pos += len("from")
	source, command, pipe := false, true, 0
	err := c.walk(func(ch byte) error {
		switch {
		case ch == '|':
			if !command {
				return c.fault(c.pos, "empty command before the pipe")
			}
			command, pipe = false, c.pos
		case ch == '\'':
			return c.fault(c.pos, "ES|QL takes texts between double quotes only")
		case !unicode.IsSpace(rune(ch)):
			source, command = true, true
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !source && !strings.Contains(c.text, `"`):
		return c.fault(len(c.text), "FROM without an index")
	case !command:
		return c.fault(pipe, "empty command behind the pipe")
	}
	return nil
}

func quoteWord(word string) string {
	if word == "" {
		return "no command"
	}
	return strings.ToUpper(word)
}
