// Command documents reads a STIX bundle on standard input and prints an ECS
// threat-indicator document a line.
//
//	go run ./examples/documents < bundle.json
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/record"
)

func main() {
	mapper, err := ecs.NewMapper(ecs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for change, err := range record.NewSource(record.Reader("standard input", os.Stdin)).Changes(context.Background(), nil) {
		switch {
		case err != nil:
			log.Fatal(err)
		case change.Op == sync.Invalid:
			log.Print(change.Err)
			continue
		case change.Op != sync.Upsert:
			continue
		}
		document, err := mapper.Map(change.Object)
		if _, skipped := errors.AsType[*ecs.SkipError](err); skipped {
			continue // a relationship, an identity, …
		}
		if err != nil {
			log.Fatal(err)
		}
		line, err := document.AppendJSON(nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
}
