package query_test

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// clause is a part of a query as a reader sees it.
type clause struct {
	op     string // and or not exists = in cidr < <= > >= like regex
	field  string
	values []string
	kids   []clause
}

// comparisons lists the clauses that compare a value.
func (c clause) comparisons() []clause {
	if c.kids == nil {
		return []clause{c}
	}
	var out []clause
	for _, k := range c.kids {
		out = append(out, k.comparisons()...)
	}
	return out
}

// reader reads the subset of a language that the translator prints, and no more.
type reader struct {
	text string
	pos  int
	// term reads one clause that is neither joined nor in parentheses.
	term         func(*reader) (clause, error)
	and, or, not string
}

func (r *reader) fail(format string, args ...any) error {
	return fmt.Errorf("at %d, before %.40q: %s", r.pos, r.text[min(r.pos, len(r.text)):], fmt.Sprintf(format, args...))
}

func (r *reader) rest() string { return r.text[r.pos:] }

// take reads a text if it comes next.
func (r *reader) take(s string) bool {
	if !strings.HasPrefix(r.rest(), s) {
		return false
	}
	r.pos += len(s)
	return true
}

// all reads the whole text.
func (r *reader) all() (clause, error) {
	c, err := r.expr()
	if err == nil && r.pos != len(r.text) {
		err = r.fail("text is left over")
	}
	return c, err
}

// expr reads clauses joined by one word; both words beside each other are refused.
func (r *reader) expr() (clause, error) {
	first, err := r.unary()
	if err != nil {
		return first, err
	}
	c := clause{kids: []clause{first}}
	for {
		op := ""
		switch {
		case r.take(r.and):
			op = "and"
		case r.take(r.or):
			op = "or"
		}
		if op == "" {
			break
		}
		if c.op != "" && c.op != op {
			return c, r.fail("and and or without parentheses")
		}
		c.op = op
		next, err := r.unary()
		if err != nil {
			return c, err
		}
		c.kids = append(c.kids, next)
	}
	if len(c.kids) == 1 {
		return first, nil
	}
	return c, nil
}

func (r *reader) unary() (clause, error) {
	if r.take(r.not) {
		inner, err := r.unary()
		return clause{op: "not", kids: []clause{inner}}, err
	}
	if r.take("(") {
		inner, err := r.expr()
		if err == nil && !r.take(")") {
			err = r.fail("no closing parenthesis")
		}
		return inner, err
	}
	return r.term(r)
}

// word reads characters of the set given.
func (r *reader) word(set string) string {
	n := 0
	for n < len(r.rest()) && strings.IndexByte(set, r.rest()[n]) >= 0 {
		n++
	}
	s := r.rest()[:n]
	r.pos += n
	return s
}

const (
	digits     = "0123456789"
	letters    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	fieldChars = letters + digits + "_@."
)

// quoted reads a text between quotes, where escape reads what follows a backslash.
func (r *reader) quoted(escape func() (string, error), lines bool) (string, error) {
	if !r.take(`"`) {
		return "", r.fail("no quote")
	}
	var b strings.Builder
	for r.pos < len(r.text) {
		switch {
		case r.take(`"`):
			return b.String(), nil
		case r.take(`\`):
			s, err := escape()
			if err != nil {
				return "", err
			}
			b.WriteString(s)
		case !lines && strings.ContainsAny(r.rest()[:1], "\r\n"):
			return "", r.fail("line break within quotes")
		default:
			ch, size := utf8.DecodeRuneInString(r.rest())
			b.WriteRune(ch)
			r.pos += size
		}
	}
	return "", r.fail("no closing quote")
}

// escapeOf reads an escape: single characters that stand for themselves or for others, or u and hex digits.
func (r *reader) escapeOf(plain string, others map[byte]string, braces bool) func() (string, error) {
	return func() (string, error) {
		if r.pos == len(r.text) {
			return "", r.fail("escape at the end")
		}
		c := r.text[r.pos]
		if s, ok := others[c]; ok {
			r.pos++
			return s, nil
		}
		if strings.IndexByte(plain, c) >= 0 {
			r.pos++
			return string(c), nil
		}
		if c != 'u' {
			return "", r.fail("unknown escape")
		}
		r.pos++
		hex := ""
		if braces {
			if !r.take("{") {
				return "", r.fail("no brace")
			}
			hex = r.word(digits + "abcdef")
			if len(hex) < 2 || len(hex) > 8 || !r.take("}") {
				return "", r.fail("bad escape")
			}
		} else {
			if len(r.rest()) < 4 {
				return "", r.fail("bad escape")
			}
			hex = r.rest()[:4]
			r.pos += 4
		}
		n, err := strconv.ParseUint(hex, 16, 32)
		return string(rune(n)), err
	}
}

var lineEscapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t"}

// readKQL reads what both Kibana and Elasticsearch read.
func readKQL(text string) (clause, error) {
	r := &reader{text: text, and: " and ", or: " or ", not: "not "}
	r.term = func(r *reader) (clause, error) {
		c := clause{field: r.word(fieldChars)}
		if c.field == "" {
			return c, r.fail("no field")
		}
		for _, op := range []string{" <= ", " >= ", " < ", " > ", ": "} {
			if r.take(op) {
				c.op = strings.TrimSpace(op)
				break
			}
		}
		if c.op == "" {
			return c, r.fail("no operator")
		}
		if strings.HasPrefix(r.rest(), `"`) {
			start := r.pos
			v, err := r.quoted(r.escapeOf(`"\`, lineEscapes, false), true)
			// Elasticsearch takes a backslash before the closing quote for its escape.
			if inner := r.text[start+1 : r.pos-1]; strings.HasSuffix(inner, `\`) {
				return c, r.fail("backslash before the closing quote")
			}
			c.values = []string{v}
			if c.op == ":" {
				c.op = "="
			}
			return c, err
		}
		start := r.pos
		for r.pos < len(r.text) && !strings.ContainsAny(r.rest()[:1], "\\():<>\"{} \t\r\n") {
			r.pos++
		}
		v := r.text[start:r.pos]
		switch {
		case v == "":
			return c, r.fail("no value")
		case c.op != ":":
			c.values = []string{v}
		case v == "*":
			c.op = "exists"
		case strings.Contains(v, "*"):
			c.op, c.values = "like", []string{v}
		default:
			c.op, c.values = "=", []string{v}
		}
		return c, nil
	}
	return r.all()
}

// readESQL reads FROM … METADATA … | WHERE QSTR("…").
func readESQL(text string) (clause, error) {
	head, rest, ok := strings.Cut(text, " METADATA _id, _index, _version | WHERE QSTR(")
	if !ok || !strings.HasPrefix(head, "FROM ") || strings.ContainsAny(head, "|\"\n") {
		return clause{}, fmt.Errorf("no FROM … METADATA … | WHERE QSTR: %.80q", text)
	}
	rest, ok = strings.CutSuffix(rest, ")")
	if !ok {
		return clause{}, fmt.Errorf("no closing parenthesis: %q", text)
	}
	if inner, ok := strings.CutPrefix(rest, `"""`); ok {
		if inner, ok = strings.CutSuffix(inner, `"""`); !ok || strings.Contains(inner, `"""`) || strings.ContainsAny(inner, "\r\n") {
			return clause{}, fmt.Errorf("raw text ends early: %q", rest)
		}
		return readLucene(inner)
	}
	r := &reader{text: rest}
	inner, err := r.quoted(r.escapeOf(`"\`, lineEscapes, false), false)
	if err != nil {
		return clause{}, err
	}
	if r.pos != len(rest) {
		return clause{}, r.fail("text behind the quotes")
	}
	return readLucene(inner)
}
