package native

import (
	"slices"
	"strings"
)

// SourceKind is a kind of thing that a query reads.
type SourceKind string

// The kinds of sources.
const (
	Index  SourceKind = "index"         // an index pattern in FROM
	Lookup SourceKind = "lookup index"  // the index of a LOOKUP JOIN
	Policy SourceKind = "enrich policy" // the policy of an ENRICH
)

// Source is something that a query of ES|QL reads.
type Source struct {
	Kind SourceKind
	// Name is its name or pattern as the query has it, without quotes; that of a
	// remote cluster has the cluster's name and a colon before it.
	Name string
}

// Sources returns what a query of ES|QL reads, in the order of the text. Of a
// query that [Check] refuses some may be missing.
func Sources(esql string) []Source { return readESQL(esql).sources }

// from is the first command.
type from struct {
	after    int      // the offset behind the last index, where METADATA would stand
	metadata []string // the columns that METADATA names
	listed   int      // the offset behind the last of them, 0 if there is none
}

// source reads the indices of FROM and its METADATA. The token is FROM.
func (r *esqlReader) source() {
	for {
		if !r.index() {
			return
		}
		r.from.after = r.pos
		r.skip()
		if !strings.HasPrefix(r.rest(), ",") {
			break
		}
		r.pos++
	}
	r.next()
	bracket := r.accept("[")
	if !r.token.is("metadata") {
		if bracket {
			r.unexpected("METADATA")
		}
		return
	}
	r.next()
	c := r.columns()
	r.from.metadata, r.from.listed = c.names, c.after
	if bracket && r.err == nil {
		r.expect("]")
	}
}

// index reads one index pattern, from behind FROM or a comma.
func (r *esqlReader) index() bool {
	r.skip()
	if r.err != nil {
		return false
	}
	start := r.pos
	if strings.HasPrefix(r.rest(), `"`) {
		r.literal()
		if r.err != nil {
			return false
		}
		r.add(strings.Trim(r.text[start:r.pos], `"`))
		return true
	}
	n := strings.IndexAny(r.rest(), "\"'=|,[]()/ \t\r\n`")
	if n < 0 {
		n = len(r.rest())
	}
	name := r.text[start : start+n]
	if name == "" || strings.EqualFold(name, "METADATA") {
		r.fail(start, "an index is expected here")
		return false
	}
	for _, c := range name {
		if why := typographic(c); why != "" {
			r.fail(start, why)
			return false
		}
	}
	r.pos += n
	r.add(name)
	return true
}

// add keeps index patterns, of which a text between quotes may hold several.
func (r *esqlReader) add(names string) {
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name != "" {
			r.sources = append(r.sources, Source{Index, name})
		}
	}
}

// unquotedUntil reads a name that may hold hyphens, dots and colons, up to white space or one of the words.
func (r *esqlReader) unquotedUntil(words ...string) string {
	if r.err != nil || r.token.kind == end || slices.ContainsFunc(words, func(w string) bool { return r.token.is(w) }) {
		return ""
	}
	if r.token.kind == text {
		name := strings.Trim(r.token.text, `"`)
		r.next()
		return name
	}
	if r.token.sign("|", "(", ")", ",", "=") {
		return ""
	}
	r.pos = r.token.at
	n := strings.IndexAny(r.rest(), " \t\r\n|,\"()=")
	if n < 0 {
		n = len(r.rest())
	}
	name := r.rest()[:n]
	r.pos += n
	r.next()
	return name
}
