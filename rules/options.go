package rules

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// Policy tells which indicators have rules of their own.
type Policy string

// The policies.
const (
	// PerIndicator gives each indicator with a pattern a rule of its own. It is the default.
	PerIndicator Policy = "indicator"
	// Match covers indicators whose pattern is only sufficient values by a handful of
	// managed indicator-match rules; all others have their own.
	Match Policy = "match"
	// Lookup does the same by ES|QL LOOKUP JOIN; the threat index must be in lookup mode.
	Lookup Policy = "lookup"
	// Off makes no rules.
	Off Policy = "off"
)

// A Translator makes queries of patterns; a [*query.Translator] is one.
type Translator interface {
	Translate(p *pattern.Pattern, lang query.Language) (query.Query, error)
}

// References gives the names of authors and markings.
type References = ecs.References

// Options are the options of [NewBuilder]. The zero value is a working default.
type Options struct {
	// Policy tells which indicators have rules of their own, [PerIndicator] by default.
	Policy Policy
	// Connector is the id of the connector that the rules belong to. Rules of another connector, or of
	// none, are never touched. Empty for rules that belong to none; at most 128 characters.
	Connector string
	// Translator makes queries of STIX patterns; nil makes one over Indices.
	Translator Translator
	// Fields tells that translator which event fields hold what an object path names; nil is the default mapping.
	Fields *query.Mapping
	// Reading says how patterns are read; the documents' must be the same.
	Reading ecs.Reading
	// References gives the names of authors and markings; nil knows none.
	References References
	// Filter tells which indicators have a rule; all by default. It should be the documents' filter: a rule shows what its
	// indicator says. Its References and Now are set to those here.
	Filter ecs.Filter
	// KeepPasswords shows the passwords of URLs and the numbers of payment cards. By default they are masked but in the query.
	KeepPasswords bool
	// OpenCTIURL is the platform's address for people's browsers; without it there are no links.
	OpenCTIURL string

	// Indices are where the events are; [DefaultIndices] by default.
	Indices []string
	// DataViewID takes the place of Indices in rules that can have one.
	DataViewID string
	// Interval is how often a rule runs, in whole seconds; default 5 minutes.
	Interval time.Duration
	// Lookback is how much further than Interval a run looks back, for events that arrive late; default 5 minutes.
	Lookback time.Duration
	// Window is how far rules look back that count or order events without a WITHIN; default 24 hours.
	Window time.Duration
	// MaxSignals is how many alerts a run may raise, 1 to 1000; default 100.
	MaxSignals int
	// EventTime lets rules go by @timestamp alone; by default they go by event.ingested, with
	// @timestamp where that is absent, so that events that arrive late are not missed.
	EventTime bool
	// JoinBy is the fields, at most 3, that must be equal in the events of a pattern that needs several
	// (REPEATS, FOLLOWEDBY, AND between observations); default host.id.
	JoinBy []string
	// DisableJoin counts and orders events wherever they are from, as the pattern language does.
	DisableJoin bool
	// SuppressBy folds alerts of the same values of these fields, at most 3, into one;
	// none by default, since Kibana asks for a Platinum licence. SuppressFor is for how long;
	// default 1 hour.
	SuppressBy  []string
	SuppressFor time.Duration
	// BuildingBlock hides the alerts unless they are asked for.
	BuildingBlock bool
	// InvestigationFields are shown first in alerts, besides the event fields of the pattern;
	// by default host.name, user.name, process.name and event.dataset.
	InvestigationFields []string
	// Author and License stand in every rule; Author is "OpenCTI" by default, to which the indicator's is added.
	Author  string
	License string

	// CreateDisabled makes all rules disabled.
	CreateDisabled bool
	// Enable tells which rules are enabled if CreateDisabled isn't set; all by default.
	Enable Enable

	// Managed says how the match rules of the policies [Match] and [Lookup] look.
	Managed Managed

	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Enable tells which rules are made enabled. All its conditions must hold.
type Enable struct {
	// Detection asks for OpenCTI's detection flag. The platform's own default for
	// that is false, so this is off by default.
	Detection bool
	// MinScore asks for OpenCTI's score; an indicator without a score has 0.
	MinScore int
	// Labels asks for one of these, any letter case; none: for none.
	Labels []string
	// ExceptLabels asks for none of these.
	ExceptLabels []string
	// PatternTypes asks for one of these ("stix", "kql" …); none: for none.
	PatternTypes []string
}

// Managed says how the managed match rules look.
type Managed struct {
	// Index is where the documents are; default "logs-ti_custom_opencti.indicator".
	Index string
	// Dataset is event.dataset of the documents; default "ti_custom_opencti.indicator".
	Dataset string
	// MinConfidence is the least confidence in ECS's words, "Low", "Medium" (default) or "High".
	// Indicators whose confidence is not specified are always taken.
	MinConfidence string
	// MinScore is the least OpenCTI score; 0 asks for none.
	MinScore int
	// Interval is how often they run; default 15 minutes.
	Interval time.Duration
	// Networks and Domains are left out besides the built-in ones: blocks such as
	// "203.0.113.0/24", and names, each also with www before it. What is below a name is
	// not left out: there, anyone may have put something up.
	Networks []string
	Domains  []string
	// NoGuard takes everything: no list of addresses and sites, denied traffic too.
	NoGuard bool
	// NoSuppression switches off the suppression by indicator and host, for licences below Platinum.
	NoSuppression bool
}

// DefaultIndices is Kibana's own default of the Security app, without threat indices,
// which hold indicators and not events.
func DefaultIndices() []string {
	return append(query.DefaultIndices(), "-logs-ti_*")
}

// Validate reports all that is wrong with the options.
func (o Options) Validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch o.Policy {
	case "", PerIndicator, Match, Lookup, Off:
	default:
		fail("rules: policy %q: want indicator, match, lookup or off", o.Policy)
	}
	if len(o.Connector) > 128 || strings.TrimSpace(o.Connector) != o.Connector || strings.ContainsFunc(o.Connector, unicode.IsControl) {
		fail("rules: connector: want at most 128 characters in one line")
	}
	if o.OpenCTIURL != "" {
		if u, err := url.Parse(o.OpenCTIURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
			fail("rules: OpenCTI URL: want http:// or https:// and a host, without a password")
		}
	}
	for _, d := range [...]struct {
		name  string
		value time.Duration
	}{{"interval", o.Interval}, {"lookback", o.Lookback}, {"window", o.Window}, {"suppress for", o.SuppressFor}, {"match interval", o.Managed.Interval}} {
		if d.value < 0 || d.value%time.Second != 0 {
			fail("rules: %s %v: want whole seconds, not below zero", d.name, d.value)
		}
	}
	if o.MaxSignals < 0 || o.MaxSignals > 1000 {
		fail("rules: max signals %d: want 1 to 1000", o.MaxSignals)
	}
	if len(o.SuppressBy) > 3 || len(o.JoinBy) > 3 {
		fail("rules: suppression and joins take at most 3 fields")
	}
	if o.Enable.MinScore < 0 || o.Enable.MinScore > 100 || o.Managed.MinScore < 0 || o.Managed.MinScore > 100 {
		fail("rules: score: want 0 to 100")
	}
	for _, name := range slices.Concat(o.Indices, []string{o.Managed.Index}) {
		if strings.ContainsAny(name, ",\"`\\|/?<>#") || strings.ContainsFunc(name, unprintable) || strings.ToLower(name) != name {
			fail("rules: index %q: not a name of an index", name)
		}
	}
	switch o.Managed.MinConfidence {
	case "", "Low", "Medium", "High":
	default:
		fail("rules: confidence %q: want Low, Medium or High", o.Managed.MinConfidence)
	}
	for _, n := range o.Managed.Networks {
		if _, err := netip.ParsePrefix(n); err != nil {
			fail("rules: network %q: want a block such as 203.0.113.0/24", n)
		}
	}
	errs = append(errs, o.Filter.Validate())
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	def(&o.Policy, PerIndicator)
	def(&o.Interval, 5*time.Minute)
	def(&o.Lookback, 5*time.Minute)
	def(&o.Window, 24*time.Hour)
	def(&o.MaxSignals, 100)
	def(&o.SuppressFor, time.Hour)
	def(&o.Author, "OpenCTI")
	def(&o.Managed.Index, "logs-ti_custom_opencti.indicator")
	def(&o.Managed.Dataset, "ti_custom_opencti.indicator")
	def(&o.Managed.MinConfidence, "Medium")
	def(&o.Managed.Interval, 15*time.Minute)
	if len(o.Indices) == 0 {
		o.Indices = DefaultIndices()
	}
	if o.InvestigationFields == nil {
		o.InvestigationFields = []string{"host.name", "user.name", "process.name", "event.dataset"}
	}
	if len(o.JoinBy) == 0 {
		o.JoinBy = []string{"host.id"}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.OpenCTIURL = strings.TrimRight(o.OpenCTIURL, "/")
	o.Filter.References, o.Filter.Now = o.References, o.Now
	return o
}

func unprintable(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func def[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
