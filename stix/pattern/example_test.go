package pattern_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func ExampleParse() {
	p, err := pattern.Parse("[file:hashes.'SHA-256'=='ab' AND file:size>1000] FOLLOWEDBY [ipv4-addr:value IN ('198.51.100.7')]")
	if err != nil {
		fmt.Println(err)
		return
	}
	root := p.Root.(*pattern.Combined)
	fmt.Println(root.Op, len(root.Operands))
	fmt.Println(root.Operands[0])
	// Output:
	// FOLLOWEDBY 2
	// [file:hashes.'SHA-256' = 'ab' AND file:size > 1000]
}

func ExampleParse_error() {
	_, err := pattern.Parse("[file:hashes.SHA-256 = 'ab']")
	if e, ok := errors.AsType[*pattern.SyntaxError](err); ok {
		fmt.Println(e.Line, e.Column, e.Found)
	}
	fmt.Println(err)
	// Output:
	// 1 14 "SHA-256"
	// syntax error at line 1, column 14: found "SHA-256", want a property name: a property name with a hyphen needs quotes: 'SHA-256'
	// 	[file:hashes.SHA-256 = 'ab']
	// 	             ^
}

func ExampleOptions_Parse() {
	options := pattern.Options{Version: pattern.V20}
	p, err := options.Parse("[a:b = 1] START '2016-06-01T00:00:00Z' STOP '2016-07-01T00:00:00Z'")
	fmt.Println(p, err)
	// Output:
	// [a:b = 1] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z' <nil>
}

func ExamplePattern_String() {
	p, _ := pattern.Parse("( [a : 'b' == +1.50 /* why */ OR (a:c<>.5 AND a:d NOT IN ( ) )] )")
	fmt.Println(p)
	// Output:
	// [a:b = 1.5 OR a:c != 0.5 AND a:d NOT IN ()]
}

func ExamplePattern_Comparisons() {
	p, _ := pattern.Parse("[url:value = 'https://a.example/' OR url:value NOT LIKE '%.example/%'] AND [EXISTS file:name]")
	for c := range p.Comparisons() {
		fmt.Println(c.Path.Object, c.Path.Property(), c.Negated, c.Op, c.Value.Text)
	}
	// Output:
	// url value false = https://a.example/
	// url value true LIKE %.example/%
	// file name false EXISTS
}

func ExamplePattern_Walk() {
	p, _ := pattern.Parse("([a:b = 1] FOLLOWEDBY [c:d = 2 OR c:e = 3]) WITHIN 5 SECONDS")
	p.Walk(func(n pattern.Node) bool {
		fmt.Printf("%T %v\n", n, n)
		_, isObserved := n.(*pattern.Observed)
		return !isObserved // not what is inside the brackets
	})
	// Output:
	// *pattern.Qualified ([a:b = 1] FOLLOWEDBY [c:d = 2 OR c:e = 3]) WITHIN 5 SECONDS
	// *pattern.Combined [a:b = 1] FOLLOWEDBY [c:d = 2 OR c:e = 3]
	// *pattern.Observed [a:b = 1]
	// *pattern.Observed [c:d = 2 OR c:e = 3]
	// *pattern.Within WITHIN 5 SECONDS
}

func ExampleSufficientValues() {
	p, _ := pattern.Parse("[ipv4-addr:value = '198.51.100.7' OR file:name = 'a.exe' AND file:size = 1280]")
	for _, v := range pattern.SufficientValues(p) {
		fmt.Println("alone:", v.Path, v.Literal)
	}
	for _, v := range pattern.AccompaniedValues(p) {
		fmt.Println("in company:", v.Path, v.Literal)
	}
	// Output:
	// alone: ipv4-addr:value '198.51.100.7'
	// in company: file:name 'a.exe'
	// in company: file:size 1280
}

func ExampleMatch() {
	p, _ := pattern.Parse("([file:name LIKE '%.exe'] FOLLOWEDBY [ipv4-addr:value ISSUBSET '198.51.100.0/24']) WITHIN 300 SECONDS")
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	written := pattern.Sighting{First: noon, Objects: []map[string]any{{"type": "file", "name": "a.exe"}}}
	called := pattern.Sighting{First: noon.Add(time.Minute), Objects: []map[string]any{{"type": "ipv4-addr", "value": "198.51.100.7"}}}
	fmt.Println(pattern.Match(p, written, called))
	called.First = noon.Add(time.Hour)
	fmt.Println(pattern.Match(p, written, called))
	// Output:
	// true <nil>
	// false <nil>
}

func ExampleLint() {
	p, _ := pattern.Parse("[file:hashes.MD5 = 'f00'] FOLLOWEDBY [win-registry:key = '*\\\\Run'] WITHIN 5 SECONDS")
	for _, w := range pattern.Lint(p) {
		fmt.Println(w.At, w.Code)
	}
	// Output:
	// 19 hash
	// 38 object
	// 57 wildcard
	// 67 qualifier
}
