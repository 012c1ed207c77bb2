package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// target is where the changes go: the sinks, and the work that runs beside them.
type target struct {
	sinks  []sync.Sink
	beside []func(context.Context) error
	closes []func() error
	// replay has the stream read again for the rules; nil where there is no stream.
	replay func()
}

// policies are what the settings have each sink make of the stream.
func (t *target) policies(c *config.Config) map[string]string {
	out := make(map[string]string)
	for _, s := range t.sinks {
		out[s.Name()] = c.Policy(s.Name())
	}
	return out
}

func (t *target) close() error {
	var errs []error
	for _, f := range t.closes {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// newTarget makes the sinks of Elasticsearch and, unless rules are off, Kibana.
func newTarget(ctx context.Context, c *config.Config, refs *opencti.References, log *slog.Logger) (*target, error) {
	builder, err := newBuilder(c, refs)
	if err != nil {
		return nil, err
	}
	mapper, err := newMapper(c, refs)
	if err != nil {
		return nil, err
	}
	client, err := newElastic(&c.Elastic)
	if err != nil {
		return nil, err
	}
	t := &target{closes: []func() error{func() error { client.Close(); return nil }}}
	ruleSink, err := newRules(ctx, c, client, builder, t, log)
	if err != nil {
		return nil, err
	}
	var expired func(context.Context, []string) error
	if ruleSink != nil {
		expired = ruleSink.Expire
		t.beside = append(t.beside, ruleSink.Run)
		if builder.Policy() != rules.Off { // else what is there goes, and nothing comes
			t.sinks = append(t.sinks, ruleSink)
		}
	}
	index, err := newIndex(c, client, mapper, expired, log)
	if err != nil {
		return nil, err
	}
	t.sinks = append([]sync.Sink{index}, t.sinks...)
	t.beside = append(t.beside, index.Run)
	return t, nil
}

// newFileTarget makes the sinks that write to files in dir.
func newFileTarget(c *config.Config, refs *opencti.References, dir string) (*target, error) {
	builder, err := newBuilder(c, refs)
	if err != nil {
		return nil, err
	}
	mapper, err := newMapper(c, refs)
	if err != nil {
		return nil, err
	}
	documents, err := elastic.NewFiles(elastic.FilesOptions{Dir: dir, Mapper: mapper, Index: c.Elastic.IndexName, KeepRevoked: c.Elastic.OnRevoke == "mark", Lookup: c.Elastic.LookupIndex, DisableSync: true})
	if err != nil {
		return nil, err
	}
	t := &target{sinks: []sync.Sink{documents}, closes: []func() error{documents.Close}}
	if builder.Policy() == rules.Off {
		return t, nil
	}
	files, err := kibana.NewFiles(dir, builder)
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	t.sinks, t.closes = append(t.sinks, files), append(t.closes, files.Close)
	return t, nil
}

func newBuilder(c *config.Config, refs rules.References) (*rules.Builder, error) {
	e := &c.Elastic
	filter, err := newFilter(e)
	if err != nil {
		return nil, err
	}
	return rules.NewBuilder(rules.Options{
		Policy: rules.Policy(e.Rules), Connector: c.Connector.ID, References: refs, Filter: filter, KeepPasswords: c.Elastic.KeepPasswords, OpenCTIURL: c.BaseURL(), Interval: e.RuleInterval, CreateDisabled: !e.RulesEnabled,
		Reading: newReading(e),
		Enable:  rules.Enable{Detection: e.RulesDetection, MinScore: e.RulesMinScore},
		Managed: rules.Managed{Index: e.IndexName, Dataset: e.Module + ".indicator", Networks: e.MatchExceptNetworks, Domains: e.MatchExceptDomains},
	})
}

// newRules makes the rule sink; nil if there is no Kibana: rules are off and none
// is configured, or none is configured and none found.
func newRules(ctx context.Context, c *config.Config, events *elastic.Client, builder *rules.Builder, t *target, log *slog.Logger) (*kibana.Sink, error) {
	if builder.Policy() == rules.Off && c.Elastic.KibanaURL == "" {
		return nil, nil
	}
	client, err := newKibana(&c.Elastic)
	if err != nil {
		return nil, err
	}
	if c.Elastic.KibanaURL == "" {
		log.Info("looking for Kibana beside Elasticsearch, since ELASTIC_SECURITY_KIBANA_URL is not set")
		if err := findKibana(ctx, client); ctx.Err() != nil {
			return nil, nil // told to stop meanwhile
		} else if err != nil {
			log.Error("no Kibana found beside Elasticsearch: NO DETECTION RULES WILL BE MADE; set ELASTIC_SECURITY_KIBANA_URL, or ELASTIC_SECURITY_RULES=off to say that this is meant", "error", err.Error())
			return nil, nil
		}
	}
	settings := kibana.SinkOptions{Kibana: client, Builder: builder, KeepRevoked: c.Elastic.OnRevoke == "mark",
		SweepInterval: c.Elastic.SweepInterval, DisableSweep: c.Elastic.SweepInterval == 0, Logger: log}
	settings.Replay = func(context.Context) error {
		if t.replay != nil {
			t.replay()
		}
		return nil
	}
	if c.Elastic.RulesPreviewLimit > 0 {
		settings.Preview, settings.PreviewLimit = elastic.Previewer{Client: events}.Count, c.Elastic.RulesPreviewLimit
	}
	return kibana.NewSink(settings)
}

// kibanaAddress is where Kibana is, or else is looked for; empty if that cannot be said.
func kibanaAddress(e *config.Elastic) string {
	if e.KibanaURL != "" || len(e.Addresses()) == 0 {
		return e.KibanaURL
	}
	address, err := kibana.Address(e.Addresses()[0])
	if err != nil {
		return ""
	}
	return address
}

func newKibana(e *config.Elastic) (*kibana.Client, error) {
	pool, err := transport(elasticTLS(e))
	if err != nil {
		return nil, err
	}
	return kibana.NewClient(kibana.Config{
		URL: kibanaAddress(e), Space: e.KibanaSpace, APIKey: e.APIKey, Username: e.Username, Password: e.Password, Transport: pool,
		// The engine has two requests under way at most, so that a slow Kibana sets its own pace.
		RequestsPerSecond: 100,
	})
}

// findKibana looks whether a Kibana answers where one was only guessed to be. A few tries, since both may be
// starting; a fault of what may be a Kibana counts as found.
func findKibana(ctx context.Context, k *kibana.Client) error {
	const tries = 4
	for i := 1; ; i++ {
		_, err := k.Status(ctx)
		_, answered := errors.AsType[*elastic.StatusError](err)
		switch {
		case err == nil || answered:
			return nil
		case errors.Is(err, kibana.ErrNotKibana) || i == tries:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(i) * time.Second):
		}
	}
}
