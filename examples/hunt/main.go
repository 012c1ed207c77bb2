// Command hunt looks for the observations of a STIX bundle that satisfy a pattern,
// and prints the pattern as queries for where the logs are.
//
//	go run ./examples/hunt "[ipv4-addr:value = '198.51.100.7']" observed.json
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: hunt PATTERN BUNDLE")
	}
	p, err := pattern.Parse(os.Args[1])
	if err != nil {
		log.Fatal(err) // says where, with a caret under the place
	}
	bundle, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	sightings, err := pattern.DecodeSightings(bundle)
	if err != nil {
		log.Fatal(err)
	}
	matcher, err := pattern.NewMatcher(p, pattern.MatchOptions{})
	if err != nil {
		log.Fatal(err)
	}
	found, err := matcher.Find(context.Background(), sightings)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d observations satisfy it: %v\n", len(found), len(sightings), found)

	translator, err := query.New(query.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, language := range query.Languages() {
		q, err := translator.Translate(p, language)
		if err != nil {
			fmt.Printf("%s: %v\n", language, err)
			continue
		}
		fmt.Printf("%s: %s\n", language, q.Text)
	}
}
