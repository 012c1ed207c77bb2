// Command ownsink brings an OpenCTI live stream into a sink of its own: it
// prints what happens. The engine gives it order, retries and a checkpoint in a file, so that it
// goes on where it was stopped.
//
//	OPENCTI_URL=… OPENCTI_TOKEN=… STREAM=… go run ./examples/ownsink
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// printer is a sync.Sink. A real one would write to a database or an API, and answer
// for each change what became of it.
type printer struct{}

func (printer) Name() string { return "printer" }

func (printer) Write(_ context.Context, changes []sync.Change) ([]sync.Result, error) {
	for _, c := range changes {
		kind := "gone"
		if c.Op == sync.Upsert {
			kind = "is"
		}
		fmt.Println(c.Position, c.Key, kind, c.Reason)
	}
	return make([]sync.Result, len(changes)), nil // the zero Result is Done
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stream, err := opencti.NewStream(opencti.Config{URL: os.Getenv("OPENCTI_URL"), Token: os.Getenv("OPENCTI_TOKEN"), StreamID: os.Getenv("STREAM")})
	if err != nil {
		log.Fatal(err)
	}
	engine, err := sync.NewEngine(sync.Options{
		Source:      stream,
		Sinks:       []sync.Sink{printer{}},
		Checkpoints: &sync.FileCheckpoints{Path: "checkpoint.json"},
		DeadLetters: &sync.FileDeadLetters{Path: "dead-letters.ndjson"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
