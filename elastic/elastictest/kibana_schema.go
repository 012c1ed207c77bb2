package elastictest

import (
	"fmt"
	"math"
	"regexp"
	"slices"
)

// check reads a value of a request as Kibana's schemas do: it gives the value
// with unknown properties dropped, or says what is wrong with it.
type check func(at string, v any) (any, []string)

func wrong(at, want string, v any) (any, []string) {
	return nil, []string{fmt.Sprintf("%s: Expected %s, received %s", at, want, kindOf(v))}
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func text(at string, v any) (any, []string) {
	if _, ok := v.(string); !ok {
		return wrong(at, "string", v)
	}
	return v, nil
}

func nonEmpty(at string, v any) (any, []string) {
	s, ok := v.(string)
	if !ok {
		return wrong(at, "string", v)
	}
	if s == "" {
		return nil, []string{at + ": String must contain at least 1 character(s)"}
	}
	return s, nil
}

func boolean(at string, v any) (any, []string) {
	if _, ok := v.(bool); !ok {
		return wrong(at, "boolean", v)
	}
	return v, nil
}

func integer(low, high float64) check {
	return func(at string, v any) (any, []string) {
		n, ok := v.(float64)
		switch {
		case !ok:
			return wrong(at, "number", v)
		case n != math.Trunc(n):
			return nil, []string{at + ": Expected integer, received float"}
		case n < low:
			return nil, []string{fmt.Sprintf("%s: Number must be greater than or equal to %v", at, low)}
		case n > high:
			return nil, []string{fmt.Sprintf("%s: Number must be less than or equal to %v", at, high)}
		}
		return n, nil
	}
}

func oneOf(values ...string) check {
	return func(at string, v any) (any, []string) {
		if s, ok := v.(string); ok && slices.Contains(values, s) {
			return s, nil
		}
		return nil, []string{fmt.Sprintf("%s: Invalid enum value. Expected one of %q, received %v", at, values, v)}
	}
}

func matching(re *regexp.Regexp, what string) check {
	return func(at string, v any) (any, []string) {
		s, ok := v.(string)
		if !ok {
			return wrong(at, "string", v)
		}
		if !re.MatchString(s) {
			return nil, []string{fmt.Sprintf("%s: Failed to parse %s", at, what)}
		}
		return s, nil
	}
}

func anything(_ string, v any) (any, []string) { return v, nil }

func object(at string, v any) (any, []string) {
	if _, ok := v.(map[string]any); !ok {
		return wrong(at, "object", v)
	}
	return v, nil
}

func list(of check, least, most int) check {
	return func(at string, v any) (any, []string) {
		in, ok := v.([]any)
		if !ok {
			return wrong(at, "array", v)
		}
		if len(in) < least {
			return nil, []string{fmt.Sprintf("%s: Array must contain at least %d element(s)", at, least)}
		}
		if most > 0 && len(in) > most {
			return nil, []string{fmt.Sprintf("%s: Array must contain at most %d element(s)", at, most)}
		}
		out, faults := make([]any, len(in)), []string(nil)
		for i, e := range in {
			var f []string
			out[i], f = of(fmt.Sprintf("%s.%d", at, i), e)
			faults = append(faults, f...)
		}
		return out, faults
	}
}

func either(a, b check) check {
	return func(at string, v any) (any, []string) {
		if out, faults := a(at, v); faults == nil {
			return out, nil
		}
		return b(at, v)
	}
}

// props reads an object with these properties; unknown ones are dropped.
type props struct {
	fields   map[string]check
	required []string
}

func (p props) check(at string, v any) (any, []string) {
	in, ok := v.(map[string]any)
	if !ok {
		return wrong(at, "object", v)
	}
	out, faults := make(map[string]any, len(in)), []string(nil)
	for name, e := range in {
		c, known := p.fields[name]
		if !known {
			continue
		}
		value, f := c(join(at, name), e)
		faults = append(faults, f...)
		out[name] = value
	}
	for _, name := range p.required {
		if _, ok := in[name]; !ok {
			faults = append(faults, join(at, name)+": Required")
		}
	}
	slices.Sort(faults)
	return out, faults
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
