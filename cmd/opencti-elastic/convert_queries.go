package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/rules/native"
	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// patternLine is a line of input.
type patternLine struct {
	ID             jsontext.Value `json:"id"`
	Pattern        *string        `json:"pattern"`
	PatternType    string         `json:"pattern_type"`
	SpecVersion    string         `json:"spec_version"`
	PatternVersion string         `json:"pattern_version"`
}

// queryLine is a line of output.
type queryLine struct {
	ID          jsontext.Value    `json:"id,omitzero"`
	Valid       bool              `json:"valid"`
	Error       string            `json:"error,omitzero"`
	Canonical   string            `json:"canonical,omitzero"`
	Warnings    []pattern.Warning `json:"warnings,omitzero"`
	Comparisons []pattern.Summary `json:"comparisons,omitzero"`
	Queries     any               `json:"queries,omitzero"`
}

func (a app) convertQueries(ctx context.Context, args []string) error {
	fs := a.flags("convert queries")
	exact := fs.Bool("exact", false, "give an error in place of a query that matches more than the pattern")
	identity := fs.Bool("file-identity", false, "take a hash of a file for the file: ask for any of its hashes, and for nothing else that a pattern says of it")
	fields := fs.String("fields", "", "YAML `file` of object paths and event fields, laid over the default mapping")
	indices := fs.String("indices", "", "index `patterns` for ES|QL, separated by commas")
	join := fs.String("join", "", "`fields` that the events of a sequence have in common, separated by commas (default host.id)")
	if err := parse(fs, args); err != nil {
		return err
	}
	options := query.Options{AllowWider: !*exact, AllowEmpty: true, FileIdentity: *identity, Indices: list(*indices), JoinBy: list(*join)}
	if *fields != "" {
		data, err := os.ReadFile(*fields)
		if err != nil {
			return usageError{err}
		}
		if options.Fields, err = query.LoadMapping(data, *fields); err != nil {
			return usageError{err}
		}
	}
	t, err := query.New(options)
	if err != nil {
		return usageError{err}
	}
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	if fs.NArg() > 0 {
		for _, text := range fs.Args() {
			if err := writeLine(out, convertPattern(t, patternLine{Pattern: &text})); err != nil {
				return err
			}
		}
		return out.Flush()
	}
	return a.eachLine(ctx, out, func(line []byte) error {
		return writeLine(out, convertLine(t, line))
	})
}

func list(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// eachLine calls f for each line of the standard input that is not empty, of any length. It
// leaves out byte order marks, and flushes out before it waits for more input, so that the command can be one end of a pipe's dialogue.
func (a app) eachLine(ctx context.Context, out *bufio.Writer, f func([]byte) error) error {
	in := bufio.NewReaderSize(a.stdin, 64<<10)
	for ctx.Err() == nil {
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		line, err := readLine(in)
		if ctx.Err() != nil {
			break // the rest of a line whose end we did not wait for
		}
		if text := bytes.TrimPrefix(bytes.TrimRight(line, "\r\n"), []byte("\ufeff")); len(bytes.TrimSpace(text)) > 0 {
			if err := f(text); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// maxLine is far above the longest pattern that is read.
const maxLine = 64 << 20

// readLine reads a line; what a line has beyond maxLine is left out, so that input without
// an end does not fill the memory. Such a line is no JSON and no pattern any more.
func readLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxLine-len(line))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// convertLine takes a JSON object, or a plain pattern: none begins with a brace.
func convertLine(t *query.Translator, line []byte) queryLine {
	if !bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("{")) {
		text := string(line)
		return convertPattern(t, patternLine{Pattern: &text})
	}
	var in patternLine
	if err := json.Unmarshal(line, &in, jsontext.AllowInvalidUTF8(true)); err != nil {
		return queryLine{ID: in.ID, Error: "input: want a JSON object or a pattern in each line (bundles are for convert rules and convert documents): " + err.Error()}
	}
	if in.Pattern == nil {
		return queryLine{ID: in.ID, Error: "input: no pattern in this line"}
	}
	return convertPattern(t, in)
}

func convertPattern(t *query.Translator, in patternLine) queryLine {
	switch kind := strings.ToLower(in.PatternType); kind {
	case "", "stix":
		return convertSTIX(t, in)
	case "kql", "lucene", "eql", "esql", "es|ql":
		lang := query.Language(strings.ReplaceAll(kind, "|", ""))
		out := queryLine{ID: in.ID, Valid: true}
		if err := native.Check(lang, *in.Pattern); err != nil {
			out.Valid, out.Error = false, err.Error()
			return out
		}
		out.Queries = map[query.Language]query.Query{lang: {Language: lang, Text: *in.Pattern}}
		return out
	default:
		return queryLine{ID: in.ID, Error: fmt.Sprintf("pattern type %q has no Elastic query", in.PatternType)}
	}
}

func convertSTIX(t *query.Translator, in patternLine) queryLine {
	options := pattern.Options{}
	if strings.HasPrefix(in.SpecVersion, "2.0") || strings.HasPrefix(in.PatternVersion, "2.0") {
		options.Version = pattern.V20
	}
	p, err := options.Parse(*in.Pattern)
	if err != nil {
		return queryLine{ID: in.ID, Error: err.Error()}
	}
	return queryLine{
		ID: in.ID, Valid: true, Canonical: p.String(), Queries: t.TranslateAll(p),
		// Never nil: a valid pattern always has both lists.
		Warnings: append([]pattern.Warning{}, pattern.Lint(p)...), Comparisons: append([]pattern.Summary{}, pattern.Summaries(p)...),
	}
}

func writeLine(w *bufio.Writer, line any) error {
	if err := json.MarshalWrite(w, line, jsontext.AllowInvalidUTF8(true), json.Deterministic(true)); err != nil {
		return err
	}
	return w.WriteByte('\n')
}
