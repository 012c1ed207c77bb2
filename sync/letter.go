package sync

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// letterLine is the form of a dead letter on the disk. Field names are for people
// with jq as much as for the replay.
type letterLine struct {
	Time         time.Time      `json:"time"`
	Sink         string         `json:"sink,omitzero"`
	Reason       string         `json:"reason"`
	Op           string         `json:"op"`
	Key          string         `json:"key,omitzero"`
	Position     string         `json:"position,omitzero"`
	Version      int64          `json:"version,omitzero"`
	ChangeReason string         `json:"change_reason,omitzero"`
	Object       jsontext.Value `json:"object,omitzero"`
	Raw          string         `json:"raw,omitzero"`
	RawBase64    string         `json:"raw_base64,omitzero"`
}

// lenient: what an object's text holds was good enough to be read once.
var lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// String returns the operation's name: progress, upsert, delete or invalid.
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return fmt.Sprintf("op(%d)", uint8(o))
}

var opNames = [...]string{Progress: "progress", Upsert: "upsert", Delete: "delete", Invalid: "invalid"}

func parseOp(s string) (Op, error) {
	for i, name := range opNames {
		if s == name {
			return Op(i), nil
		}
	}
	return 0, fmt.Errorf("operation %q: want upsert, delete or invalid", clipText(s))
}

// AppendLetter appends the letter as a line of JSON, from which [ParseLetter] makes it
// again: with its reason, its place, and the object or the raw event whole.
func AppendLetter(b []byte, letter DeadLetter) ([]byte, error) {
	c := letter.Change
	l := letterLine{
		Time: letter.Time.UTC(), Sink: letter.Sink, Reason: letter.Reason,
		Op: c.Op.String(), Key: c.Key, Version: c.Version, ChangeReason: c.Reason.String(),
	}
	if !c.Position.IsZero() {
		l.Position = c.Position.String()
	}
	raw := c.Raw
	if c.Object != nil {
		object := jsontext.Value(bytes.Clone(c.Object.Raw()))
		if err := object.Compact(lenient); err == nil {
			l.Object = object
		} else {
			raw = c.Object.Raw()
		}
	}
	switch {
	case utf8.Valid(raw):
		l.Raw = string(raw)
	default:
		l.RawBase64 = base64.StdEncoding.EncodeToString(raw)
	}
	line, err := json.Marshal(l, lenient)
	if err != nil {
		return b, fmt.Errorf("encode dead letter of %s: %w", c.Key, err)
	}
	return append(append(b, line...), '\n'), nil
}

// ParseLetter reads a line that [AppendLetter] wrote. It keeps the line, which
// must not be changed afterwards.
func ParseLetter(line []byte) (DeadLetter, error) {
	var l letterLine
	if err := json.Unmarshal(line, &l, lenient); err != nil {
		return DeadLetter{}, fmt.Errorf("dead letter: %w", err)
	}
	letter := DeadLetter{Time: l.Time, Sink: l.Sink, Reason: l.Reason}
	c := &letter.Change
	var err error
	if c.Op, err = parseOp(l.Op); err != nil {
		return letter, fmt.Errorf("dead letter: %w", err)
	}
	if l.Position != "" {
		if c.Position, err = ParsePosition(l.Position); err != nil {
			return letter, fmt.Errorf("dead letter: %w", err)
		}
	}
	c.Key, c.Version, c.Reason, c.Size = l.Key, l.Version, parseReason(l.ChangeReason), len(line)
	if c.Raw = []byte(l.Raw); l.RawBase64 != "" {
		if c.Raw, err = base64.StdEncoding.DecodeString(l.RawBase64); err != nil {
			return letter, fmt.Errorf("dead letter: %w", err)
		}
	}
	if len(l.Object) > 0 {
		if c.Object, err = stix.DecodeObject(l.Object); err != nil {
			return letter, fmt.Errorf("dead letter: %w", err)
		}
	}
	if c.Op == Invalid {
		c.Err = errors.New(l.Reason)
	}
	return letter, nil
}

// ReadLetters yields the letters of a file that [FileDeadLetters] wrote. A line
// that cannot be read is yielded as an error with its number, and the next ones go on.
func ReadLetters(r io.Reader) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		in := bufio.NewReader(r)
		for n := 1; ; n++ {
			line, err := in.ReadBytes('\n')
			if len(bytes.TrimSpace(line)) > 0 {
				letter, err := ParseLetter(line)
				if err != nil {
					err = fmt.Errorf("line %d: %w", n, err)
				}
				if !yield(letter, err) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(DeadLetter{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
		}
	}
}
