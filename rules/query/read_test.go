package query_test

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// read reads a query over single events of any language.
func read(q query.Query) (clause, error) {
	if q.Empty {
		return clause{op: "or"}, nil
	}
	switch q.Language {
	case query.KQL:
		return readKQL(q.Text)
	case query.Lucene:
		return readLucene(q.Text)
	case query.ESQL:
		return readESQL(q.Text)
	case query.DSL:
		return readDSL(q.Text)
	}
	e, err := readEQL(q.Text)
	if err != nil {
		return clause{}, err
	}
	return e.steps[0].where, nil
}

// evaluator tells which events satisfy what was read.
type evaluator struct {
	types   map[string]query.Type
	regexes map[string]*regexp.Regexp
	lang    query.Language
}

func (v *evaluator) holds(c clause, e event) bool {
	switch c.op {
	case "and":
		for _, k := range c.kids {
			if !v.holds(k, e) {
				return false
			}
		}
		return true
	case "or":
		for _, k := range c.kids {
			if v.holds(k, e) {
				return true
			}
		}
		return false
	case "not":
		return !v.holds(c.kids[0], e)
	case "exists":
		return len(e[c.field]) > 0
	}
	typ := v.types[c.field]
	if c.field == "@timestamp" {
		typ = query.Date
	}
	for _, have := range e[c.field] {
		for _, want := range c.values {
			if v.value(c.op, typ, have, want) {
				return true
			}
		}
	}
	return false
}

func (v *evaluator) value(op string, typ query.Type, have any, want string) bool {
	switch {
	case op == "like":
		return v.regex("like", globExpression(want, v.lang)).MatchString(have.(string))
	case op == "regex":
		return v.regex("regex", want).MatchString(have.(string))
	case typ == query.IP:
		a := netip.MustParseAddr(have.(string))
		if p, err := netip.ParsePrefix(want); err == nil {
			// As Elasticsearch does, which keeps IPv4 addresses among IPv6 ones.
			return p.Contains(a) || p.Addr().Is6() && p.Contains(netip.AddrFrom16(a.As16()))
		}
		return netip.MustParseAddr(want) == a
	case typ == query.Long:
		n, err := strconv.ParseInt(want, 10, 64)
		if err != nil {
			f, _ := strconv.ParseFloat(want, 64)
			n = int64(f)
		}
		return compared(op, have.(int64)-n, have.(int64) < n, have.(int64) > n)
	case typ == query.Date:
		a, _ := time.Parse(time.RFC3339Nano, have.(string))
		b, err := time.Parse(time.RFC3339Nano, want)
		if err != nil {
			panic(err)
		}
		return compared(op, int64(a.Compare(b)), a.Before(b), a.After(b))
	}
	return compared(op, int64(strings.Compare(have.(string), want)), have.(string) < want, have.(string) > want)
}

func compared(op string, difference int64, less, greater bool) bool {
	switch op {
	case "=", "in", "cidr":
		return difference == 0
	case "<":
		return less
	case "<=":
		return !greater
	case ">":
		return greater
	case ">=":
		return !less
	}
	return false
}

// globExpression turns wildcards to an expression; only EQL and KQL have no escapes in them.
func globExpression(g string, lang query.Language) string {
	var b strings.Builder
	escaped := false
	for _, r := range g {
		switch {
		case !escaped && r == '\\' && lang != query.EQL && lang != query.KQL:
			escaped = true
			continue
		case !escaped && r == '*':
			b.WriteString(".*")
		case !escaped && r == '?' && lang != query.KQL:
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	return b.String()
}

func (v *evaluator) regex(kind, text string) *regexp.Regexp {
	key := kind + text
	if v.regexes[key] == nil {
		v.regexes[key] = regexp.MustCompile(`^(?s:` + text + `)$`)
	}
	return v.regexes[key]
}

// TestReadBack translates generated patterns, reads every query back and
// compares what it matches with what the mapping's contract says: in all five
// languages, without a server.
func TestReadBack(t *testing.T) {
	mapping := query.DefaultMapping()
	g := newGenerator(20261124, mapping)
	events := g.events(40)
	o := newOracle(mapping)
	for _, wider := range []bool{false, true} {
		tr, err := query.New(query.Options{AllowWider: wider, AllowEmpty: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 400 {
			text := g.pattern()
			p := mustParse(text)
			set := tr.TranslateAll(p)
			for lang, r := range set.All() {
				if r.Err != nil {
					continue
				}
				c, err := read(r.Query)
				if err != nil {
					t.Fatalf("%s\n%s: %s\n%v", text, lang, r.Query.Text, err)
				}
				v := &evaluator{mapping.Table().Types, map[string]*regexp.Regexp{}, lang}
				for _, e := range events {
					hit, a := v.holds(c, e), o.observation(p.Root, e)
					if a.must && !hit || hit && !a.may && r.Query.Exact() {
						t.Fatalf("%s\n%s: %s\nevent %v\nhit %t, must %t, may %t", text, lang, r.Query.Text, e, hit, a.must, a.may)
					}
				}
				if lang == query.EQL && !r.Query.Empty {
					readAgain(t, r.Query.Text)
				}
			}
		}
	}
}

// readAgain checks that EQL that was read and printed reads the same.
func readAgain(t *testing.T, text string) {
	t.Helper()
	first, err := readEQL(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := readEQL(first.print())
	if err != nil {
		t.Fatalf("%s\nprinted again: %s\n%v", text, first.print(), err)
	}
	if diff := cmp.Diff(first, again, cmp.AllowUnexported(eqlQuery{}, eqlStep{}, clause{})); diff != "" {
		t.Fatalf("%s\nprinted and read again (-first +again):\n%s", text, diff)
	}
}
