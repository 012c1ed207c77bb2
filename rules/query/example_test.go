package query_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func ExampleTranslator_Translate() {
	t, err := query.New(query.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := pattern.Parse(`[file:name = 'evil.exe' AND file:size > 1024]`)
	if err != nil {
		log.Fatal(err)
	}
	for _, lang := range []query.Language{query.KQL, query.Lucene, query.EQL} {
		q, err := t.Translate(p, lang)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(q.Text)
	}
	// Output:
	// file.name: "evil.exe" and file.size > 1024
	// file.name:"evil.exe" AND file.size:{1024 TO *]
	// any where ?file.name == "evil.exe" and ?file.size > 1024
}

// A query that can't say the whole pattern is refused, unless it may match
// more; then what was lost is named.
func ExampleOptions_allowWider() {
	p, err := pattern.Parse(`[mutex:name = 'x' AND process:name = 'evil.exe']`)
	if err != nil {
		log.Fatal(err)
	}
	for _, allow := range []bool{false, true} {
		t, err := query.New(query.Options{AllowWider: allow})
		if err != nil {
			log.Fatal(err)
		}
		q, err := t.Translate(p, query.KQL)
		var lost *query.UntranslatableError
		if errors.As(err, &lost) {
			fmt.Println("refused:", lost.Path, "-", lost.Reason)
			continue
		}
		fmt.Println(q.Text)
		for _, l := range q.Lossy {
			fmt.Printf("at %d: %s: %s\n", l.At, l.Path, l.Why)
		}
	}
	// Output:
	// refused: mutex:name - no event field carries it
	// process.name: "evil.exe"
	// at 1: mutex:name: condition left out: no event field carries it
}

// Log sources that keep a value elsewhere are told of in a file.
func ExampleLoadMapping() {
	m, err := query.LoadMapping([]byte(`
types:
  winlog.event_data.MutantName: keyword
objects:
  mutex:
    name: {fields: [winlog.event_data.MutantName]}
`), "fields.yaml")
	if err != nil {
		log.Fatal(err)
	}
	t, err := query.New(query.Options{Fields: m})
	if err != nil {
		log.Fatal(err)
	}
	p, err := pattern.Parse(`[mutex:name = 'Global\\evil']`)
	if err != nil {
		log.Fatal(err)
	}
	q, err := t.Translate(p, query.KQL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(q.Text)
	// Output:
	// winlog.event_data.MutantName: "Global\\evil"
}

// Several observations make a sequence of events, which only EQL can ask for.
func ExampleTranslator_Translate_sequence() {
	t, err := query.New(query.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := pattern.Parse(`([process:name = 'a.exe'] FOLLOWEDBY [network-traffic:dst_port = 4444]) WITHIN 60 SECONDS`)
	if err != nil {
		log.Fatal(err)
	}
	q, err := t.Translate(p, query.EQL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(q.Shape)
	fmt.Println(q.Text)
	// Output:
	// sequence
	// sequence by host.id with maxspan=60s
	//   [any where ?process.name == "a.exe"]
	//   [any where ?destination.port == 4444]
}
