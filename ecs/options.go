package ecs

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Version is the version of ECS that documents are written by: ecs.version.
const Version = "9.4.0"

// The defaults of [Options].
const (
	// DefaultModule is event.module: Elastic's prebuilt rules read what begins with "ti_".
	DefaultModule = "ti_custom_opencti"
	// DefaultFeedName is threat.feed.name.
	DefaultFeedName = "OpenCTI"
	// DefaultRefreshAfter is below the 30 days that indicator-match rules look back.
	DefaultRefreshAfter = 25 * 24 * time.Hour
)

// ObservablePolicy is what becomes of observables. An observable was seen, which does not make it malicious.
type ObservablePolicy string

// The policies.
const (
	// JoinObservables returns observables the fields that indicator-match rules join on. It is the default.
	JoinObservables ObservablePolicy = "join"
	// ReferenceObservables writes them without those fields: they are found, but raise no alert.
	ReferenceObservables ObservablePolicy = "reference"
	// NoObservables leaves them out.
	NoObservables ObservablePolicy = "none"
)

// RevokePolicy is what becomes of objects that are revoked or have expired.
type RevokePolicy string

// The policies.
const (
	// DeleteRevoked removes them. The mapper only reports them, by [Document.Revoked] and
	// [Document.Expired]; it is for the writer to act. It is the default.
	DeleteRevoked RevokePolicy = "delete"
	// MarkRevoked keeps their documents, flagged, without the fields that rules join on.
	MarkRevoked RevokePolicy = "mark"
)

// Options are the options of [NewMapper]. The zero value is a working default.
type Options struct {
	// Module is event.module, [DefaultModule] by default: lower-case letters, digits, "_" and ".".
	// event.dataset is the same with ".indicator" behind it.
	Module string
	// OpenCTIURL is the address of the platform for people's browsers, for threat.indicator.reference
	// and threat.feed.reference. Without it there are none.
	OpenCTIURL string
	// FeedName is threat.feed.name, [DefaultFeedName] by default.
	FeedName string
	// FeedDescription is threat.feed.description, none by default.
	FeedDescription string
	// ExpireAfter is how long an object without valid_until stays after it was handled;
	// 0, the default, is for ever.
	ExpireAfter time.Duration
	// RefreshAfter is how old the last change may be to serve as @timestamp; of what is older the
	// present is taken, so that rules which look back 30 days see it. [DefaultRefreshAfter] by default.
	RefreshAfter time.Duration
	// DisableRefresh takes the last change as @timestamp, however old it is.
	DisableRefresh bool
	// KeepOriginal stores the object as it came, but for secrets and payloads, in event.original.
	KeepOriginal bool
	// Observables is what becomes of observables, [JoinObservables] by default.
	Observables ObservablePolicy
	// ObservableScore is the score, 0 to 100, from which on [JoinObservables] joins; below it (or
	// without a score, if this is above 0) an observable is only referred to.
	ObservableScore int
	// KeepPasswords writes the passwords of URLs and the numbers of payment cards as they are. By default they are masked but
	// in threat.indicator.url.full and .original, which rules join on. Other secrets are masked when
	// the object is decoded; see [stix.Mask].
	KeepPasswords bool
	// CredentialHash stores the SHA-256 of a credential's value; the value itself never is.
	CredentialHash bool
	// Reading is how patterns are read. It must be the same as the rules'.
	Reading Reading
	// OnRevoke is what becomes of objects that are revoked or have expired, [DeleteRevoked] by default.
	OnRevoke RevokePolicy
	// Filter selects the objects that are mapped; all by default.
	Filter Filter
	// References looks up the names of authors and markings. By default only the fixed markings of TLP are known.
	References References
	// RuleReason returns why no detection rule could be made of an indicator, or "" if one could.
	// By default documents do not hold a reason.
	RuleReason func(*stix.Object) string
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Validate reports everything that is wrong with the options.
func (o Options) Validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if strings.Trim(o.Module, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
		fail("module %q: use only lower-case letters, digits, _ and .", o.Module)
	}
	if o.OpenCTIURL != "" {
		u, err := url.Parse(o.OpenCTIURL)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			fail("OpenCTI URL: want http:// or https:// and a host")
		case u.User != nil:
			fail("OpenCTI URL: remove the user name and password, it is shown to everyone who reads an indicator")
		case u.RawQuery != "" || u.Fragment != "":
			fail("OpenCTI URL: remove the query and fragment")
		}
	}
	if o.ExpireAfter < 0 || o.RefreshAfter < 0 {
		fail("durations must not be negative: expire after %v, refresh after %v", o.ExpireAfter, o.RefreshAfter)
	}
	switch o.Observables {
	case "", JoinObservables, ReferenceObservables, NoObservables:
	default:
		fail("observables %q: want join, reference or none", o.Observables)
	}
	if o.ObservableScore < 0 || o.ObservableScore > 100 {
		fail("observable score %d: want 0 to 100", o.ObservableScore)
	}
	switch o.OnRevoke {
	case "", DeleteRevoked, MarkRevoked:
	default:
		fail("on revoke %q: want delete or mark", o.OnRevoke)
	}
	if err := o.Filter.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// withDefaults fills in what was left open.
func (o Options) withDefaults() Options {
	def := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	def(&o.Module, DefaultModule)
	def(&o.FeedName, DefaultFeedName)
	def((*string)(&o.Observables), string(JoinObservables))
	def((*string)(&o.OnRevoke), string(DeleteRevoked))
	o.OpenCTIURL = strings.TrimRight(o.OpenCTIURL, "/")
	if o.RefreshAfter == 0 {
		o.RefreshAfter = DefaultRefreshAfter
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Filter.References, o.Filter.Now = o.References, o.Now
	return o
}
