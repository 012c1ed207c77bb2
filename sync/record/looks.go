package record

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// looksBytes is how much of the beginning of a file tells what it is.
const looksBytes = 4 << 10

// looksLike says what a file looks like of which nothing could be read, and what to do.
func looksLike(head []byte) string {
	for _, form := range [...]struct{ magic, says string }{
		{"\xff\xfe", "UTF-16; convert it to UTF-8, such as by iconv -f UTF-16 -t UTF-8"},
		{"\xfe\xff", "UTF-16; convert it to UTF-8, such as by iconv -f UTF-16 -t UTF-8"},
		{"PK\x03\x04", "a zip archive or an Office document; take the STIX bundle out of it, or export one"},
		{"\xd0\xcf\x11\xe0", "an Office document; export a STIX bundle"},
		{"%PDF-", "a PDF document; export a STIX bundle"},
		{"BZh", "a bzip2 file; unpack it first (gzip is read as it is)"},
		{"\xfd7zXZ", "an xz file; unpack it first (gzip is read as it is)"},
		{"\x28\xb5\x2f\xfd", "a zstd file; unpack it first (gzip is read as it is)"},
		{"7z\xbc\xaf", "a 7z archive; unpack it first"},
		{"Rar!", "a rar archive; unpack it first"},
	} {
		if bytes.HasPrefix(head, []byte(form.magic)) {
			return form.says
		}
	}
	text := bytes.ToLower(bytes.TrimLeft(head, blank))
	switch {
	case len(head) > 3 && head[0] != 0 && head[1] == 0 && head[3] == 0:
		return "UTF-16; convert it to UTF-8, such as by iconv -f UTF-16LE -t UTF-8"
	case bytes.IndexByte(head, 0) >= 0 || !utf8.Valid(wholeRunes(head)):
		return "no text; export a STIX bundle"
	case bytes.HasPrefix(text, []byte("<!doctype html")) || bytes.HasPrefix(text, []byte("<html")):
		return "an HTML page, perhaps of a login or a fault; download the file itself"
	case bytes.HasPrefix(text, []byte("<")):
		return "XML, as STIX 1 is; convert it to STIX 2.1"
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return looksLikeJSON(stix.Value(bytes.TrimLeft(head, blank)))
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if strings.Count(line, ",") > 0 || strings.Count(line, ";") > 0 || strings.Count(line, "\t") > 0 {
		return "CSV; import it into OpenCTI, or make STIX objects of its lines"
	}
	return "plain text; want a STIX bundle, STIX objects or a recorded stream (convert queries takes patterns)"
}

// looksLikeJSON recognises JSON that is no STIX by the members at its top; it may be cut off anywhere.
func looksLikeJSON(head stix.Value) string {
	for name := range head.Members() {
		switch name {
		case "Event", "response", "Attribute":
			return "JSON of MISP; export the event as STIX 2"
		case "@timestamp", "_source", "_index":
			return "documents of Elasticsearch; want what they were made of"
		}
	}
	if bytes.Contains(head, []byte(`"Event"`)) && bytes.Contains(head, []byte(`"Attribute"`)) {
		return "JSON of MISP; export the event as STIX 2"
	}
	return "JSON that is no STIX: each object needs a type and an id"
}

// wholeRunes is a text without a rune that it is cut off in.
func wholeRunes(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
