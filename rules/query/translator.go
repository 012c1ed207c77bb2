package query

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// DefaultIndices returns the index patterns that Kibana's detection rules search by default.
func DefaultIndices() []string {
	return []string{
		"apm-*-transaction*", "auditbeat-*", "endgame-*", "filebeat-*",
		"logs-*", "packetbeat-*", "traces-apm*", "winlogbeat-*",
	}
}

// DefaultMaxClauses is the least number of clauses that Elasticsearch allows a
// query: the limit grows with the heap.
const DefaultMaxClauses = 1024

// Options is what a [Translator] is made with. The zero value gives the defaults.
type Options struct {
	// Fields tells which event fields hold what an object path names; nil is [DefaultMapping].
	Fields *Mapping
	// AllowWider lets a query match more than the pattern where it can't say the
	// pattern; the loss is then named. Else the pattern is refused. Never does a query match less.
	AllowWider bool
	// FileIdentity takes a hash of a file for the file: of several hashes any is asked, and
	// nothing else that the pattern says of the file. It is named in [Query.Assumed].
	FileIdentity bool
	// AsEvents takes values and paths as events carry them, [ecs.Reading] says how: refanged,
	// in the letter case and all the spellings of their kind. It may ask for more, and for
	// other values, than the pattern says to the letter.
	AsEvents bool
	// AllowEmpty translates a pattern that no event can satisfy, such as one that
	// asks an address field for a text, to a query that matches nothing. Else it is
	// refused, since a rule that can't match is of no use to anyone.
	AllowEmpty bool
	// Indices is the index patterns in FROM of ES|QL; empty is [DefaultIndices].
	Indices []string
	// JoinBy is the fields that must be equal in the events of an EQL sequence
	// or sample; empty is host.id. The pattern language knows no such condition: it is
	// what makes events of many hosts one observer's.
	JoinBy []string
	// DisableJoin joins the events of a sequence by nothing but time. There are no samples then.
	DisableJoin bool
	// MaxClauses is the most clauses of a query in KQL, Lucene or ES|QL; 0 is [DefaultMaxClauses].
	MaxClauses int
}

// Validate reports all faults of the options.
func (o Options) Validate() error {
	var faults []error
	for _, name := range o.Indices {
		if name == "" || strings.ContainsAny(name, "\"\\`|,<>/?# \t\r\n") || strings.ContainsFunc(name, isControl) {
			faults = append(faults, fmt.Errorf("index pattern %q: not a name that Elasticsearch allows", name))
		}
	}
	for _, name := range o.JoinBy {
		if !fieldName.MatchString(name) {
			faults = append(faults, fmt.Errorf("join by %q: not the name of a field", name))
		}
	}
	if o.DisableJoin && len(o.JoinBy) > 0 {
		faults = append(faults, errors.New("join by: fields are named, and joining is disabled; choose one"))
	}
	if o.MaxClauses < 0 {
		faults = append(faults, fmt.Errorf("max clauses: %d is less than 1", o.MaxClauses))
	}
	return errors.Join(faults...)
}

// Translator translates patterns. It may be used by several goroutines at once.
type Translator struct {
	fields     *Mapping
	read       func(*pattern.Pattern) pattern.Interpretation
	asEvents   bool
	wider      bool
	allowEmpty bool
	indices    string
	join       string
	joinFields []string
	maxClauses int
	buffers    sync.Pool // of *buffers
}

// New makes a translator.
func New(options Options) (*Translator, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("translator: %w", err)
	}
	t := &Translator{fields: options.Fields, read: pattern.Reading{FileIdentity: options.FileIdentity}.Interpret, asEvents: options.AsEvents, wider: options.AllowWider, allowEmpty: options.AllowEmpty, maxClauses: options.MaxClauses}
	if t.asEvents {
		t.read = ecs.Reading{DisableFileIdentity: !options.FileIdentity}.Read
	}
	if t.fields == nil {
		t.fields = DefaultMapping()
	}
	indices := options.Indices
	if len(indices) == 0 {
		indices = DefaultIndices()
	}
	t.indices = indexList(indices)
	if !options.DisableJoin {
		t.joinFields = options.JoinBy
		if len(t.joinFields) == 0 {
			t.joinFields = []string{"host.id"}
		}
		names := make([]string, len(t.joinFields))
		for i, name := range t.joinFields {
			names[i] = strings.TrimPrefix(eqlField(name), "?")
		}
		t.join = strings.Join(names, ", ")
	}
	if t.maxClauses == 0 {
		t.maxClauses = DefaultMaxClauses
	}
	return t, nil
}

// Translate translates a pattern to one language. The error is an
// [*UntranslatableError] where no honest query exists.
func (t *Translator) Translate(p *pattern.Pattern, lang Language) (Query, error) {
	if p == nil || p.Root == nil {
		return Query{}, errors.New("translate: empty pattern")
	}
	switch lang {
	case KQL, Lucene, EQL, ESQL, DSL:
		return t.translate(lang, t.plan(p))
	}
	return Query{}, fmt.Errorf("translate: unknown language %q", lang)
}

// TranslateAll translates a pattern to all languages.
func (t *Translator) TranslateAll(p *pattern.Pattern) Set {
	var set Set
	if p == nil || p.Root == nil {
		for i := range set.results {
			set.results[i].Err = errors.New("translate: empty pattern")
		}
		return set
	}
	plan := t.plan(p)
	for i, lang := range languages {
		set.results[i].Query, set.results[i].Err = t.translate(lang, plan)
	}
	return set
}

// languages is in the order of Languages.
var languages = [...]Language{KQL, Lucene, EQL, ESQL, DSL}

// plan holds the middle form of a pattern for the languages that look at single events.
type plan struct {
	translator *Translator
	root       pattern.Observation // nil if nothing can satisfy the pattern
	meaning    pattern.Interpretation
	made       bool
	node       node
	losses     []Loss
	opaque     *opaque
	never      *opaque
}

// plan finds out what the pattern means.
func (t *Translator) plan(p *pattern.Pattern) *plan {
	made := &plan{translator: t, meaning: t.read(p)}
	if made.meaning.Pattern != nil {
		made.root = made.meaning.Pattern.Root
	}
	return made
}

// events makes the middle form once.
func (p *plan) events() (node, []Loss, *opaque) {
	if !p.made {
		p.made = true
		c := p.translator.compiler()
		p.node, p.opaque = c.events(p.root)
		p.losses, p.never = c.losses, c.never
	}
	return p.node, p.losses, p.opaque
}

func (t *Translator) compiler() *compiler {
	return &compiler{mapping: t.fields, wider: t.wider, asEvents: t.asEvents}
}

func (t *Translator) translate(lang Language, plan *plan) (Query, error) {
	if plan.root == nil {
		if why := plan.meaning.Impossible[0]; !t.allowEmpty {
			return Query{}, &UntranslatableError{At: why.At, Path: why.Path, Reason: why.Why}
		}
		return t.empty(lang, nil, nil)
	}
	q, err := t.say(lang, plan)
	for _, r := range plan.meaning.Assumed {
		q.Assumed = append(q.Assumed, Loss{At: r.At, Path: r.Path, Why: r.Why})
	}
	return q, err
}

func (t *Translator) say(lang Language, plan *plan) (Query, error) {
	if lang == EQL && !isSingle(plan.root) {
		return t.sequenceQuery(plan.root)
	}
	n, losses, lost := plan.events()
	if lost != nil {
		if lost.path == nil { // an operator between observations, which EQL may have
			return Query{}, lost.err(lang)
		}
		return Query{}, lost.err("")
	}
	if n.kind == nodeNothing {
		return t.empty(lang, plan.never, losses)
	}
	n, more, lost := t.fit(n, lang)
	if lost != nil {
		return Query{}, lost.err(lang)
	}
	q := Query{Language: lang, Shape: Event, steps: []step{{n, 1}}, Lossy: joinLosses(losses, more)}
	q.Text = t.spell(&n, lang)
	return q, nil
}

func joinLosses(a, b []Loss) []Loss {
	if len(b) == 0 {
		return a
	}
	return append(a[:len(a):len(a)], b...)
}

// spell prints a node as a query over single events.
func (t *Translator) spell(n *node, lang Language) string {
	buffers, ok := t.buffers.Get().(*buffers)
	if !ok {
		buffers = newBuffers()
	}
	b := buffers.text[:0]
	switch lang {
	case KQL:
		b = kqlSpeller.append(b, n, false)
	case Lucene:
		b = luceneSpeller.append(b, n, false)
	case EQL:
		b = eqlSpeller.append(append(b, "any where "...), n, false)
	case ESQL:
		buffers.inner = luceneSpeller.append(buffers.inner[:0], n, false)
		b = appendESQL(b, t.indices, buffers.inner)
	case DSL:
		b = appendDSL(b, n)
	}
	text := string(b)
	if cap(b) <= maxBuffer {
		buffers.text = b
		t.buffers.Put(buffers)
	}
	return text
}

// maxBuffer is the largest buffer that is kept for the next query.
const maxBuffer = 1 << 20

// buffers is what queries are spelt in before their length is known.
type buffers struct {
	text, inner []byte
}

func newBuffers() *buffers {
	return &buffers{make([]byte, 0, 2048), make([]byte, 0, 1024)}
}
