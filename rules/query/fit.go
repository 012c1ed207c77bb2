package query

import "slices"

// maxDepth bounds how deep AND and OR enclose one another: Elasticsearch
// refuses bool queries that are nested deeper than 30, and adds some of its own.
const maxDepth = 20

// maxTerms is the most values that a terms query takes (index.max_terms_count).
const maxTerms = 65_536

// minKept is the fewest literal characters that make a widened text worth searching.
const minKept = 3

// fitter makes a node fit for a language: what the language can't say is
// widened or left out if the caller allows it, or else refused.
type fitter struct {
	lang   Language
	wider  bool
	losses []Loss
}

func (t *Translator) fit(n node, lang Language) (node, []Loss, *opaque) {
	f := &fitter{lang: lang, wider: t.wider}
	if lang == KQL && !fitsKQL(&n) || lang == EQL && hasLong(&n) {
		var o *opaque
		if n, o = f.node(n); o != nil {
			return n, nil, o
		}
	}
	if o := t.tooLarge(&n, lang); o != nil {
		return n, nil, o
	}
	return n, f.losses, nil
}

// hasLong tells whether a glob is longer than the languages take that turn it into a wildcard query.
func hasLong(n *node) bool {
	if n.kind == nodeLeaf {
		return n.test.op == testGlob && n.test.glob.long()
	}
	for i := range n.kids {
		if hasLong(&n.kids[i]) {
			return true
		}
	}
	return false
}

// fitsKQL tells whether KQL can say the node as it is.
func fitsKQL(n *node) bool {
	if n.kind == nodeLeaf {
		return n.test.op != testRegex && (n.test.op != testGlob || globFitsKQL(n.test.glob))
	}
	for i := range n.kids {
		if !fitsKQL(&n.kids[i]) {
			return false
		}
	}
	return true
}

func globFitsKQL(g glob) bool { return !g.long() && !g.has(globOne) && !g.contains(kqlUnsafe) }

func (t *Translator) tooLarge(n *node, lang Language) *opaque {
	if n.kind == nodeLeaf && len(n.test.values) < 2 {
		return nil
	}
	if n.depth() > maxDepth {
		return &opaque{reason: "AND and OR are nested too deep for Elasticsearch; write the pattern flatter"}
	}
	clauses := n.clauses()
	if (lang == KQL || lang == Lucene || lang == ESQL) && clauses > t.maxClauses {
		return &opaque{reason: "the query would have more clauses than Elasticsearch allows; split the pattern"}
	}
	if clauses > maxTerms {
		return &opaque{reason: "the query would have more values than Elasticsearch allows; split the pattern"}
	}
	return nil
}

func (f *fitter) node(n node) (node, *opaque) {
	switch n.kind {
	case nodeLeaf:
		return f.leaf(n)
	case nodeAll, nodeAny:
	case nodeNothing:
		return n, nil
	}
	kept := make([]node, 0, len(n.kids))
	var lost []*opaque
	for _, kid := range n.kids {
		fitted, o := f.node(kid)
		if o == nil {
			kept = append(kept, fitted)
			continue
		}
		if n.kind == nodeAny || !f.wider {
			return node{}, o
		}
		lost = append(lost, o)
	}
	if len(kept) == 0 {
		return node{}, lost[0]
	}
	for _, o := range lost {
		f.lose(o.loss("condition left out: "))
	}
	if n.kind == nodeAll {
		return all(kept), nil
	}
	return anyOf(kept), nil
}

func (f *fitter) leaf(n node) (node, *opaque) {
	const why = "Kibana's and Elasticsearch's readers of KQL agree on * alone; use Lucene"
	switch {
	case n.test.op == testGlob && n.test.glob.long():
		return node{}, &opaque{cause: *n.cause, reason: "the text is longer than a wildcard query takes; use Lucene"}
	case f.lang == EQL:
		return n, nil
	}
	var wide glob
	var kept int
	var reason string
	switch n.test.op {
	case testGlob:
		if globFitsKQL(n.test.glob) {
			return n, nil
		}
		wide, kept = n.test.glob.loosen(kqlUnsafe)
		reason = "the text holds _, white space or a reserved character beside a wildcard; " + why
	case testRegex:
		if same, ok := globsOf(n); ok {
			return same, nil
		}
		wide, kept = n.test.regex.loose.loosen(kqlUnsafe)
		reason = "there are no regular expressions in KQL; " + why
	default:
		return n, nil
	}
	o := &opaque{cause: *n.cause, reason: reason}
	if !f.wider || n.negated || kept < minKept {
		return node{}, o
	}
	f.lose(o.loss("widened: "))
	n.test = &test{op: testGlob, glob: wide}
	return n, nil
}

// lose adds a loss, once for the fields of one comparison.
func (f *fitter) lose(l Loss) {
	if !slices.Contains(f.losses, l) {
		f.losses = append(f.losses, l)
	}
}
