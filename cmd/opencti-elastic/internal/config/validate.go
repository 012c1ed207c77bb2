package config

import (
	"errors"
	"fmt"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"slices"
	"strconv"
	"strings"
	"time"
)

// faults gathers what is wrong with the settings, a line each that begins with the variable.
type faults []error

func (f *faults) add(name, format string, args ...any) {
	*f = append(*f, fmt.Errorf(name+": "+format, args...))
}

func (f *faults) want(ok bool, name, format string, args ...any) {
	if !ok {
		f.add(name, format, args...)
	}
}

// Validate reports all that is wrong or missing for the run command.
func (c *Config) Validate() error {
	var f faults
	c.OpenCTI.validate(&f)
	c.Connector.validate(&f)
	c.Elastic.validate(&f)
	f.want(c.Elastic.ExternalURL == "" || isHTTP(c.Elastic.ExternalURL), "ELASTIC_SECURITY_OPENCTI_EXTERNAL_URL", "want http://… or https://…")
	return errors.Join(f...)
}

// ValidateTarget reports all that is wrong or missing for a command that only writes to Elastic.
func (c *Config) ValidateTarget() error {
	var f faults
	c.Elastic.validate(&f)
	return errors.Join(f...)
}

// ValidateAdoption reports all that is wrong or missing for the command that takes rules over.
func (c *Config) ValidateAdoption() error {
	var f faults
	c.Connector.validateID(&f)
	c.Elastic.validate(&f)
	return errors.Join(f...)
}

// ValidateSource reports all that is wrong or missing for a command that only reads the stream.
func (c *Config) ValidateSource() error {
	var f faults
	c.OpenCTI.validate(&f)
	c.Connector.validateStream(&f)
	return errors.Join(f...)
}

func required(f *faults, name, value, what string) bool {
	switch {
	case value == "":
		f.add(name, "missing; set it to %s", what)
	case strings.EqualFold(value, "ChangeMe"):
		f.add(name, "still holds the placeholder ChangeMe; set it to %s", what)
	default:
		return true
	}
	return false
}

func (o *OpenCTI) validate(f *faults) {
	const what = "the platform's address, such as https://opencti.example.org"
	if required(f, "OPENCTI_URL", o.URL, what) {
		f.want(isHTTP(o.URL), "OPENCTI_URL", "want it with http:// or https:// in front, such as https://opencti.example.org")
	}
	if required(f, "OPENCTI_TOKEN", o.Token, "the token of the connector's account") {
		secret(f, "OPENCTI_TOKEN", o.Token, endpoint.CheckToken)
	}
	f.want((o.ClientCert == "") == (o.ClientKey == ""), "OPENCTI_CLIENT_CERT", "goes with OPENCTI_CLIENT_KEY; set both or none")
	if _, err := o.Headers(); err != nil {
		f.add("OPENCTI_CUSTOM_HEADERS", "%w", err)
	}
}

// Headers reads CustomHeaders. Its error does not hold a value.
func (o *OpenCTI) Headers() (map[string]string, error) {
	headers := make(map[string]string)
	for part := range strings.SplitSeq(o.CustomHeaders, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, ":")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " \t\r\n") {
			return nil, errors.New("want name:value;name:value")
		}
		headers[name] = strings.TrimSpace(value)
	}
	return headers, nil
}

func (c *Connector) validate(f *faults) {
	c.validateID(f)
	f.want(strings.EqualFold(c.Type, "STREAM"), "CONNECTOR_TYPE", "want STREAM, got %q", c.Type)
	f.want(!strings.EqualFold(c.Name, "ChangeMe"), "CONNECTOR_NAME", "still holds the placeholder ChangeMe; set it to a name")
	f.want(c.PingInterval >= time.Second, "CONNECTOR_PING_INTERVAL", "want at least 1s")
	c.validateStream(f)
}

// validateID judges the id, by which rules are told from those of other connectors.
func (c *Connector) validateID(f *faults) {
	const what = "a UUID of version 4 that no other connector has"
	if required(f, "CONNECTOR_ID", c.ID, what) {
		f.want(uuidV4.MatchString(c.ID), "CONNECTOR_ID", "want %s", what)
	}
}

// validateStream judges what reading the stream alone needs.
func (c *Connector) validateStream(f *faults) {
	required(f, "CONNECTOR_LIVE_STREAM_ID", c.StreamID, "the id of the live stream (Data, Data sharing, Live streams in OpenCTI)")
	f.want(c.StartTimestamp == "live" || digits.MatchString(c.StartTimestamp), "CONNECTOR_LIVE_STREAM_START_TIMESTAMP", "want milliseconds since 1970, or live, got %q", c.StartTimestamp)
	if _, _, err := c.Recover(); err != nil {
		f.add("CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE", "%w", err)
	}
	f.want(c.SilenceTimeout >= time.Second, "CONNECTOR_LIVE_STREAM_SILENCE", "want at least 1s")
	f.want(c.RecoveryWindow >= 1 && c.RecoveryWindow <= 1_000_000, "CONNECTOR_LIVE_STREAM_RECOVERY_WINDOW", "want 1 to 1000000")
	f.want(c.MaxEventMiB >= 1 && c.MaxEventMiB <= 1024, "CONNECTOR_LIVE_STREAM_MAX_EVENT_MIB", "want 1 to 1024")
}

// Recover returns until when history is recovered at the first start: never, or
// until a moment; the zero time is the moment of the start.
func (c *Connector) Recover() (until time.Time, never bool, err error) {
	switch s := strings.ToLower(c.RecoverISODate); s {
	case "":
		return time.Time{}, false, nil
	case "no", "none", "false":
		return time.Time{}, true, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, c.RecoverISODate); err == nil {
			return t.UTC(), false, nil
		}
	}
	return time.Time{}, false, fmt.Errorf("want an ISO 8601 date such as 2026-11-23T00:00:00Z, or no, got %q", c.RecoverISODate)
}

// TLP is MaxTLP as ECS spells it: without "TLP:", in upper case.
func (e *Elastic) TLP() string {
	return strings.TrimPrefix(strings.ToUpper(e.MaxTLP), "TLP:")
}

// Custom is CustomFields by name, without x_opencti_cf_ before it.
func (e *Elastic) Custom() (map[string][]string, error) {
	out := make(map[string][]string)
	for _, field := range e.CustomFields {
		name, value, ok := strings.Cut(field, "=")
		name = strings.TrimPrefix(strings.TrimSpace(name), "x_opencti_cf_")
		if value = strings.TrimSpace(value); !ok || name == "" || value == "" {
			return nil, fmt.Errorf("want name=value, got %q", field)
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}

// Addresses is the Elasticsearch addresses.
func (e *Elastic) Addresses() []string {
	var out []string
	for a := range strings.SplitSeq(e.URL, ",") {
		if a = strings.TrimSpace(a); a != "" {
			out = append(out, a)
		}
	}
	return out
}

func (e *Elastic) validate(f *faults) {
	const what = "the address of Elasticsearch, such as https://elastic.example.org:9200"
	if required(f, "ELASTIC_SECURITY_URL", e.URL, what) {
		f.want(len(e.Addresses()) > 0 && !slices.ContainsFunc(e.Addresses(), func(a string) bool { return !isHTTP(a) }), "ELASTIC_SECURITY_URL", "want it with http:// or https:// in front, such as https://elastic.example.org:9200")
	}
	f.want(e.KibanaURL == "" || isHTTP(e.KibanaURL), "ELASTIC_SECURITY_KIBANA_URL", "want http://… or https://…")
	f.want(!strings.EqualFold(e.APIKey, "ChangeMe"), "ELASTIC_SECURITY_API_KEY", "still holds the placeholder ChangeMe; set it to an encoded API key")
	secret(f, "ELASTIC_SECURITY_API_KEY", e.APIKey, endpoint.CheckToken)
	secret(f, "ELASTIC_SECURITY_PASSWORD", e.Password, endpoint.CheckPassword)
	f.want(!strings.Contains(e.APIKey, ":"), "ELASTIC_SECURITY_API_KEY", "want the encoded form of the key (base64 of id:key), as Kibana shows it")
	f.want(e.Rules != "lookup" || e.LookupIndex, "ELASTIC_SECURITY_RULES", "lookup needs the index in lookup mode; set ELASTIC_SECURITY_LOOKUP=true")
	f.want((e.ClientCert == "") == (e.ClientKey == ""), "ELASTIC_SECURITY_CLIENT_CERT", "goes with ELASTIC_SECURITY_CLIENT_KEY; set both or none")
	f.want(e.APIKey == "" || e.Username == "", "ELASTIC_SECURITY_API_KEY", "goes without ELASTIC_SECURITY_USERNAME; set one of them")
	f.want((e.Username == "") == (e.Password == ""), "ELASTIC_SECURITY_USERNAME", "goes with ELASTIC_SECURITY_PASSWORD; set both or none")
	f.want(validIndex(e.IndexName), "ELASTIC_SECURITY_INDEX_NAME", "want a name of an Elasticsearch index: lower case, none of \\ / * ? \" < > | , # : or space, not starting with - _ +, at most 255 bytes")
	inRange(f, "ELASTIC_SECURITY_BATCH_SIZE", e.BatchSize, 1, 10000)
	inRange(f, "ELASTIC_SECURITY_INDICATOR_EXPIRE_TIME", e.ExpireDays, 0, 36500)
	inRange(f, "ELASTIC_SECURITY_REFRESH_DAYS", e.RefreshDays, 0, 29)
	inRange(f, "ELASTIC_SECURITY_MIN_SCORE", e.MinScore, 0, 100)
	inRange(f, "ELASTIC_SECURITY_MIN_CONFIDENCE", e.MinConfidence, 0, 100)
	inRange(f, "ELASTIC_SECURITY_RULES_MIN_SCORE", e.RulesMinScore, 0, 100)
	oneOf(f, "ELASTIC_SECURITY_ON_REVOKE", e.OnRevoke, "delete", "mark")
	oneOf(f, "ELASTIC_SECURITY_OBSERVABLES", e.Observables, "join", "reference", "none")
	oneOf(f, "ELASTIC_SECURITY_RULES", e.Rules, "indicator", "match", "lookup", "off")
	if e.MaxTLP != "" {
		oneOf(f, "ELASTIC_SECURITY_MAX_TLP", e.TLP(), "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
	}
	if _, err := e.Custom(); err != nil {
		f.add("ELASTIC_SECURITY_CUSTOM_FIELDS", "%w", err)
	}
	f.want(e.SweepInterval >= 0, "ELASTIC_SECURITY_SWEEP_INTERVAL", "want 0 or more")
	f.want(e.RulesPreviewLimit >= 0, "ELASTIC_SECURITY_RULES_PREVIEW_LIMIT", "want 0 or more")
	f.want(e.MaxAge >= 0, "ELASTIC_SECURITY_MAX_AGE", "want 0 or more")
	f.want(e.RuleInterval >= time.Minute && e.RuleInterval%time.Minute == 0, "ELASTIC_SECURITY_RULE_INTERVAL", "want whole minutes, at least 1m")
}

// secret refuses a secret that cannot be right, without showing it.
func secret(f *faults, name, value string, check func(string) error) {
	if err := check(value); err != nil {
		f.add(name, "%w", err)
	}
}

func inRange(f *faults, name string, n, low, high int) {
	f.want(n >= low && n <= high, name, "want %d to %d, got %d", low, high, n)
}

func oneOf(f *faults, name, value string, words ...string) {
	f.want(slices.Contains(words, value), name, "want one of %s, got %q", strings.Join(words, ", "), value)
}

// validIndex applies Elasticsearch's rules for index names.
func validIndex(s string) bool {
	return s != "" && len(s) <= 255 && s != "." && s != ".." && s == strings.ToLower(s) &&
		!strings.ContainsAny(s, `\/*?"<>|,# :`) && !strings.ContainsAny(s[:1], "-_+")
}

// Start is from when on history is read at the first start; zero is the beginning (or, with "live", now).
func (c *Connector) Start() (time.Time, error) {
	if c.StartTimestamp == "live" {
		return time.Time{}, nil
	}
	digits, _, _ := strings.Cut(c.StartTimestamp, "-")
	ms, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("want milliseconds since 1970, or live, got %q", c.StartTimestamp)
	}
	if ms == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(ms).UTC(), nil
}
