package native

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// esqlReader reads a query of ES|QL and keeps what a rule must know of it.
type esqlReader struct {
	lexer
	sources []Source
	from    from
	keeps   []columns
	drops   []columns
	// aggregates reports whether STATS makes rows that are no events any more.
	aggregates bool
	// branches reports whether FORK makes the columns differ.
	branches bool
}

// columns is the columns that a command names.
type columns struct {
	names []string
	after int // the offset behind the last one
}

func readESQL(text string) *esqlReader {
	r := &esqlReader{lexer: lexer{cursor: cursor{lang: query.ESQL, text: text}}}
	r.skip()
	r.next()
	switch {
	case r.err != nil:
	case r.token.kind == end:
		r.fail(0, "empty: nothing but comments")
	case !r.token.is("from"):
		r.fail(r.token.at, "starts with "+word(r.token)+"; the ES|QL of a detection rule starts with FROM")
	default:
		r.source()
		r.commands()
	}
	if r.err == nil && r.token.kind != end {
		r.unexpected("a pipe or the end")
	}
	return r
}

// checkESQL reads a query in ES|QL: FROM, since a rule can run over nothing but indices, and commands behind pipes.
func checkESQL(text string) error { return readESQL(text).err }

func word(t token) string {
	if t.kind != name {
		return "no command"
	}
	return strings.ToUpper(t.text)
}

// command is a processing command and how what stands behind its name is read.
type command struct {
	name string
	read func(*esqlReader)
}

// processing is the commands of ES|QL up to 9.2.
func processing() []command {
	return []command{
		{"WHERE", func(r *esqlReader) { r.condition() }},
		{"EVAL", func(r *esqlReader) { r.list(r.assignment) }},
		{"STATS", func(r *esqlReader) { r.aggregates = true; r.stats() }},
		{"INLINESTATS", (*esqlReader).stats},
		{"INLINE", (*esqlReader).inline},
		{"KEEP", func(r *esqlReader) { r.keeps = append(r.keeps, r.columns()) }},
		{"DROP", func(r *esqlReader) { r.drops = append(r.drops, r.columns()) }},
		{"RENAME", func(r *esqlReader) { r.list(r.rename) }},
		{"SORT", func(r *esqlReader) { r.list(r.order) }},
		{"LIMIT", func(r *esqlReader) { r.constant() }},
		{"SAMPLE", func(r *esqlReader) { r.constant() }},
		{"DISSECT", func(r *esqlReader) { r.extract(false) }},
		{"GROK", func(r *esqlReader) { r.extract(true) }},
		{"ENRICH", (*esqlReader).enrich},
		{"MV_EXPAND", (*esqlReader).column},
		{"LOOKUP", (*esqlReader).join},
		{"LEFT", (*esqlReader).join},
		{"FORK", (*esqlReader).fork},
		{"CHANGE_POINT", (*esqlReader).anything},
		{"COMPLETION", (*esqlReader).anything},
		{"RERANK", (*esqlReader).anything},
		{"FUSE", (*esqlReader).anything},
	}
}

// commands reads the commands behind pipes.
func (r *esqlReader) commands() {
	for r.err == nil && r.token.sign("|") {
		pipe := r.token
		r.next()
		r.command(pipe)
	}
}

func (r *esqlReader) command(pipe token) {
	switch {
	case r.err != nil:
		return
	case r.token.kind == end:
		r.fail(pipe.at, "empty command behind the pipe")
		return
	case r.token.sign("|"):
		r.fail(r.token.at, "empty command before the pipe")
		return
	}
	for _, c := range processing() {
		if r.token.is(c.name) {
			r.next()
			c.read(r)
			return
		}
	}
	r.fail(r.token.at, word(r.token)+" is no command of ES|QL"+like(word(r.token)))
}

// like names the command that a misspelt one is likely to be.
func like(word string) string {
	for _, c := range processing() {
		if n := len(c.name); len(word) > 2 && len(word) < n+2 && len(word) > n-2 && (strings.HasPrefix(c.name, word[:3]) || strings.HasSuffix(c.name, word[len(word)-3:])) {
			return "; did you mean " + c.name + "?"
		}
	}
	return ""
}

// assignment reads a value, or a name, = and a value.
func (r *esqlReader) assignment() {
	if r.token.sign("|") {
		r.unexpected("a column")
		return
	}
	r.condition()
	if r.err == nil && r.accept("=") {
		r.condition()
	}
}

func (r *esqlReader) stats() {
	some := false
	if !r.token.is("by") {
		some = true
		r.list(func() {
			if r.assignment(); r.err == nil && r.acceptWord("where") {
				r.condition()
			}
		})
	}
	if r.err == nil && r.acceptWord("by") {
		some = true
		r.list(r.assignment)
	}
	if !some && r.err == nil {
		r.unexpected("an aggregation")
	}
}

func (r *esqlReader) inline() {
	if !r.acceptWord("stats") {
		r.unexpected("STATS behind INLINE")
		return
	}
	r.stats()
}

// columns reads names of columns that may hold wildcards.
func (r *esqlReader) columns() columns {
	var c columns
	r.list(func() {
		first, last := r.token, token{after: -1}
		for r.err == nil && (r.token.kind == name || r.token.kind == quoted || r.token.kind == number || r.token.sign("*", ".", "-", "?", "??")) {
			if last.after >= 0 && r.token.at != last.after {
				break
			}
			last = r.token
			r.next()
		}
		if last.after < 0 {
			r.unexpected("a column")
			return
		}
		c.names, c.after = append(c.names, strings.ReplaceAll(r.text[first.at:last.after], "`", "")), last.after
	})
	return c
}

func (r *esqlReader) rename() {
	was := r.token
	r.column()
	switch {
	case r.err != nil:
	case r.acceptWord("as"):
		r.column()
	case r.accept("="):
		was = r.token
		r.column()
	default:
		r.unexpected("AS and the new name")
	}
	r.drops = append(r.drops, columns{names: []string{was.text}})
}

// column reads the name of one column.
func (r *esqlReader) column() {
	if r.token.sign("?", "??") {
		r.parameter()
		return
	}
	if r.token.kind != name && r.token.kind != quoted {
		r.unexpected("a column")
		return
	}
	for r.next(); r.err == nil && r.accept("."); {
		if r.token.kind != name && r.token.kind != quoted && r.token.kind != number {
			r.unexpected("a name behind the dot")
			return
		}
		r.next()
	}
}

func (r *esqlReader) order() {
	r.condition()
	if r.err != nil {
		return
	}
	r.acceptWord("asc", "desc")
	if r.acceptWord("nulls") && !r.acceptWord("first", "last") {
		r.unexpected("FIRST or LAST")
	}
}

// extract reads what DISSECT and GROK take a text apart by.
func (r *esqlReader) extract(many bool) {
	r.sum()
	if r.err != nil {
		return
	}
	pattern := func() {
		if r.token.kind != text && !r.token.sign("?", "??") {
			r.unexpected("a pattern between double quotes")
			return
		}
		r.primary()
	}
	if pattern(); many && r.err == nil && r.accept(",") {
		r.list(pattern)
	}
	if !many && r.err == nil && r.token.kind == name { // append_separator = ","
		r.next()
		if r.expect("=") {
			r.constant()
		}
	}
}

// enrich reads the name of a policy, which may have a mode, and the columns.
func (r *esqlReader) enrich() {
	policy := r.unquotedUntil("ON", "WITH")
	if policy == "" {
		r.unexpected("the name of a policy")
		return
	}
	r.sources = append(r.sources, Source{Policy, policy})
	if r.acceptWord("on") {
		r.columns()
	}
	if r.err == nil && r.acceptWord("with") {
		r.list(func() {
			r.columns1()
			if r.err == nil && r.accept("=") {
				r.columns1()
			}
		})
	}
}

func (r *esqlReader) columns1() {
	if r.token.kind != name && r.token.kind != quoted && !r.token.sign("*", "?", "??") {
		r.unexpected("a column")
		return
	}
	if r.token.sign("*") {
		r.next()
		return
	}
	r.column()
}

// join reads LOOKUP JOIN index ON columns.
func (r *esqlReader) join() {
	if !r.acceptWord("join") {
		r.unexpected("JOIN")
		return
	}
	index := r.unquotedUntil("ON", "AS")
	if index == "" {
		r.unexpected("an index")
		return
	}
	r.sources = append(r.sources, Source{Lookup, index})
	if r.acceptWord("as") {
		r.column()
	}
	if r.err != nil {
		return
	}
	if !r.acceptWord("on") {
		r.unexpected("ON and the columns")
		return
	}
	r.list(r.condition)
}

// fork reads commands in parentheses.
func (r *esqlReader) fork() {
	r.branches = true
	for count := 0; r.err == nil; count++ {
		if !r.token.sign("(") {
			if count == 0 {
				r.unexpected("( behind FORK")
			}
			return
		}
		r.enclosed(")", func() {
			r.command(r.token)
			r.commands()
		})
	}
}

// anything reads a command whose parts are not looked at.
func (r *esqlReader) anything() {
	closers := map[string]string{"(": ")", "[": "]", "{": "}"}
	for r.err == nil && r.token.kind != end && !r.token.sign("|", ")", "]", "}") {
		if closer, ok := closers[r.token.text]; ok && r.token.kind == sign {
			r.enclosed(closer, r.anything)
			continue
		}
		r.next()
	}
}
