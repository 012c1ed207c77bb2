package coveragetest_test

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// condition reports whether one event satisfies a query.
type condition func(event map[string][]string) bool

// reader reads the queries of KQL, Lucene, EQL and ES|QL as far as rules use them. What it does not know it refuses.
type reader struct {
	language string
	tokens   []token
	pos      int
}

type token struct {
	text   string
	quoted bool // a text in quotes; /…/ in Lucene
	glob   bool // has an asterisk or question mark that stands for others
}

// read makes a condition of the query of one event.
func read(language, query string) (c condition, err error) {
	defer func() {
		if r := recover(); r != nil {
			text, ok := r.(string)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("%s: %s: %.300s", language, text, query)
		}
	}()
	r := &reader{language: language}
	r.scan(query)
	c = r.or()
	if r.pos != len(r.tokens) {
		panic("text is left over at " + r.peek().text)
	}
	return c, nil
}

func (r *reader) scan(s string) {
	special := map[string]string{"kuery": "():<>=", "lucene": "():[]{}", "eql": "():<>=!,", "esql": "():<>=!,"}[r.language]
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t':
			i++
		case strings.HasPrefix(s[i:], `"""`):
			end := strings.Index(s[i+3:], `"""`)
			if end < 0 {
				panic("open text")
			}
			r.tokens = append(r.tokens, token{text: s[i+3 : i+3+end], quoted: true})
			i += end + 6
		case c == '"':
			t := token{quoted: true}
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
					t.text += r.escaped(s, &i)
					continue
				}
				t.text += s[i : i+1]
			}
			i++
			r.tokens = append(r.tokens, t)
		case c == '/' && r.language == "lucene":
			end := i + 1
			for end < len(s) && s[end] != '/' {
				if s[end] == '\\' {
					end++
				}
				end++
			}
			r.tokens = append(r.tokens, token{text: "/" + strings.ReplaceAll(s[i+1:end], `\/`, "/")})
			i = end + 1
		case strings.IndexByte(special, c) >= 0:
			r.tokens = append(r.tokens, token{text: string(c)})
			i++
		default:
			var t token
			for i < len(s) && s[i] != ' ' && s[i] != '\n' && s[i] != '"' && strings.IndexByte(special, s[i]) < 0 {
				switch {
				case s[i] == '\\' && i+1 < len(s):
					i++
					t.text += regexp.QuoteMeta(s[i : i+1])
				case s[i] == '*':
					t.glob = true
					t.text += ".*"
				case s[i] == '?' && r.language == "lucene":
					t.glob = true
					t.text += "."
				default:
					t.text += regexp.QuoteMeta(s[i : i+1])
				}
				i++
			}
			if !t.glob {
				t.text = unquoteMeta(t.text)
			}
			r.tokens = append(r.tokens, t)
		}
	}
}

// escaped reads what stands behind a backslash; EQL's and ES|QL's globs keep the backslash before their signs.
func (r *reader) escaped(s string, i *int) string {
	switch c := s[*i]; c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case 'u':
		if r.language != "lucene" && *i+4 < len(s) {
			code := strings.Trim(s[*i+1:], "{}")[:4]
			if n, err := strconv.ParseUint(code, 16, 32); err == nil {
				*i += 4
				return string(rune(n))
			}
		}
		return "u"
	default:
		return string(c)
	}
}

func unquoteMeta(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (r *reader) peek() token {
	if r.pos < len(r.tokens) {
		return r.tokens[r.pos]
	}
	return token{text: "the end", quoted: true}
}

func (r *reader) next() token {
	t := r.peek()
	r.pos++
	return t
}

// word takes a word of the language if it comes next.
func (r *reader) word(words ...string) bool {
	for i, w := range words {
		if r.pos+i >= len(r.tokens) || r.tokens[r.pos+i].quoted || !strings.EqualFold(r.tokens[r.pos+i].text, w) {
			return false
		}
	}
	r.pos += len(words)
	return true
}

func (r *reader) want(words ...string) {
	if !r.word(words...) {
		panic("want " + strings.Join(words, " ") + " before " + r.peek().text)
	}
}

func (r *reader) or() condition { return r.joined("or", r.and, false) }

func (r *reader) and() condition { return r.joined("and", r.not, true) }

func (r *reader) joined(word string, operand func() condition, all bool) condition {
	first := operand()
	if !r.word(word) {
		return first
	}
	operands := []condition{first, operand()}
	for r.word(word) {
		operands = append(operands, operand())
	}
	return func(e map[string][]string) bool {
		for _, o := range operands {
			if o(e) != all {
				return !all
			}
		}
		return all
	}
}

func (r *reader) not() condition {
	if r.word("not") {
		inner := r.not()
		return func(e map[string][]string) bool { return !inner(e) }
	}
	if r.word("(") {
		inner := r.or()
		r.want(")")
		return inner
	}
	if r.language == "kuery" || r.language == "lucene" {
		return r.fieldAndValue()
	}
	return r.comparison()
}

// fieldAndValue reads a term of KQL or Lucene.
func (r *reader) fieldAndValue() condition {
	field := r.next()
	if field.glob || field.quoted {
		panic("a field expected, not " + field.text)
	}
	if field.text == "*" {
		panic("everything")
	}
	if r.language == "lucene" {
		r.want(":")
		if field.text == "_exists_" {
			name := r.next().text
			return func(e map[string][]string) bool { return len(e[name]) > 0 }
		}
		return r.values(field.text)
	}
	for _, op := range [][]string{{"<", "="}, {">", "="}, {"<"}, {">"}} {
		if r.word(op...) {
			return ordered(field.text, strings.Join(op, ""), r.next().text)
		}
	}
	r.want(":")
	return r.values(field.text)
}

// values reads one value, or several in parentheses.
func (r *reader) values(field string) condition {
	if !r.word("(") {
		return r.value(field)
	}
	out := r.value(field)
	for !r.word(")") {
		r.want("or")
		before, next := out, r.value(field)
		out = func(e map[string][]string) bool { return before(e) || next(e) }
	}
	return out
}

func (r *reader) value(field string) condition {
	t := r.next()
	switch {
	case r.language == "lucene" && (t.text == "[" || t.text == "{") && !t.quoted:
		low := r.next()
		r.want("to")
		high := r.next()
		end := r.next().text
		conditions := []condition{func(e map[string][]string) bool { return len(e[field]) > 0 }}
		if !low.glob {
			conditions = append(conditions, ordered(field, map[string]string{"[": ">=", "{": ">"}[t.text], low.text))
		}
		if !high.glob {
			conditions = append(conditions, ordered(field, map[string]string{"]": "<=", "}": "<"}[end], high.text))
		}
		return func(e map[string][]string) bool {
			return !slices.ContainsFunc(conditions, func(c condition) bool { return !c(e) })
		}
	case r.language == "lucene" && strings.HasPrefix(t.text, "/") && !t.quoted:
		return matching(field, t.text[1:])
	case t.glob && t.text == ".*":
		return func(e map[string][]string) bool { return len(e[field]) > 0 }
	case t.glob:
		return matching(field, t.text)
	}
	return equal(field, t.text, false)
}

// comparison reads a term of EQL or ES|QL.
func (r *reader) comparison() condition {
	name := r.next()
	if name.quoted {
		panic("a field expected, not " + name.text)
	}
	if strings.EqualFold(name.text, "true") {
		return func(map[string][]string) bool { return true }
	}
	if strings.EqualFold(name.text, "cidrMatch") || strings.EqualFold(name.text, "CIDR_MATCH") {
		r.want("(")
		field := fieldName(r.next().text)
		r.want(",")
		values := r.list()
		return anyEqual(field, values, false)
	}
	field := fieldName(name.text)
	exists := func(e map[string][]string) bool { return len(e[field]) > 0 }
	absent := func(e map[string][]string) bool { return len(e[field]) == 0 }
	switch {
	case r.word("is", "not", "null"):
		return exists
	case r.word("is", "null"):
		return absent
	case r.word("not", "in", "("):
		values := r.list()
		return func(e map[string][]string) bool { return exists(e) && !anyEqual(field, values, false)(e) }
	case r.word("in", "("):
		return anyEqual(field, r.list(), false)
	case r.word("in~", "("):
		return anyEqual(field, r.list(), true)
	case r.word("like", "("), r.word("like~", "("):
		return anyGlob(field, r.list(), r.tokens)
	case r.word("like"), r.word("like~"), r.word("rlike"), r.word("regex"), r.word("regex~"):
		word := strings.ToLower(r.tokens[r.pos-1].text)
		fold := ""
		if strings.HasSuffix(word, "~") {
			fold = "(?i)"
		}
		values := []string{}
		if r.word("(") {
			values = r.list()
		} else {
			values = append(values, r.next().text)
		}
		var out []condition
		for _, v := range values {
			if strings.HasPrefix(word, "like") {
				v = globbed(v)
			}
			out = append(out, matching(field, fold+v))
		}
		return func(e map[string][]string) bool {
			return slices.ContainsFunc(out, func(c condition) bool { return c(e) })
		}
	case r.word("=", "="):
		if r.word("null") {
			return absent
		}
		return equal(field, r.next().text, false)
	case r.word("!", "="):
		if r.word("null") {
			return exists
		}
		value := equal(field, r.next().text, false)
		return func(e map[string][]string) bool { return exists(e) && !value(e) }
	case r.word(":"):
		values := []string{}
		if r.word("(") {
			values = r.list()
		} else {
			values = append(values, r.next().text)
		}
		return anyGlob(field, values, nil)
	}
	for _, op := range [][]string{{"<", "="}, {">", "="}, {"<"}, {">"}} {
		if r.word(op...) {
			return ordered(field, strings.Join(op, ""), r.next().text)
		}
	}
	panic("no comparison of " + field)
}

func fieldName(s string) string { return strings.Trim(strings.TrimPrefix(s, "?"), "`") }

// list reads values up to the closing parenthesis.
func (r *reader) list() []string {
	var out []string
	for !r.word(")") {
		out = append(out, r.next().text)
		r.word(",")
		if r.pos > len(r.tokens) {
			panic("open list")
		}
	}
	return out
}

// globbed makes an expression of a pattern with * and ?.
func globbed(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}

func anyGlob(field string, values []string, _ []token) condition {
	var all []condition
	for _, v := range values {
		all = append(all, matching(field, "(?i)"+globbed(v)))
	}
	return func(e map[string][]string) bool {
		return slices.ContainsFunc(all, func(c condition) bool { return c(e) })
	}
}

func matching(field, expression string) condition {
	x, err := regexp.Compile("(?s)^(?:" + expression + ")$")
	if err != nil {
		panic(err.Error())
	}
	return func(e map[string][]string) bool { return slices.ContainsFunc(e[field], x.MatchString) }
}

func anyEqual(field string, values []string, fold bool) condition {
	return func(e map[string][]string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return equal(field, v, fold)(e) })
	}
}

// equal compares as a field of that name does: addresses also with a block.
func equal(field, want string, fold bool) condition {
	if strings.HasSuffix(field, "ip") {
		if block, err := netip.ParsePrefix(want); err == nil {
			return func(e map[string][]string) bool {
				return slices.ContainsFunc(e[field], func(s string) bool {
					a, err := netip.ParseAddr(s)
					return err == nil && block.Contains(a)
				})
			}
		}
		if a, err := netip.ParseAddr(want); err == nil {
			want = a.String()
		}
	}
	return func(e map[string][]string) bool {
		return slices.ContainsFunc(e[field], func(s string) bool { return s == want || fold && strings.EqualFold(s, want) })
	}
}

func ordered(field, op, want string) condition {
	return func(e map[string][]string) bool {
		return slices.ContainsFunc(e[field], func(s string) bool {
			c := strings.Compare(s, want)
			if number(s) && number(want) {
				a, _ := strconv.ParseInt(s, 10, 64)
				b, _ := strconv.ParseInt(want, 10, 64)
				c = int(max(min(a-b, 1), -1))
			} else if x, err := netip.ParseAddr(s); err == nil {
				if y, err := netip.ParseAddr(want); err == nil {
					c = x.Compare(y)
				}
			}
			switch op {
			case "<":
				return c < 0
			case "<=":
				return c <= 0
			case ">":
				return c > 0
			}
			return c >= 0
		})
	}
}

func number(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsDigit(c) })
}
