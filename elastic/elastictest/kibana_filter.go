package elastictest

import (
	"fmt"
	"regexp"
	"strings"
)

// kqlError is a fault of a filter in Kibana's words.
type kqlError string

func (e kqlError) Error() string { return string(e) }

func notKQL(format string, args ...any) error { return kqlError(fmt.Sprintf(format, args...)) }

// matcher tells whether a rule satisfies a filter.
type matcher func(rule map[string]any) bool

// parseFilter reads the KQL that Kibana takes over its saved objects.
func parseFilter(kql string) (matcher, *reply) {
	if strings.TrimSpace(kql) == "" {
		return func(map[string]any) bool { return true }, nil
	}
	p := &filterParser{rest: kql}
	m, err := p.or()
	if err == nil && p.peek() != "" {
		err = notKQL("Expected AND, OR, end of input but %q found", p.peek())
	}
	if err != nil {
		a := engineError(400, "%v: Bad Request", err)
		return nil, &a
	}
	return m, nil
}

type filterParser struct{ rest string }

var reToken = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|<=|>=|[():<>]|(?:[^\s():<>"\\]|\\.)+)`)

func (p *filterParser) peek() string {
	m := reToken.FindStringSubmatch(p.rest)
	if m == nil {
		return strings.TrimSpace(p.rest)
	}
	return m[1]
}

func (p *filterParser) next() string {
	m := reToken.FindStringSubmatch(p.rest)
	if m == nil {
		s := strings.TrimSpace(p.rest)
		p.rest = ""
		return s
	}
	p.rest = p.rest[len(m[0]):]
	return m[1]
}

func (p *filterParser) or() (matcher, error) {
	return p.chain("or", p.and, func(list []matcher, r map[string]any) bool {
		for _, m := range list {
			if m(r) {
				return true
			}
		}
		return false
	})
}

func (p *filterParser) and() (matcher, error) {
	return p.chain("and", p.not, func(list []matcher, r map[string]any) bool {
		for _, m := range list {
			if !m(r) {
				return false
			}
		}
		return true
	})
}

func (p *filterParser) chain(word string, operand func() (matcher, error), combine func([]matcher, map[string]any) bool) (matcher, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	list := []matcher{first}
	for strings.EqualFold(p.peek(), word) {
		p.next()
		m, err := operand()
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	if len(list) == 1 {
		return first, nil
	}
	return func(r map[string]any) bool { return combine(list, r) }, nil
}

func (p *filterParser) not() (matcher, error) {
	if strings.EqualFold(p.peek(), "not") {
		p.next()
		m, err := p.not()
		if err != nil {
			return nil, err
		}
		return func(r map[string]any) bool { return !m(r) }, nil
	}
	if p.peek() == "(" {
		p.next()
		m, err := p.or()
		if err == nil && p.next() != ")" {
			err = notKQL("Expected \")\"")
		}
		return m, err
	}
	return p.comparison()
}

func (p *filterParser) comparison() (matcher, error) {
	field := p.next()
	get, err := attribute(field)
	if err != nil {
		return nil, err
	}
	op := p.next()
	switch op {
	case ":":
		test, err := p.values()
		if err != nil {
			return nil, err
		}
		return func(r map[string]any) bool {
			for _, v := range get(r) {
				if test(v) {
					return true
				}
			}
			return false
		}, nil
	case "<", "<=", ">", ">=":
		want := unquoteKQL(p.next())
		return func(r map[string]any) bool {
			for _, v := range get(r) {
				c := strings.Compare(v, want)
				if c < 0 && op[0] == '<' || c > 0 && op[0] == '>' || c == 0 && len(op) == 2 {
					return true
				}
			}
			return false
		}, nil
	}
	return nil, notKQL("Expected \":\", \"<\", \"<=\", \">\", \">=\" but %q found", op)
}

// values reads what may stand behind the colon: a value, or a group of them.
func (p *filterParser) values() (func(string) bool, error) {
	tok := p.next()
	if tok != "(" {
		return valueTest(tok)
	}
	exact, tests := make(map[string]bool), []func(string) bool(nil)
	for {
		v := p.next()
		t, err := valueTest(v)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(v, `"`) {
			exact[unquoteKQL(v)] = true
		} else {
			tests = append(tests, t)
		}
		switch sep := p.next(); {
		case sep == ")":
			return func(s string) bool {
				if exact[s] {
					return true
				}
				for _, t := range tests {
					if t(s) {
						return true
					}
				}
				return false
			}, nil
		case !strings.EqualFold(sep, "or"):
			return nil, notKQL("Expected OR or \")\" but %q found", sep)
		}
	}
}

func valueTest(tok string) (func(string) bool, error) {
	if tok == "" || strings.ContainsAny(tok, "():<>") && tok[0] != '"' {
		return nil, notKQL("Expected value but %q found", tok)
	}
	if tok[0] == '"' || !strings.Contains(tok, "*") {
		want := unquoteKQL(tok)
		return func(s string) bool { return s == want }, nil
	}
	parts := strings.Split(tok, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(unquoteKQL(parts[i]))
	}
	re, err := regexp.Compile("^(?s:" + strings.Join(parts, ".*") + ")$")
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

func unquoteKQL(s string) string {
	if len(s) >= 2 && s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// attributes are the properties of the saved object that stand directly below
// alert.attributes, with the API's names.
var attributes = map[string]string{
	"name": "name", "enabled": "enabled", "tags": "tags", "createdBy": "created_by", "updatedBy": "updated_by",
	"createdAt": "created_at", "updatedAt": "updated_at", "schedule.interval": "interval", "alertTypeId": "", "consumer": "",
	"throttle": "", "revision": "revision", "mapped_params.risk_score": "risk_score", "mapped_params.severity": "severity",
}

// attribute gives the values that a name in a filter stands for: the saved
// object's names, camel case below params, not the API's.
func attribute(field string) (func(map[string]any) []string, error) {
	rest, ok := strings.CutPrefix(field, "alert.attributes.")
	if !ok {
		return nil, notKQL("This key '%s' does NOT exist in alert saved object index patterns", field)
	}
	if param, ok := strings.CutPrefix(rest, "params."); ok {
		name := snakeCase(param)
		if name == param && strings.Contains(param, "_") {
			return func(map[string]any) []string { return nil }, nil // nothing is found, and nothing is said
		}
		return func(r map[string]any) []string { return textsOf(r[name]) }, nil
	}
	name, ok := attributes[rest]
	if !ok {
		return nil, notKQL("This key '%s' does NOT exist in alert saved object index patterns", field)
	}
	return func(r map[string]any) []string { return textsOf(r[name]) }, nil
}

func snakeCase(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func textsOf(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, textsOf(e)...)
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}
