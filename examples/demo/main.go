// Command demo is a whole connector between test servers in one process: a test OpenCTI streams a realistic history
// over HTTP, the engine and the sinks write it to a test Elasticsearch and Kibana over HTTP,
// and in the end the target is compared with what the stream said.
//
//	go run ./examples/demo [-events N] [-rate N] [-keep]
//
// connector.go is what a connector of your own would look like.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/examples/demo/verdict"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

func main() {
	log.SetFlags(0)
	events := flag.Int("events", 5000, "how many events the history has")
	rate := flag.Int("rate", 0, "events per second; 0 is as fast as they are taken")
	keep := flag.Bool("keep", false, "stay up when all is done, until interrupted")
	flag.Parse()
	if *events < 1 || *rate < 0 || flag.NArg() > 0 {
		log.Print("demo takes -events of at least 1, -rate of at least 0, and no arguments")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := demo(ctx, os.Stdout, *events, *rate, *keep); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// servers are what the connector runs between.
type servers struct {
	opencti       *openctitest.Server
	elasticsearch *elastictest.Elasticsearch
	kibana        *elastictest.Kibana
}

const (
	seed = 1
	key  = "ZGVtbzpkZW1v"
)

// demo streams a history through the connector, says what came of it, and fails if it is not what the stream said.
func demo(ctx context.Context, out io.Writer, events, rate int, keep bool) error {
	s := servers{
		openctitest.NewServer(openctitest.Options{}),
		elastictest.NewElasticsearch(elastictest.Options{APIKey: key}),
		elastictest.NewKibana(elastictest.KibanaOptions{APIKey: key}),
	}
	defer s.opencti.Close()
	defer s.elasticsearch.Close()
	defer s.kibana.Close()
	fmt.Fprintf(out, "OpenCTI        %s\nElasticsearch  %s\nKibana         %s\n\n", s.opencti.URL, s.elasticsearch.URL, s.kibana.URL)
	c, err := newConnector(s)
	if err != nil {
		return err
	}
	history := openctitest.HistoryConfig{Seed: seed, Events: events, Start: time.Now().Add(-time.Duration(events) * 100 * time.Millisecond)}.Make()
	verdict.Learn(c.refs, history)

	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.run(running) }()
	began := time.Now()
	if err := c.stream(running, out, history, rate, ended); err != nil {
		stop()
		return errors.Join(err, <-ended)
	}
	took := time.Since(began)
	requests := 0
	for _, n := range s.elasticsearch.Stats().Requests {
		requests += n
	}
	fmt.Fprintf(out, "\n%d events in %.1f s (%.0f/s)\n%d requests to Elasticsearch, %d to Kibana\n",
		events, took.Seconds(), float64(events)/took.Seconds(), requests, len(s.kibana.Requests()))
	v := verdict.Target{OpenCTI: s.opencti, Elasticsearch: s.elasticsearch, Kibana: s.kibana, Index: index, Mapper: c.mapper, Builder: c.builder}.Judge()
	v.Print(out)
	if keep && len(v.Faults) == 0 {
		fmt.Fprintln(out, "\nThe servers stay up; interrupt to end.")
		<-ctx.Done()
	}
	stop()
	if err := <-ended; err != nil {
		return err
	}
	if n := len(v.Faults); n > 0 {
		return fmt.Errorf("the target differs from the stream in %d places", n)
	}
	return nil
}

// stream appends the history at the rate and waits until all of it is written.
func (c *connector) stream(ctx context.Context, out io.Writer, history []openctitest.Event, rate int, ended chan error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	began, sent, quiet := time.Now(), 0, 0
	for {
		upTo := len(history)
		if rate > 0 {
			upTo = min(upTo, int(time.Since(began).Seconds()*float64(rate))+1)
		}
		c.opencti.Append(history[sent:upTo]...)
		sent = upTo
		s := c.engine.Stats()
		fmt.Fprintf(out, "\r%d of %d events sent, %d changes read, %d documents, %d rules   ", sent, len(history), s.Read,
			c.elasticsearch.Len(index), len(c.kibana.Rules("")))
		if sent == len(history) && s.Position == c.opencti.Last() && idle(s) {
			if quiet++; quiet >= 3 {
				fmt.Fprintln(out)
				return nil
			}
		} else {
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			ended <- nil // demo waits for it
			return cmp.Or(err, errors.New("the connector ended before the stream did"))
		case <-tick.C:
		}
	}
}

func idle(s sync.Stats) bool {
	for _, k := range s.Sinks {
		if k.Pending > 0 || k.InFlight > 0 {
			return false
		}
	}
	return true
}
