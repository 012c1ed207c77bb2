package coveragetest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/rules/coveragetest"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// judge makes the document and the rules of an indicator under a policy, and decides which events they find.
type judge struct {
	builder *rules.Builder
	mapper  *ecs.Mapper
	managed []finder
}

// finder is a rule that can be asked of events in order of time.
type finder func(document map[string][]string, events []map[string][]string) bool

func newJudge(t *testing.T, policy rules.Policy) *judge {
	t.Helper()
	b, err := rules.NewBuilder(rules.Options{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	m, err := ecs.NewMapper(ecs.Options{RuleReason: b.Reason})
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{builder: b, mapper: m}
	for _, r := range b.Managed() {
		f, err := finderOf(r)
		if err != nil {
			t.Fatal(err)
		}
		j.managed = append(j.managed, f)
	}
	return j
}

// indicator makes an indicator of a pattern.
func indicator(t *testing.T, patternType, pattern string) *stix.Object {
	t.Helper()
	line, err := json.Marshal(map[string]any{
		"type": "indicator", "id": "indicator--5f0c1d4e-58fd-5a5f-9d4c-2f4a3b6c7d8e", "name": "n", "pattern": pattern, "pattern_type": patternType, "confidence": 90,
		"valid_from": "2024-01-01T00:00:00Z",
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := stix.DecodeObject(line)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// outcome is how an indicator fares.
type outcome struct {
	hits     []int // by event, how many enabled rules find it
	innocent []int // by innocent event
	reason   string
	fault    error // what could not be judged
}

// verdict sums it up in a word; "" is as it should be.
func (o outcome) verdict() string {
	var words []string
	add := func(w string) {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	if o.fault != nil {
		add("unreadable")
	}
	for _, n := range o.hits {
		switch {
		case n > 1:
			add("two")
		case n == 0 && o.reason == "":
			add("silent")
		}
	}
	if len(o.hits) == 0 && o.reason == "" {
		add("no reason")
	}
	for _, n := range o.innocent {
		if n > 0 {
			add("innocent")
		}
	}
	return strings.Join(words, ", ")
}

func (j *judge) judge(t *testing.T, s coveragetest.Shape) outcome {
	t.Helper()
	o := indicator(t, "stix", s.Pattern)
	document := flattened(t, j.mapper, o)
	finders := slices.Clone(j.managed)
	var out outcome
	if r, err := j.builder.Build(o); err == nil && r.Base().Enabled {
		f, err := finderOf(r)
		if err != nil {
			out.fault = err
		} else {
			finders = append(finders, f)
		}
	}
	out.reason = strings.Join(document["opencti.rule.reason"], " ")
	count := func(e coveragetest.Event) (n int) {
		for _, f := range finders {
			if f(document, e.Fields()) {
				n++
			}
		}
		return n
	}
	for _, e := range s.Events {
		out.hits = append(out.hits, count(e))
	}
	for _, e := range s.Innocent {
		out.innocent = append(out.innocent, count(e))
	}
	return out
}

// flattened is the document's fields by their names.
func flattened(t *testing.T, m *ecs.Mapper, o *stix.Object) map[string][]string {
	t.Helper()
	d, err := m.Map(o)
	if err != nil {
		t.Fatal(err)
	}
	line, err := d.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(line)))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	flatten("", tree, out)
	return out
}

func flatten(path string, v any, out map[string][]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			flatten(strings.TrimPrefix(path+"."+k, "."), inner, out)
		}
	case []any:
		for _, inner := range v {
			flatten(path, inner, out)
		}
	default:
		out[path] = append(out[path], fmt.Sprint(v))
	}
}

// finderOf makes a finder of a rule by what it says, as Kibana would run it.
func finderOf(r rules.Rule) (finder, error) {
	switch r := r.(type) {
	case *rules.QueryRule:
		c, err := read(r.Language, r.Query)
		return single(c), err
	case *rules.ThresholdRule:
		c, err := read(r.Language, r.Query)
		return func(_ map[string][]string, events []map[string][]string) bool {
			n := 0
			for _, e := range events {
				if c(e) {
					n++
				}
			}
			return n >= r.Threshold.Value
		}, err
	case *rules.EQLRule:
		return eqlFinder(r.Query)
	case *rules.ThreatMatchRule:
		return matchFinder(r)
	case *rules.ESQLRule:
		if strings.Contains(r.Query, "LOOKUP JOIN") {
			return lookupFinder(r.Query)
		}
		_, where, found := strings.Cut(r.Query, "WHERE ")
		if !found || strings.Contains(where, "|") {
			return nil, fmt.Errorf("esql: %.200s", r.Query)
		}
		c, err := read("esql", where)
		return single(c), err
	}
	return nil, fmt.Errorf("rule of type %s", r.Type())
}

func single(c condition) finder {
	return func(_ map[string][]string, events []map[string][]string) bool {
		return slices.ContainsFunc(events, func(e map[string][]string) bool { return c(e) })
	}
}

var eqlStep = regexp.MustCompile(`(?s)\[any where (.*)\](?: with runs=(\d+))?$`)

// eqlFinder runs an event query, a sequence or a sample; all events are of one host.
func eqlFinder(query string) (finder, error) {
	head, rest, sequence := strings.Cut(query, "\n  [")
	if !sequence {
		_, where, found := strings.Cut(query, " where ")
		if !found {
			return nil, fmt.Errorf("eql: %.200s", query)
		}
		c, err := read("eql", where)
		return single(c), err
	}
	var steps []condition
	for step := range strings.SplitSeq(rest, "\n  [") {
		m := eqlStep.FindStringSubmatch("[" + step)
		if m == nil {
			return nil, fmt.Errorf("eql step: %.200s", step)
		}
		c, err := read("eql", m[1])
		if err != nil {
			return nil, err
		}
		runs := 1
		if m[2] != "" {
			fmt.Sscan(m[2], &runs)
		}
		for range runs {
			steps = append(steps, c)
		}
	}
	ordered := strings.HasPrefix(head, "sequence")
	return func(_ map[string][]string, events []map[string][]string) bool {
		return follow(steps, events, ordered)
	}, nil
}

// follow reports whether different events satisfy the steps, each behind the one before if ordered.
func follow(steps []condition, events []map[string][]string, ordered bool) bool {
	if len(steps) == 0 {
		return true
	}
	for i, e := range events {
		if !steps[0](e) {
			continue
		}
		rest := events[i+1:]
		if !ordered {
			rest = slices.Concat(events[:i], rest)
		}
		if follow(steps[1:], rest, ordered) {
			return true
		}
	}
	return false
}

// matchFinder joins as the rule's mapping says.
func matchFinder(r *rules.ThreatMatchRule) (finder, error) {
	event, err := read(r.Language, r.Query)
	if err != nil {
		return nil, err
	}
	threat, err := read(r.ThreatLanguage, r.ThreatQuery)
	if err != nil {
		return nil, err
	}
	return func(d map[string][]string, events []map[string][]string) bool {
		if !threat(d) {
			return false
		}
		return slices.ContainsFunc(events, func(e map[string][]string) bool {
			return event(e) && slices.ContainsFunc(r.ThreatMapping, func(m rules.ThreatMapping) bool {
				return !slices.ContainsFunc(m.Entries, func(entry rules.ThreatMappingEntry) bool {
					return !share(e[entry.Field], d[entry.Value])
				})
			})
		})
	}, nil
}

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// lookupFinder joins a column of events with a field of the documents.
func lookupFinder(query string) (finder, error) {
	lines := strings.Split(query, "\n| ")
	join := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "LOOKUP JOIN ") })
	if join < 3 || join+1 >= len(lines) {
		return nil, fmt.Errorf("esql join: %.300s", query)
	}
	_, field, _ := strings.Cut(lines[join], " ON ")
	var events []string
	first := strings.TrimPrefix(lines[1], "WHERE ")
	for part := range strings.SplitSeq(first, " OR ") {
		name, _, _ := strings.Cut(part, " IS NOT NULL")
		events = append(events, strings.TrimSpace(name))
	}
	guard, err := read("esql", strings.TrimPrefix(lines[join-1], "WHERE "))
	if err != nil {
		return nil, err
	}
	threat, err := read("esql", strings.ReplaceAll(strings.TrimPrefix(lines[join+1], "WHERE "), "NOW()", `"now"`))
	if err != nil {
		return nil, err
	}
	return func(d map[string][]string, all []map[string][]string) bool {
		if !threat(d) {
			return false
		}
		return slices.ContainsFunc(all, func(e map[string][]string) bool {
			return slices.ContainsFunc(events, func(name string) bool {
				return slices.ContainsFunc(e[name], func(v string) bool {
					return slices.Contains(d[field], v) && guard(map[string][]string{field: {v}})
				})
			})
		})
	}, nil
}
