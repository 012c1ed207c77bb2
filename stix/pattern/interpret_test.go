package pattern_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// TestInterpret says what patterns mean, with and without the identity of files. A result
// "nothing" is a pattern that nothing satisfies.
func TestInterpret(t *testing.T) {
	const (
		md5, sha1, sha256 = "file:hashes.MD5 = 'a1'", "file:hashes.'SHA-1' = 'b1'", "file:hashes.'SHA-256' = 'c1'"
		same              = ""
	)
	for _, row := range []struct{ name, pattern, strict, identity string }{
		{"an address", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']", "[network-traffic:dst_ref.value = '203.0.113.9']", same},
		{"the guard behind", "[network-traffic:src_ref.value = '2001:db8::1' AND network-traffic:src_ref.type = 'ipv6-addr']", "[network-traffic:src_ref.value = '2001:db8::1']", same},
		{"with a port", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = '80']", "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = '80']", same},
		{"in parentheses", "[network-traffic:dst_port = 80 AND (network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9')]", "[network-traffic:dst_port = 80 AND network-traffic:dst_ref.value = '203.0.113.9']", same},
		{"IN", "[network-traffic:dst_ref.type IN ('ipv4-addr', 'ipv6-addr') AND network-traffic:dst_ref.value = '203.0.113.9']", "[network-traffic:dst_ref.value = '203.0.113.9']", same},
		{"OR of guards", "[(network-traffic:dst_ref.type = 'ipv4-addr' OR network-traffic:dst_ref.type = 'ipv6-addr') AND network-traffic:dst_ref.value = '203.0.113.9']", "[network-traffic:dst_ref.value = '203.0.113.9']", same},
		{"guards inside an OR", "[(network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9') OR (network-traffic:src_ref.type = 'domain-name' AND network-traffic:src_ref.value = 'a.example')]", "[network-traffic:dst_ref.value = '203.0.113.9' OR network-traffic:src_ref.value = 'a.example']", same},
		{"values inside an OR", "[network-traffic:dst_ref.type = 'ipv4-addr' AND (network-traffic:dst_ref.value = '203.0.113.9' OR network-traffic:dst_ref.value = '203.0.113.8')]", "[network-traffic:dst_ref.value = '203.0.113.9' OR network-traffic:dst_ref.value = '203.0.113.8']", same},
		{"values of two types", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value IN ('203.0.113.9', '2001:db8::1', 'a.example')]", "[network-traffic:dst_ref.value IN ('203.0.113.9')]", same},
		{"a block", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value ISSUBSET '203.0.113.0/24']", "[network-traffic:dst_ref.value ISSUBSET '203.0.113.0/24']", same},
		{"a part of a name", "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value LIKE '%.evil.example']", "[network-traffic:dst_ref.value LIKE '%.evil.example']", same},
		{"a part of an address may be of a name", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value LIKE '203.0.113.%']", same, same},
		{"MAC", "[network-traffic:src_ref.type = 'mac-addr' AND network-traffic:src_ref.value = '00:00:5e:00:53:23']", "[network-traffic:src_ref.value = '00:00:5e:00:53:23']", same},
		{"not that type", "[network-traffic:dst_ref.type != 'domain-name' AND network-traffic:dst_ref.value = '203.0.113.9']", "[network-traffic:dst_ref.value = '203.0.113.9']", same},
		{"contradiction", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.9']", "nothing", same},
		{"contradiction by NOT", "[network-traffic:dst_ref.type NOT IN ('ipv4-addr') AND network-traffic:dst_ref.value = '203.0.113.9']", "nothing", same},
		{"contradiction beside an alternative", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.9'] OR [domain-name:value = 'a.example']", "[domain-name:value = 'a.example']", same},
		{"contradiction in one branch", "[(network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.9') OR domain-name:value = 'a.example']", "[domain-name:value = 'a.example']", same},
		{"contradiction in a sequence", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.9'] FOLLOWEDBY [domain-name:value = 'a.example']", "nothing", same},
		{"of another reference", "[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']", same, same},
		{"alone", "[network-traffic:dst_ref.type = 'ipv4-addr']", same, same},
		{"beside what is not the value", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_port = 80]", same, same},
		{"beside what is ruled out", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value != '203.0.113.9']", same, same},
		{"a list's element", "[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].type = 'ipv4-addr' AND domain-name:resolves_to_refs[*].value = '203.0.113.9']", "[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '203.0.113.9']", same},
		{"a list may have both", "[domain-name:resolves_to_refs[*].type = 'ipv6-addr' AND domain-name:resolves_to_refs[*].value = '203.0.113.9']", same, same},
		{"a reference to one type only", "[email-message:from_ref.type = 'email-addr' AND email-message:from_ref.value LIKE '%@evil.example']", "[email-message:from_ref.value LIKE '%@evil.example']", same},
		{"a user", "[process:creator_user_ref.type = 'user-account' AND process:creator_user_ref.account_login = 'bob']", "[process:creator_user_ref.account_login = 'bob']", same},
		{"the type of the object itself", "[ipv4-addr:type = 'ipv4-addr' AND ipv4-addr:value = '203.0.113.9']", "[ipv4-addr:value = '203.0.113.9']", same},
		{"another type than its own", "[ipv4-addr:type = 'url' AND ipv4-addr:value = '203.0.113.9']", "nothing", same},

		{"three hashes", "[" + md5 + " AND " + sha1 + " AND " + sha256 + "]", same, "[" + md5 + " OR " + sha1 + " OR " + sha256 + "]"},
		{"hash and name", "[file:name = 'x.exe' AND " + sha256 + "]", same, "[" + sha256 + "]"},
		{"hash and much", "[" + sha256 + " AND file:size = 3 AND file:extensions.'windows-pebinary-ext'.sections[*].name = '.text' AND file:parent_directory_ref.path LIKE 'C:%']", same, "[" + sha256 + "]"},
		{"hash and similarity", "[" + sha256 + " AND file:hashes.SSDEEP = '3:a:b']", same, "[" + sha256 + "]"},
		{"similarity is no identity", "[file:hashes.SSDEEP = '3:a:b' AND file:hashes.IMPHASH = 'd1' AND file:name = 'x']", same, same},
		{"two of one algorithm", "[" + sha256 + " AND file:hashes.'SHA-256' = 'c2']", same, "nothing"},
		{"one in two cases", "[" + sha256 + " AND file:hashes.SHA256 = 'C1' AND file:name = 'x']", same, "[" + sha256 + " OR file:hashes.SHA256 = 'C1']"},
		{"OR in AND", "[file:name = 'x' AND (" + md5 + " OR " + sha256 + ")]", same, "[" + md5 + " OR " + sha256 + "]"},
		{"AND in OR", "[(" + md5 + " AND file:size = 3) OR (" + sha256 + " AND " + sha1 + ")]", same, "[" + md5 + " OR " + sha256 + " OR " + sha1 + "]"},
		{"an OR that one hash narrows", "[(" + md5 + " OR " + sha1 + ") AND file:hashes.MD5 = 'a2']", same, "[" + sha1 + " OR file:hashes.MD5 = 'a2']"},
		{"sets", "[file:hashes.MD5 IN ('a1', 'a2') AND file:hashes.MD5 IN ('a2', 'a3')]", same, "[file:hashes.MD5 IN ('a2') OR file:hashes.MD5 IN ('a2')]"},
		{"one branch is no hash", "[file:name = 'x' AND (" + md5 + " OR file:size = 3)]", same, same},
		{"an address beside", "[" + sha256 + " AND ipv4-addr:value = '203.0.113.8' AND " + md5 + "]", same, "[(" + sha256 + " OR " + md5 + ") AND ipv4-addr:value = '203.0.113.8']"},
		{"an exception", "[" + sha256 + " AND file:name != 'good.exe']", same, same},
		{"another hash ruled out", "[" + sha256 + " AND file:hashes.MD5 != 'a1']", same, "[" + sha256 + "]"},
		{"the same hash ruled out", "[" + sha256 + " AND file:hashes.'SHA-256' NOT IN ('C1')]", same, "nothing"},
		{"image of a process", "[process:image_ref.hashes.MD5 = 'a1' AND process:image_ref.name = 'x' AND process:command_line = 'x y']", same, "[process:image_ref.hashes.MD5 = 'a1' AND process:command_line = 'x y']"},
		{"a contained file", "[file:name = 'a.zip' AND file:contains_refs[*].hashes.MD5 = 'a1']", same, same},
		{"two contained files", "[file:contains_refs[*].hashes.MD5 = 'a1' AND file:contains_refs[*].hashes.'SHA-1' = 'b1']", same, same},
		{"two observations", "[" + sha256 + "] AND [file:name = 'x']", same, same},
		{"each observation by itself", "[" + sha256 + " AND file:name = 'x'] FOLLOWEDBY [" + md5 + " AND " + sha1 + "] WITHIN 60 SECONDS", same, "[" + sha256 + "] FOLLOWEDBY [" + md5 + " OR " + sha1 + "] WITHIN 60 SECONDS"},
		{"hash of a certificate", "[x509-certificate:hashes.MD5 = 'a1' AND x509-certificate:hashes.'SHA-1' = 'b1']", same, same},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := parse(t, row.pattern)
			written := p.String()
			strict := meaningOf(pattern.Reading{}, p)
			if diff := cmp.Diff(cmpOr(row.strict, written), strict); diff != "" {
				t.Errorf("as the language says (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(cmpOr(row.identity, strict), meaningOf(pattern.Reading{FileIdentity: true}, p)); diff != "" {
				t.Errorf("with the identity of files (-want +got):\n%s", diff)
			}
			if p.String() != written {
				t.Errorf("the pattern has been changed to %s", p)
			}
		})
	}
}

func cmpOr(want, otherwise string) string {
	if want == "" {
		return otherwise
	}
	return want
}

func meaningOf(r pattern.Reading, p *pattern.Pattern) string {
	if m := r.Interpret(p); m.Pattern != nil {
		return m.Pattern.String()
	}
	return "nothing"
}

// TestInterpretSays: what was assumed, is not asked or cannot be is named, with its place.
func TestInterpretSays(t *testing.T) {
	r := pattern.Reading{FileIdentity: true}
	text := "[file:name = 'x' AND file:hashes.MD5 = 'a' AND file:hashes.'SHA-1' = 'b']"
	got := r.Interpret(parse(t, text))
	want := []pattern.Remark{
		{strings.Index(text, "file:name"), "file:name", "not asked, since the file's hash identifies it"},
		{strings.Index(text, "file:hashes.MD5"), "file:hashes.MD5", "any hash of the file is enough, since each identifies it"},
	}
	if diff := cmp.Diff(want, got.Assumed); diff != "" {
		t.Errorf("assumed (-want +got):\n%s", diff)
	}
	if len(got.Implied) != 1 || got.Implied[0].String() != "file:name = 'x'" || got.Impossible != nil {
		t.Errorf("implied %v, impossible %v", got.Implied, got.Impossible)
	}
	text = "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.9']"
	got = r.Interpret(parse(t, text))
	want = []pattern.Remark{{1, "network-traffic:dst_ref.type", "the type contradicts the value beside it"}}
	if diff := cmp.Diff(want, got.Impossible); diff != "" || got.Pattern != nil || got.Assumed != nil {
		t.Errorf("impossible (-want +got):\n%s\npattern %v, assumed %v", diff, got.Pattern, got.Assumed)
	}
	plain := parse(t, "[ipv4-addr:value = '203.0.113.9' AND network-traffic:dst_port = 80]")
	if got := r.Interpret(plain); got.Pattern != plain {
		t.Error("a pattern that says what it means is copied")
	}
}

// interpretGenerator makes patterns of guards, hashes and what stands beside them.
type interpretGenerator struct{ rng *rand.Rand }

func (g interpretGenerator) pick(of ...string) string { return of[g.rng.IntN(len(of))] }

func (g interpretGenerator) comparison() string {
	op := g.pick("=", "=", "=", "=", "!=", "NOT =", "NOT !=")
	value := g.pick("203.0.113.9", "2001:db8::1", "a.example", "00:00:5e:00:53:23")
	objectType := g.pick("ipv4-addr", "ipv4-addr", "ipv6-addr", "domain-name", "mac-addr")
	ref := g.pick("network-traffic:dst_ref", "network-traffic:dst_ref", "network-traffic:src_ref", "domain-name:resolves_to_refs[*]")
	switch g.rng.IntN(9) {
	case 0, 1:
		return fmt.Sprintf("%s.type %s '%s'", ref, op, objectType)
	case 2, 3:
		return fmt.Sprintf("%s.value %s '%s'", ref, op, value)
	case 4:
		return fmt.Sprintf("%s.%s", ref, g.pick("value IN ('203.0.113.9', 'a.example')", "type IN ('ipv4-addr', 'ipv6-addr')", "value LIKE '%.example'", "value LIKE '203%'", "type LIKE 'ip%'"))
	case 5:
		return "network-traffic:dst_port = " + g.pick("80", "443")
	case 6:
		return fmt.Sprintf("file:hashes.%s %s '%s'", g.pick("MD5", "'SHA-1'", "'SHA-256'"), op, g.pick("a", "b"))
	case 7:
		return "file:" + g.pick("name = 'a'", "name != 'a'", "size > 3", "hashes.MD5 IN ('a', 'b')", "hashes.SSDEEP = 'a'")
	}
	return "process:image_ref." + g.pick("hashes.MD5 = 'a'", "hashes.'SHA-1' = 'a'", "name = 'a'", "name = 'b'")
}

func (g interpretGenerator) expr(depth int) string {
	if depth == 0 || g.rng.IntN(4) == 0 {
		return g.comparison()
	}
	return "(" + g.expr(depth-1) + g.pick(" AND ", " AND ", " OR ") + g.expr(depth-1) + ")"
}

// object is what an observation may hold: the references lead to objects whose values look as their types do.
func (g interpretGenerator) objects() []map[string]any {
	targets := []map[string]any{
		{"type": "ipv4-addr", "id": "1", "value": "203.0.113.9"}, {"type": "ipv6-addr", "id": "2", "value": "2001:db8::1"},
		{"type": "domain-name", "id": "3", "value": "a.example"}, {"type": "mac-addr", "id": "4", "value": "00:00:5e:00:53:23"},
		{"type": "ipv4-addr", "id": "5", "value": "203.0.113.8"},
	}
	file := func(id string) map[string]any {
		f := map[string]any{"type": "file", "id": id, "name": g.pick("a", "b"), "size": 2 + g.rng.IntN(4)}
		hashes := map[string]any{}
		for _, name := range []string{"MD5", "SHA-1", "SHA-256", "SSDEEP"} {
			if g.rng.IntN(3) > 0 {
				hashes[name] = g.pick("a", "b")
			}
		}
		f["hashes"] = hashes
		return f
	}
	objects := append(targets, file("6"), file("7"))
	target := func() string { return fmt.Sprint(1 + g.rng.IntN(5)) }
	return append(objects,
		map[string]any{"type": "network-traffic", "id": "8", "src_ref": target(), "dst_ref": target(), "dst_port": 80},
		map[string]any{"type": "domain-name", "id": "9", "value": "b.example", "resolves_to_refs": []any{target(), target()}},
		map[string]any{"type": "process", "id": "10", "image_ref": g.pick("6", "7")},
	)
}

// TestInterpretAgainstEvaluator: as the language says, a pattern and its meaning hold for the same
// observations. With the identity of files, the meaning holds for no fewer, and for the same
// unless an assumption is named.
func TestInterpretAgainstEvaluator(t *testing.T) {
	const seed, patterns = 23, 4_000
	g := interpretGenerator{rand.New(rand.NewPCG(seed, 1))}
	changed, widened := 0, 0
	for range patterns {
		p := parse(t, "["+g.expr(3)+"]")
		expr := p.Root.(*pattern.Observed).Expr
		strict, identity := pattern.Reading{}.Interpret(p), pattern.Reading{FileIdentity: true}.Interpret(p)
		if strict.Pattern != p {
			changed++
		}
		for range 8 {
			objects := g.objects()
			want := holdsFor(t, expr, objects)
			if got := meant(t, strict, objects); got != want {
				t.Fatalf("seed %d: %s\nis meant as %s\nfor %v the first is %v, the second %v", seed, p, strict.Pattern, objects, want, got)
			}
			got := meant(t, identity, objects)
			if want && !got || got != want && len(identity.Assumed) == 0 {
				t.Fatalf("seed %d: %s\nis meant with the identity of files as %s (assumed: %v)\nfor %v the first is %v, the second %v", seed, p, identity.Pattern, identity.Assumed, objects, want, got)
			}
			if got && !want {
				widened++
			}
		}
	}
	if changed < patterns/20 || widened == 0 {
		t.Errorf("%d patterns are changed, %d observations more are found", changed, widened)
	}
}

func holdsFor(t *testing.T, e pattern.Expr, objects []map[string]any) bool {
	t.Helper()
	ok, err := pattern.MatchObjects(e, objects...)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func meant(t *testing.T, i pattern.Interpretation, objects []map[string]any) bool {
	t.Helper()
	return i.Pattern != nil && holdsFor(t, i.Pattern.Root.(*pattern.Observed).Expr, objects)
}

func FuzzInterpret(f *testing.F) {
	for _, seed := range []string{
		"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']",
		"[file:hashes.MD5 = 'a' AND file:hashes.'SHA-1' = 'b' AND (file:name = 'x' OR file:size > 3)] FOLLOWEDBY [a:b = 1]",
		"[domain-name:resolves_to_refs[*].type IN () AND domain-name:resolves_to_refs[*].value NOT LIKE '%']",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := pattern.Parse(text)
		if err != nil {
			return
		}
		written := p.String()
		for _, r := range []pattern.Reading{{}, {FileIdentity: true}} {
			m := r.Interpret(p)
			if p.String() != written {
				t.Fatalf("%s has been changed to %s", written, p)
			}
			if m.Pattern == nil {
				if len(m.Impossible) == 0 {
					t.Fatalf("%s: nothing satisfies it, and no reason is given", written)
				}
				continue
			}
			once := m.Pattern.String()
			if _, err := pattern.Parse(once); err != nil {
				t.Fatalf("%s\nis meant as %s: %v", written, once, err)
			}
			if again := meaningOf(r, m.Pattern); again != once {
				t.Fatalf("%s\nis meant as %s\nand that as %s", written, once, again)
			}
		}
	})
}
