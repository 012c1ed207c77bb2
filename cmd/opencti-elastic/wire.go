package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const day = 24 * time.Hour

// load reads the settings and has them judged by one of config's Validate methods.
func (a app) load(file string, judge func(*config.Config) error) (*config.Config, error) {
	c, err := config.Load(a.environ, cmp.Or(file, "config.yml"), file != "", judge)
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

func (a app) logger(c *config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.Level(c.Connector.LogLevel)}
	var handler slog.Handler = slog.NewTextHandler(a.stderr, options)
	if c.OpenCTI.JSONLogging {
		handler = slog.NewJSONHandler(a.stderr, options)
	}
	log := slog.New(handler)
	for _, w := range c.Warnings {
		log.Warn(w)
	}
	if openctiTLS(&c.OpenCTI).InsecureSkipVerify && strings.HasPrefix(c.OpenCTI.URL, "https:") {
		log.Warn("OpenCTI's certificate is not verified, as its connectors have it by default: anyone on the way can read the token; set OPENCTI_SSL_VERIFY=true or OPENCTI_CA_CERT")
	}
	if !c.Elastic.VerifySSL {
		log.Warn("certificates of Elasticsearch and Kibana are not verified: anyone on the way can read and change everything; set ELASTIC_SECURITY_VERIFY_SSL=true")
	}
	return log
}

// withoutUser returns addresses as the log may show them.
func withoutUser(addresses ...string) string {
	var shown []string
	for _, raw := range addresses {
		if u, err := endpoint.ParseURL(raw); err == nil {
			u.User = nil
			shown = append(shown, u.String())
		}
	}
	return strings.Join(shown, " ")
}

func openctiTLS(c *config.OpenCTI) elastic.TLS {
	return elastic.TLS{
		CAFile: c.CACert, Fingerprint: c.Fingerprint, CertFile: c.ClientCert, KeyFile: c.ClientKey,
		// Whoever names an authority or a fingerprint wants them checked.
		InsecureSkipVerify: !c.VerifySSL && c.CACert == "" && c.Fingerprint == "",
	}
}

func elasticTLS(c *config.Elastic) elastic.TLS {
	return elastic.TLS{CAFile: c.CACert, Fingerprint: c.Fingerprint, CertFile: c.ClientCert, KeyFile: c.ClientKey, InsecureSkipVerify: !c.VerifySSL}
}

// transport is a connection pool with the TLS block.
func transport(t elastic.TLS) (*http.Transport, error) {
	settings, err := t.Config()
	if err != nil {
		return nil, err
	}
	pool := http.DefaultTransport.(*http.Transport).Clone()
	pool.TLSClientConfig = settings
	return pool, nil
}

// newStream makes the live stream as the settings say.
func newStream(c *config.Config, refs *opencti.References, log *slog.Logger) (*opencti.Stream, error) {
	pool, err := transport(openctiTLS(&c.OpenCTI))
	if err != nil {
		return nil, fmt.Errorf("OPENCTI_CA_CERT, _CA_FINGERPRINT, _CLIENT_CERT, _CLIENT_KEY: %w", err)
	}
	until, never, err := c.Connector.Recover()
	if err != nil {
		return nil, err
	}
	start, err := c.Connector.Start()
	if err != nil {
		return nil, err
	}
	return opencti.NewStream(opencti.Config{
		URL: c.OpenCTI.URL, Token: c.OpenCTI.Token, StreamID: c.Connector.StreamID,
		IgnoreDeletes: !c.Connector.ListenDelete, Dependencies: !c.Connector.NoDependencies, WithInferences: c.Connector.WithInferences,
		Start:        opencti.Start{Live: start.IsZero() && c.Connector.StartTimestamp == "live", At: start},
		Recover:      opencti.Recover{Disable: never, Until: until},
		MaxEventSize: c.Connector.MaxEventMiB << 20, SilenceTimeout: c.Connector.SilenceTimeout, RecoveryWindow: c.Connector.RecoveryWindow,
		HTTPClient: &http.Client{Transport: pool}, Logger: log, References: refs,
	})
}

func newConnector(c *config.Config, sinks []string, log *slog.Logger) (*opencti.Connector, error) {
	pool, err := transport(openctiTLS(&c.OpenCTI))
	if err != nil {
		return nil, fmt.Errorf("OPENCTI_CA_CERT, _CA_FINGERPRINT, _CLIENT_CERT, _CLIENT_KEY: %w", err)
	}
	headers, err := c.OpenCTI.Headers()
	if err != nil {
		return nil, err
	}
	client, err := opencti.NewClient(opencti.ClientConfig{URL: c.OpenCTI.URL, Token: c.OpenCTI.Token, Headers: headers, HTTPClient: &http.Client{Transport: pool}})
	if err != nil {
		return nil, err
	}
	return opencti.NewConnector(client, opencti.ConnectorConfig{
		ID: c.Connector.ID, Name: c.Connector.Name, Scope: c.Connector.Scope, Sinks: sinks,
		PatternTypes: []string{"kql", "lucene", "eql", "esql"}, PingInterval: c.Connector.PingInterval, Logger: log,
	})
}

// newMapper makes the mapper of documents. They say why no rule can be made of their
// pattern, whatever the policy for rules is.
func newMapper(c *config.Config, refs *opencti.References) (*ecs.Mapper, error) {
	e := &c.Elastic
	builder, err := rules.NewBuilder(rules.Options{References: refs, Reading: newReading(e)})
	if err != nil {
		return nil, err
	}
	filter, err := newFilter(e)
	if err != nil {
		return nil, err
	}
	return ecs.NewMapper(ecs.Options{
		Module: e.Module, OpenCTIURL: c.BaseURL(), ExpireAfter: time.Duration(e.ExpireDays) * day,
		RefreshAfter: time.Duration(e.RefreshDays) * day, DisableRefresh: e.RefreshDays == 0,
		KeepOriginal: e.KeepOriginal, Observables: ecs.ObservablePolicy(e.Observables), CredentialHash: e.HashSecrets, KeepPasswords: e.KeepPasswords,
		OnRevoke: ecs.RevokePolicy(e.OnRevoke), References: refs, RuleReason: builder.Reason,
		Filter: filter, Reading: newReading(e),
	})
}

// newReading says how documents and rules read patterns.
func newReading(e *config.Elastic) ecs.Reading {
	return ecs.Reading{DisableFileIdentity: !e.FileIdentity}
}

// newFilter makes the filter of documents and rules: both leave out the same objects.
func newFilter(e *config.Elastic) (ecs.Filter, error) {
	custom, err := e.Custom()
	if err != nil {
		return ecs.Filter{}, fmt.Errorf("ELASTIC_SECURITY_CUSTOM_FIELDS: %w", err)
	}
	return ecs.Filter{
		Score: e.MinScore, Confidence: e.MinConfidence, Labels: e.Labels, NotLabels: e.ExcludeLabels, TLP: e.TLP(),
		Authors: e.Authors, Custom: custom, Types: e.Types, Detection: e.DetectionOnly, MaxAge: e.MaxAge,
	}, nil
}

func newElastic(c *config.Elastic) (*elastic.Client, error) {
	if _, err := elasticTLS(c).Config(); err != nil {
		return nil, fmt.Errorf("ELASTIC_SECURITY_CA_CERT, _CA_FINGERPRINT, _CLIENT_CERT, _CLIENT_KEY: %w", err)
	}
	return elastic.NewClient(elastic.Config{
		URLs: c.Addresses(), APIKey: c.APIKey, Username: c.Username, Password: c.Password, TLS: elasticTLS(c), Gzip: c.Compress,
	})
}

func newIndex(c *config.Config, client *elastic.Client, mapper *ecs.Mapper, expired func(context.Context, []string) error, log *slog.Logger) (*elastic.Index, error) {
	e := &c.Elastic
	return elastic.NewIndex(elastic.IndexOptions{
		Client: client, Mapper: mapper, Name: e.IndexName, KeepRevoked: e.OnRevoke == "mark", Pipeline: e.Pipeline, Lookup: e.LookupIndex,
		SweepInterval: e.SweepInterval, DisableSweep: e.SweepInterval == 0, Expired: expired,
		RefreshAfter: time.Duration(e.RefreshDays) * day, DisableRefresh: e.RefreshDays == 0,
		MaxItems: e.BatchSize, ReferenceURL: c.BaseURL(), Logger: log,
	})
}

// deadLetters returns where dead letters go; nil is the log. A place that was not chosen and
// cannot be written to, such as the root of a read-only container, is no reason not to start.
func deadLetters(c *config.Config, log *slog.Logger) (sync.DeadLetters, func() error, error) {
	path := c.Elastic.DeadLetters
	logOnly := func() error { return nil }
	if path == "-" {
		return nil, logOnly, nil
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".dead-letters-*")
	if err != nil {
		if path != config.DefaultDeadLetters {
			return nil, nil, fmt.Errorf("ELASTIC_SECURITY_DEAD_LETTERS: %w", err)
		}
		log.Warn("dead letters go to the log only; set ELASTIC_SECURITY_DEAD_LETTERS to a file that can be written", "error", err.Error())
		return nil, logOnly, nil
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, nil, fmt.Errorf("ELASTIC_SECURITY_DEAD_LETTERS: %w", err)
	}
	f := &sync.FileDeadLetters{Path: path}
	return f, f.Close, nil
}

func names(sinks []sync.Sink) []string {
	var out []string
	for _, s := range sinks {
		out = append(out, s.Name())
	}
	return out
}
