package ecs

import "strings"

// An algorithm is a hash algorithm by the name that [algorithmName] makes of any spelling.
type algorithm struct {
	name string
	// digits is the number of hexadecimal digits; 0 for a hash of another form.
	digits int
	// list is where values that suffice alone go; nil where ECS has no field.
	list func(*File) *[]string
}

var algorithms = [...]algorithm{
	{"md5", 32, func(f *File) *[]string { return &f.Hash.MD5 }},
	{"sha1", 40, func(f *File) *[]string { return &f.Hash.SHA1 }},
	{"sha256", 64, func(f *File) *[]string { return &f.Hash.SHA256 }},
	{"sha384", 96, func(f *File) *[]string { return &f.Hash.SHA384 }},
	{"sha512", 128, func(f *File) *[]string { return &f.Hash.SHA512 }},
	{"ssdeep", 0, func(f *File) *[]string { return &f.Hash.SSDEEP }},
	{"tlsh", 0, func(f *File) *[]string { return &f.Hash.TLSH }},
	{"imphash", 32, func(f *File) *[]string { return &f.Imphash }},
	{"sha3256", 64, nil},
	{"sha3512", 128, nil},
	{"sha224", 56, nil},
}

// algorithmName compares without case, hyphens, underscores and quotes: SHA-256, sha256 and 'sha_256' are one.
func algorithmName(s string) string {
	clean := true
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			clean = false
		}
	}
	if clean || len(s) > 32 {
		return s
	}
	b := make([]byte, 0, 32)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-' || c == '_' || c == '\'':
		case c >= 'A' && c <= 'Z':
			b = append(b, c+'a'-'A')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func findAlgorithm(name string) *algorithm {
	name = algorithmName(name)
	for i := range algorithms {
		if algorithms[i].name == name {
			return &algorithms[i]
		}
	}
	return nil
}

// valid reports whether s, as [hashText] gives it, can be a hash of that algorithm.
func (a *algorithm) valid(s string) bool {
	switch {
	case a.digits > 0:
		return len(s) == a.digits && isHex(s)
	case a.name == "ssdeep":
		return strings.Count(s, ":") == 2 && len(s) <= 256 && !strings.ContainsAny(s, " \t\r\n")
	default: // tlsh: 70 digits, since version 4 with "T1" before them
		hex := strings.TrimPrefix(strings.ToLower(s), "t1")
		return len(hex) == 70 && isHex(strings.ToLower(hex))
	}
}

// hashText returns a hash as events carry it: hexadecimal in lower case, anything else as it is.
func hashText(s string) string {
	s = strings.TrimSpace(s)
	if isHex(s) || len(s) > 256 {
		return s
	}
	if lower := strings.ToLower(s); isHex(lower) {
		return lower
	}
	return s
}

// isHex reports whether s is hexadecimal digits in lower case.
func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}
