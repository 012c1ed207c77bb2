package ecs

import (
	"strings"
	"unicode"
)

// pathText is a path without blanks and quotation marks around it; one that names a drive has
// Windows' separators.
func pathText(s string) string {
	s = strings.TrimSpace(s)
	for len(s) > 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	if hasDrive(s) && strings.IndexByte(s, '/') >= 0 {
		s = strings.ReplaceAll(s, "/", `\`)
	}
	return s
}

// hasDrive reports whether a path begins as C:\ or C:/ does.
func hasDrive(s string) bool {
	return len(s) > 2 && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z') && s[1] == ':' && (s[2] == '\\' || s[2] == '/')
}

// isAbsolute reports whether a path names its place from a root or a variable on.
func isAbsolute(s string) bool {
	return hasDrive(s) || s != "" && strings.IndexByte(`\/%~$`, s[0]) >= 0
}

// normalDirectory: some events have a separator behind a directory, others none.
func normalDirectory(s string) (Spellings, error) {
	trimmed := pathText(s)
	for next := pathText(directoryOf(trimmed)); next != trimmed; next = pathText(directoryOf(trimmed)) {
		trimmed = next
	}
	if trimmed == "" {
		return oneSpelling(trimmed, "no path")
	}
	if trimmed == "/" || strings.HasSuffix(trimmed, `\`) {
		return Spellings{Canonical: trimmed}, nil // a root
	}
	separator := "/"
	if strings.IndexByte(s, '\\') >= 0 {
		separator = `\`
	}
	return Spellings{Canonical: trimmed, Others: []string{trimmed + separator}}, nil
}

// keyRoots is how keys of the registry begin in other tongues than STIX's, in upper case.
var keyRoots = [...]struct{ written, hive string }{
	{`\REGISTRY\MACHINE`, "HKEY_LOCAL_MACHINE"},
	{`\REGISTRY\USER`, "HKEY_USERS"},
	{`HKLM:`, "HKEY_LOCAL_MACHINE"},
	{`HKCU:`, "HKEY_CURRENT_USER"},
	{`HKLM`, "HKEY_LOCAL_MACHINE"},
	{`HKCU`, "HKEY_CURRENT_USER"},
	{`HKCR`, "HKEY_CLASSES_ROOT"},
	{`HKU`, "HKEY_USERS"},
	{`HKCC`, "HKEY_CURRENT_CONFIG"},
}

// keyText is a key of the registry as STIX writes it: the hive's long name, and no separator at the end.
func keyText(s string) string {
	s = strings.TrimRightFunc(strings.TrimSpace(s), func(r rune) bool { return r == '\\' || unicode.IsSpace(r) })
	if strings.HasPrefix(s, "HKEY_") {
		return s
	}
	for _, prefix := range [...]string{`Microsoft.PowerShell.Core\Registry::`, `Registry::`, `Computer\`} {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			s = s[len(prefix):]
		}
	}
	for _, root := range keyRoots {
		n := len(root.written)
		if len(s) >= n && strings.EqualFold(s[:n], root.written) && (len(s) == n || s[n] == '\\') {
			return root.hive + s[n:]
		}
	}
	return s
}
