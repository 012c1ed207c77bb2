package ecs

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// original returns the object's JSON without payloads: an artifact's, and those of attached files.
func original(o *stix.Object) string {
	return strings.ToValidUTF8(string(appendWithout(nil, o.Raw(), "")), "\uFFFD")
}

// payload reports whether a member is the content of a file. It can have megabytes.
func payload(name, in string) bool {
	return name == "payload_bin" || name == "data" && (in == "files" || in == "x_opencti_files")
}

// appendWithout appends v, the member that is called in, without the payloads in it.
func appendWithout(dst []byte, v stix.Value, in string) []byte {
	switch v.Kind() {
	case '{':
		dst = append(dst, '{')
		for name, member := range v.Members() {
			if payload(name, in) {
				continue
			}
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(appendText(dst, name), ':')
			dst = appendWithout(dst, member, name)
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for e := range v.Elements() {
			if dst[len(dst)-1] != '[' {
				dst = append(dst, ',')
			}
			dst = appendWithout(dst, e, in)
		}
		return append(dst, ']')
	}
	return append(dst, v...)
}
