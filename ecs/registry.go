package ecs

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// hives is the registry's hives by their long and short names, in upper case.
var hives = map[string]string{
	"HKEY_LOCAL_MACHINE": "HKLM", "HKLM": "HKLM",
	"HKEY_CURRENT_USER": "HKCU", "HKCU": "HKCU",
	"HKEY_CLASSES_ROOT": "HKCR", "HKCR": "HKCR",
	"HKEY_USERS": "HKU", "HKU": "HKU",
	"HKEY_CURRENT_CONFIG": "HKCC", "HKCC": "HKCC",
}

// splitKey cuts a key into the hive's short name and the rest; the hive is
// empty if the key does not begin with one.
func splitKey(s string) (hive, key string) {
	s = strings.Trim(s, `\`)
	first, rest, _ := strings.Cut(s, `\`)
	if hive = hives[strings.ToUpper(first)]; hive != "" {
		return hive, rest
	}
	return "", s
}

// registryPath joins what is there; empty without a hive.
func registryPath(hive, key, value string) string {
	if hive == "" {
		return ""
	}
	path := hive
	for _, part := range [...]string{key, value} {
		if part != "" {
			path += `\` + part
		}
	}
	return path
}

// registryBytes returns STIX's hexadecimal REG_BINARY as ECS's base64; "" if it is none.
func registryBytes(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == ',' || r == ':' {
			return -1
		}
		return r
	}, strings.TrimPrefix(strings.ToLower(s), "0x"))
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}

// registryString returns the data of a value as ECS wants it: numbers in decimal, the rest as it is.
func registryString(data, kind string) string {
	if kind != "REG_DWORD" && kind != "REG_QWORD" && kind != "REG_DWORD_BIG_ENDIAN" {
		return data
	}
	digits, found := strings.CutPrefix(strings.ToLower(data), "0x")
	if n, err := strconv.ParseUint(digits, 16, 64); found && err == nil {
		return strconv.FormatUint(n, 10)
	}
	return data
}
