// Command cost measures what the connector costs, and prints it as the table that stands in the README. The
// connector runs as a process of its own between the servers for tests, which answer at once: what is counted is its own
// processor time and memory, not theirs.
//
//	go run ./examples/cost [-events 10000,100000] [-seconds 20]
//
// It takes about two minutes and wants a machine that does nothing else. A million events need about 8 GB for the servers.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	events := flag.String("events", "10000,100000", "sizes of the histories, separated by commas")
	seconds := flag.Int("seconds", 20, "how long the latency is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *events, *seconds); err != nil {
		log.Fatal(err)
	}
}

// row is a line of the table.
type row struct{ what, value, note string }

func measure(ctx context.Context, events string, seconds int) error {
	dir, err := os.MkdirTemp("", "cost-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{binary: filepath.Join(dir, "opencti-elastic"), dir: dir}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the connector: %w", err)
	}
	fmt.Println("| what | cost | |\n| --- | --- | --- |")
	for _, size := range strings.Split(events, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1000 {
			return fmt.Errorf("-events %q: want numbers of at least 1000", events)
		}
		if err := b.growth(ctx, n); err != nil {
			return err
		}
	}
	if err := b.latency(ctx, seconds); err != nil {
		return err
	}
	return b.parts(ctx)
}

func (b *bench) print(rows ...row) {
	for _, r := range rows {
		fmt.Printf("| %s | %s | %s |\n", r.what, r.value, r.note)
	}
}
