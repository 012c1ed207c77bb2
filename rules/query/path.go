package query

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// appendKey appends what the mapping knows the path as: the names of the steps
// with a separator that no name can hold, where an index and [*] are the same,
// binary_ref is image_ref, and the name of a hash is compared without case,
// hyphens and quotes.
func appendKey(key []byte, path *pattern.ObjectPath) []byte {
	key = append(key, path.Object...)
	hash := false
	for i := range path.Steps {
		step := &path.Steps[i]
		if step.Kind != pattern.Property {
			key = append(key, 0, '*')
			continue
		}
		key = append(key, 0)
		switch {
		case hash:
			key = appendHashName(key, step.Name)
		case step.Name == "binary_ref":
			key = append(key, "image_ref"...)
		default:
			key = append(key, step.Name...)
		}
		hash = step.Name == "hashes"
	}
	return key
}

// isTLSH reports whether a path leads to a hash of TLSH.
func isTLSH(path *pattern.ObjectPath) bool {
	n := len(path.Steps)
	return n > 1 && path.Steps[n-2].Name == "hashes" && strings.EqualFold(path.Steps[n-1].Name, "TLSH")
}

func appendHashName(key []byte, name string) []byte {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-':
		case 'a' <= c && c <= 'z':
			key = append(key, c-'a'+'A')
		default:
			key = append(key, c)
		}
	}
	return key
}

// pathText prints a path as the grammar does.
func pathText(path *pattern.ObjectPath) string {
	var b strings.Builder
	writeName(&b, path.Object)
	for i, step := range path.Steps {
		switch step.Kind {
		case pattern.AnyIndex:
			b.WriteString("[*]")
		case pattern.Index:
			b.WriteString("[" + strconv.FormatInt(step.Index, 10) + "]")
		case pattern.Property:
			if i == 0 {
				b.WriteByte(':')
			} else {
				b.WriteByte('.')
			}
			writeName(&b, step.Name)
		}
	}
	return b.String()
}

// writeName writes a name, in quotes where it isn't a plain word.
func writeName(b *strings.Builder, name string) {
	if name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == "" &&
		(strings.Trim(name, "-") == name) {
		b.WriteString(name)
		return
	}
	b.WriteString("'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'")
}

// parsePath reads the part of an object path behind the colon, as mapping files write it.
func parsePath(object, text string) (*pattern.ObjectPath, error) {
	path := &pattern.ObjectPath{Object: object}
	rest := text
	for rest != "" {
		switch {
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, fmt.Errorf("path %q: [ without ]", text)
			}
			step := pattern.Step{Kind: pattern.AnyIndex}
			if inner := rest[1:end]; inner != "*" {
				n, err := strconv.ParseInt(inner, 10, 64)
				if err != nil {
					return nil, fmt.Errorf("path %q: %q is neither * nor an index", text, inner)
				}
				step = pattern.Step{Kind: pattern.Index, Index: n}
			}
			path.Steps = append(path.Steps, step)
			rest = rest[end+1:]
		case rest[0] == '\'':
			name, after, err := quotedStep(rest)
			if err != nil {
				return nil, fmt.Errorf("path %q: %w", text, err)
			}
			path.Steps = append(path.Steps, pattern.Step{Name: name})
			rest = after
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, fmt.Errorf("path %q: empty step", text)
			}
			path.Steps = append(path.Steps, pattern.Step{Name: rest[:end]})
			rest = rest[end:]
		}
		if strings.HasPrefix(rest, ".") {
			if rest = rest[1:]; rest == "" {
				return nil, fmt.Errorf("path %q: empty step", text)
			}
		}
	}
	if object == "" || len(path.Steps) == 0 {
		return nil, fmt.Errorf("path %q: needs an object type and at least one step", text)
	}
	return path, nil
}

// quotedStep reads a step in single quotes and returns what stands behind it.
func quotedStep(text string) (name, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i++; i < len(text) {
				b.WriteByte(text[i])
			}
		case '\'':
			return b.String(), text[i+1:], nil
		default:
			b.WriteByte(text[i])
		}
	}
	return "", "", fmt.Errorf("no closing quote")
}
