package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const demoSeed = 1

// demo runs the connector as it is against test servers in this process, and judges the result.
func (a app) demo(ctx context.Context, args []string) error {
	fs := a.flags("demo")
	events := fs.Int("events", 5000, "how many events the history has")
	rate := fs.Int("rate", 0, "events per second; 0 is as fast as they are taken")
	keep := fs.Bool("keep", false, "stay up when all is done, until interrupted")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *events < 1 || *rate < 0 || fs.NArg() > 0 {
		return usage("demo takes --events of at least 1, --rate of at least 0, and no arguments")
	}
	d, err := newDemo(ctx)
	if err != nil {
		return err
	}
	defer d.close()
	history := openctitest.HistoryConfig{Seed: demoSeed, Events: *events, Start: time.Now().Add(-time.Duration(*events) * 100 * time.Millisecond)}.Make()
	fmt.Fprintf(a.stdout, "OpenCTI        %s\nElasticsearch  %s\nKibana         %s\n\n", d.opencti.URL, d.elasticsearch.URL, d.kibana.URL)
	return d.run(ctx, a.stdout, history, *rate, *keep)
}

// stage is the three servers, and the settings of a connector between them.
type stage struct {
	opencti       *openctitest.Server
	elasticsearch *elastictest.Elasticsearch
	kibana        *elastictest.Kibana
	environ       []string
	config        *config.Config
}

const stageKey = "ZGVtbzpkZW1v"

// newStage starts the servers. The connector takes all history from the stream, unless environ says otherwise.
func newStage(o openctitest.Options, environ ...string) (*stage, error) {
	s := &stage{
		opencti:       openctitest.NewServer(o),
		elasticsearch: elastictest.NewElasticsearch(elastictest.Options{APIKey: stageKey}),
		kibana:        elastictest.NewKibana(elastictest.KibanaOptions{APIKey: stageKey}),
	}
	s.environ = append([]string{
		"OPENCTI_URL=" + s.opencti.URL, "OPENCTI_TOKEN=" + s.opencti.Token, "CONNECTOR_ID=7b0b35c3-9e43-4b7c-8d3e-52b4d2b7a3f0",
		"CONNECTOR_LIVE_STREAM_ID=" + s.opencti.StreamID, "CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE=no",
		"ELASTIC_SECURITY_URL=" + s.elasticsearch.URL, "ELASTIC_SECURITY_KIBANA_URL=" + s.kibana.URL, "ELASTIC_SECURITY_API_KEY=" + stageKey,
		"ELASTIC_SECURITY_DEAD_LETTERS=-",
	}, environ...)
	c, err := config.Load(s.environ, "", false, (*config.Config).Validate)
	if err != nil {
		s.close()
		return nil, err
	}
	s.config = c
	return s, nil
}

func (s *stage) close() {
	s.opencti.Close()
	s.elasticsearch.Close()
	s.kibana.Close()
}

// demo is a connector on a stage.
type demo struct {
	*stage
	connection *connection
}

func newDemo(ctx context.Context) (*demo, error) {
	s, err := newStage(openctitest.Options{})
	if err != nil {
		return nil, err
	}
	c, err := newConnection(ctx, s.config, slog.New(slog.DiscardHandler))
	if err != nil {
		s.close()
		return nil, err
	}
	return &demo{s, c}, nil
}

// run streams the history through the connector, says what came of it, and fails if it is not what the stream said.
func (d *demo) run(ctx context.Context, out io.Writer, history []openctitest.Event, rate int, keep bool) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.connection.run(running) }()

	began := time.Now()
	if err := d.stream(running, out, history, rate, ended); err != nil {
		stop()
		return errors.Join(stopped(ctx, err), <-ended)
	}
	took := time.Since(began)
	verdict := d.judge(history)
	d.summary(out, len(history), took, verdict)
	if keep && len(verdict.faults) == 0 {
		fmt.Fprintln(out, "\nThe servers stay up; interrupt to end.")
		<-ctx.Done()
	}
	stop()
	if err := <-ended; err != nil {
		return err
	}
	if n := len(verdict.faults); n > 0 {
		return fmt.Errorf("the target differs from the stream in %d places", n)
	}
	return nil
}

// stream appends the history at the rate and waits until all of it is written.
func (d *demo) stream(ctx context.Context, out io.Writer, history []openctitest.Event, rate int, ended chan error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	began, sent, quiet := time.Now(), 0, 0
	for {
		upTo := len(history)
		if rate > 0 {
			upTo = min(upTo, int(time.Since(began).Seconds()*float64(rate))+1)
		}
		d.opencti.Append(history[sent:upTo]...)
		sent = upTo
		s := d.connection.engine.Stats()
		fmt.Fprintf(out, "\r%d of %d events sent, %d changes read, %d documents, %d rules   ", sent, len(history), s.Read,
			d.elasticsearch.Len(d.config.Elastic.IndexName), len(d.kibana.Rules("")))
		if sent == len(history) && s.Position == d.opencti.Last() && idle(s) {
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
			ended <- nil // run waits for it
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
