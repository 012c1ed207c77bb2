package stix

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Sensitive is what an object holds that detection needs whole and people need not read.
type Sensitive uint8

// The kinds of sensitive text.
const (
	// URLPasswords are passwords in URLs: http://user:password@host/.
	URLPasswords Sensitive = 1 << iota
	// CardNumbers are numbers of payment cards that pass their checksum.
	CardNumbers
)

// Sensitive reports what the object holds. Card numbers are looked for in
// payment cards and in patterns that name them only: other numbers have the same checksum.
func (o *Object) Sensitive() Sensitive {
	var found Sensitive
	if hasURLPassword(o.raw) {
		found |= URLPasswords
	}
	if strings.HasSuffix(o.Type, "payment-card") || bytes.Contains(o.Root("pattern"), []byte("payment-card")) || o.EntityType == "Payment-Card" {
		found |= CardNumbers
	}
	return found
}

// Masked returns the object with what is sensitive masked, for people to read. It is the same object if there is nothing.
func (o *Object) Masked() *Object {
	s := o.Sensitive()
	if s == 0 {
		return o
	}
	masked := &Object{digest: o.digest}
	masked.parse(rewrite(nil, o.raw, "", func(name string, v Value) Value {
		switch {
		case name == "card_number" && v.Kind() == '0':
			return quoted(s.Mask(string(v)))
		case v.Kind() != '"' || keptName(name) && name != "pattern":
			return v
		}
		return changed(v, s.Mask)
	}))
	return masked
}

// Mask returns a text without what s says: the password of each URL, and all but the last
// four digits of each card number.
func (s Sensitive) Mask(text string) string {
	if s&URLPasswords != 0 {
		text = maskURLs(text)
	}
	if s&CardNumbers != 0 {
		text = maskCards(text)
	}
	return text
}

// hasURLPassword reports whether a URL with a password may be in JSON.
func hasURLPassword(b []byte) bool {
	if bytes.IndexByte(b, '@') < 0 {
		return false
	}
	if bytes.Contains(b, []byte(`\/`)) || bytes.Contains(b, []byte(`\u`)) {
		return true // perhaps: the texts themselves say
	}
	for {
		i := bytes.Index(b, []byte("//"))
		if i < 0 {
			return false
		}
		b = b[i+2:]
		if start, end := password(b); end > start {
			return true
		}
	}
}

// password finds the password in what follows the // of a URL.
func password[T string | []byte](s T) (start, end int) {
	colon, at := -1, -1
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' && colon < 0:
			colon = i
		case c == '@':
			at = i
		case c <= ' ' || c == '/' || c == '?' || c == '#' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\\':
			if colon < 0 || at < colon {
				return 0, 0
			}
			return colon + 1, at
		}
	}
	if colon < 0 || at < colon {
		return 0, 0
	}
	return colon + 1, at
}

func maskURLs(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "//")
		if i < 0 {
			break
		}
		b.WriteString(s[:i+2])
		s = s[i+2:]
		if start, end := password(s); end > start {
			b.WriteString(s[:start] + Mask)
			s = s[end:]
		}
	}
	if b.Len() == 0 {
		return s
	}
	return b.String() + s
}

// maskCards masks the numbers of 13 to 19 digits, with single blanks or hyphens between them, that pass Luhn's checksum.
func maskCards(s string) string {
	const shortest, longest, shown = 13, 19, 4
	b := []byte(s)
	for i := 0; i < len(b); i++ {
		var at []int // of the digits
		for j := i; j < len(b); j++ {
			if isDigit(b[j]) {
				at = append(at, j)
			} else if len(at) == 0 || b[j] != ' ' && b[j] != '-' || j+1 == len(b) || !isDigit(b[j+1]) {
				break
			}
		}
		if len(at) == 0 {
			continue
		}
		if len(at) >= shortest && len(at) <= longest && luhn(b, at) {
			for _, j := range at[:len(at)-shown] {
				b[j] = '*'
			}
		}
		i = at[len(at)-1]
	}
	return string(b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func luhn(b []byte, digits []int) bool {
	sum := 0
	for k, j := range digits {
		n := int(b[j] - '0')
		if (len(digits)-k)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// keptName reports whether a member names, refers or dates, and never quotes a text: masks stay out of it.
func keptName(name string) bool {
	switch name {
	case "id", "type", "spec_version", "extension_type", "stix_ids", "pattern", "pattern_type", "pattern_version", "main_observable_type",
		"account_login", "user_id", "account_type", "x_opencti_id", "x_opencti_type", "key":
		return true
	}
	return strings.HasSuffix(name, "_ref") || strings.HasSuffix(name, "_refs")
}

// rewrite appends v with each of its texts, numbers and truth values replaced by what change makes of
// it. The name is that of the member that the value is, or is in the array of.
func rewrite(dst []byte, v Value, name string, change func(name string, v Value) Value) []byte {
	switch v.Kind() {
	case '{':
		dst = append(dst, '{')
		for member, e := range v.rawMembers() {
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(append(dst, member...), ':')
			dst = rewrite(dst, e, intern(member), change)
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for e := range v.Elements() {
			if dst[len(dst)-1] != '[' {
				dst = append(dst, ',')
			}
			dst = rewrite(dst, e, name, change)
		}
		return append(dst, ']')
	}
	return append(dst, change(name, v)...)
}

// changed is a text after a change, or the very same value if there is none.
func changed(v Value, change func(string) string) Value {
	text, _ := v.Text()
	if now := change(text); now != text {
		return quoted(now)
	}
	return v
}

func quoted(s string) Value {
	b, _ := jsontext.AppendQuote(nil, s) // the error says only that invalid UTF-8 was replaced
	return b
}
