package record

import (
	"bufio"
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// sniffBytes is how far a file is looked into to tell what it is.
const sniffBytes = 64 << 10

// isDocument reports whether what comes is JSON over several lines, or a bundle
// that may be too large for one piece; else it is read line by line.
func isDocument(in *bufio.Reader) bool {
	head := bytes.TrimLeft(firstLine(in), blank)
	if len(head) == 0 || head[0] == '[' {
		return len(head) > 0
	}
	first, _, whole := bytes.Cut(head, []byte{'\n'})
	first = bytes.TrimRight(first, blank)
	if last := first[len(first)-1]; whole && (last == '{' || last == '[' || last == ',') {
		return true // no line of a recording ends so
	}
	return isCollection(first)
}

// firstLine looks at the first line that is not empty, with its end, and at what is before it; it waits for no
// more. Of a longer line than sniffBytes it gives the beginning.
func firstLine(in *bufio.Reader) []byte {
	for n := 1; ; {
		head, err := in.Peek(n)
		line := bytes.TrimLeft(head, blank)
		if at := bytes.IndexByte(line, '\n'); at >= 0 {
			return head[:len(head)-len(line)+at+1]
		}
		if err != nil || n == sniffBytes {
			return head
		}
		n = min(max(n+1, in.Buffered()), sniffBytes)
	}
}

// blank is what can stand between JSON values.
const blank = " \t\r\n"

// isCollection reports whether the JSON object that begins here says that it is a
// bundle, or has objects; it may be cut off anywhere.
func isCollection(head []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(head), lenient)
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return false
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return false
		}
		switch member := name.String(); {
		case member == "objects":
			return d.PeekKind() == '['
		case member == "type" && d.PeekKind() == '"':
			t, err := d.ReadToken()
			if err != nil {
				return false
			}
			if t.String() == "bundle" {
				return true
			}
		default:
			if err := d.SkipValue(); err != nil {
				return false
			}
		}
	}
}

var lenient = jsontext.AllowInvalidUTF8(true)
