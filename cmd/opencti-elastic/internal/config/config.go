package config

import (
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"log/slog"
	"regexp"
	"time"
)

// Config is every setting. A field's tags are its environment variable (below
// the section's prefix), its default, its text in the table of settings, whether it is secret, and the sinks for which it says what they make of the stream.
type Config struct {
	OpenCTI   OpenCTI   `envPrefix:"OPENCTI_"`
	Connector Connector `envPrefix:"CONNECTOR_"`
	Elastic   Elastic   `envPrefix:"ELASTIC_SECURITY_"`

	// Warnings are settings that were understood but deserve a word.
	Warnings []string `env:"-"`
}

// OpenCTI is how the platform is reached.
type OpenCTI struct {
	URL           string `env:"URL" desc:"The platform's address; it may have a path. Required."`
	Token         string `env:"TOKEN" secret:"true" desc:"Token of the connector's account, which needs the rights to connect, to read knowledge and to read the stream. Required."`
	VerifySSL     bool   `env:"SSL_VERIFY" envDefault:"false" desc:"Verify the platform's certificate. Off by default, as OpenCTI's connectors have it; switch it on."`
	CACert        string `env:"CA_CERT" desc:"File of the certificate authority that signed the platform's certificate."`
	Fingerprint   string `env:"CA_FINGERPRINT" desc:"SHA-256 fingerprint (hex) of the platform's certificate or its authority."`
	ClientCert    string `env:"CLIENT_CERT" desc:"File of the client certificate for the platform."`
	ClientKey     string `env:"CLIENT_KEY" desc:"File of its key."`
	CustomHeaders string `env:"CUSTOM_HEADERS" secret:"true" desc:"Further headers of GraphQL requests: name:value;name:value."`
	JSONLogging   bool   `env:"JSON_LOGGING" envDefault:"true" desc:"Log as JSON; false for text."`
}

// Connector is who we are on the platform and which stream we read.
type Connector struct {
	ID             string        `env:"ID" desc:"UUID (version 4) of this connector. Required."`
	Type           string        `env:"TYPE" envDefault:"STREAM" desc:"STREAM, nothing else."`
	Name           string        `env:"NAME" envDefault:"Elastic Security" desc:"Name in the platform's list of connectors."`
	Scope          []string      `env:"SCOPE" envDefault:"not-applicable" desc:"Scope in that list, separated by commas."`
	LogLevel       Level         `env:"LOG_LEVEL" envDefault:"info" desc:"debug, info, warn or error."`
	StreamID       string        `env:"LIVE_STREAM_ID" makes:"index,rules" desc:"Id of the live stream, or live. Required."`
	ListenDelete   bool          `env:"LIVE_STREAM_LISTEN_DELETE" envDefault:"true" desc:"Delete what is deleted in the platform or leaves the stream."`
	NoDependencies bool          `env:"LIVE_STREAM_NO_DEPENDENCIES" makes:"index,rules" envDefault:"true" desc:"Do not ask for relationships and what hangs on them."`
	WithInferences bool          `env:"LIVE_STREAM_WITH_INFERENCES" makes:"index,rules" envDefault:"false" desc:"Ask for inferred objects too."`
	RecoverISODate string        `env:"LIVE_STREAM_RECOVER_ISO_DATE" desc:"Until when history is read from the platform's database at the first start: an ISO 8601 date, or no. Default: the moment of the first start."`
	StartTimestamp string        `env:"LIVE_STREAM_START_TIMESTAMP" envDefault:"0" desc:"From when on, in milliseconds since 1970, at the first start; 0 is the beginning, live is now."`
	SilenceTimeout time.Duration `env:"LIVE_STREAM_SILENCE" envDefault:"60s" desc:"Connect again when not a byte came for so long."`
	RecoveryWindow int           `env:"LIVE_STREAM_RECOVERY_WINDOW" envDefault:"1000" desc:"How many objects an interrupted recovery goes back by; at least the platform's elasticsearch:default_pagination_result (500)."`
	MaxEventMiB    int           `env:"LIVE_STREAM_MAX_EVENT_MIB" envDefault:"64" desc:"Largest event in MiB; a larger one goes to the dead letters."`
	PingInterval   time.Duration `env:"PING_INTERVAL" envDefault:"40s" desc:"How often the platform is told that the connector lives, and how far it is."`
}

// Elastic is where to, and how.
type Elastic struct {
	URL         string `env:"URL" desc:"Elasticsearch, several addresses separated by commas. Required."`
	KibanaURL   string `env:"KIBANA_URL" desc:"Kibana; it may have a base path. Default: made from the Elasticsearch address (.es. becomes .kb., port 9200 becomes 5601)."`
	KibanaSpace string `env:"KIBANA_SPACE" makes:"rules" desc:"Kibana space of the rules. Default: the default space."`
	ExternalURL string `env:"OPENCTI_EXTERNAL_URL" desc:"The platform's address for people, in links. Default: OPENCTI_URL."`
	APIKey      string `env:"API_KEY" secret:"true" desc:"API key (the encoded form) for Elasticsearch and Kibana. It should not expire: Kibana runs each rule with the key that wrote it."`
	Username    string `env:"USERNAME" desc:"User name, instead of an API key."`
	Password    string `env:"PASSWORD" secret:"true" desc:"Its password."`
	VerifySSL   bool   `env:"VERIFY_SSL" envDefault:"true" desc:"Verify the certificates of Elasticsearch and Kibana."`
	CACert      string `env:"CA_CERT" desc:"File of the certificate authority that signed them."`
	Fingerprint string `env:"CA_FINGERPRINT" desc:"SHA-256 fingerprint (hex) of the certificate or its authority."`
	ClientCert  string `env:"CLIENT_CERT" desc:"File of the client certificate."`
	ClientKey   string `env:"CLIENT_KEY" desc:"File of its key."`

	IndexName   string `env:"INDEX_NAME" makes:"index,rules" envDefault:"logs-ti_custom_opencti.indicator" desc:"Index of the documents. Elastic's own pages and rules read logs-ti_*."`
	LookupIndex bool   `env:"LOOKUP" envDefault:"false" desc:"Make the index in lookup mode, for ES|QL LOOKUP JOIN."`
	Pipeline    string `env:"PIPELINE" makes:"index" desc:"Ingest pipeline for the documents."`
	Module      string `env:"MODULE" makes:"index,rules" envDefault:"ti_custom_opencti" desc:"event.module; Elastic's prebuilt rules want ti_*."`
	BatchSize   int    `env:"BATCH_SIZE" envDefault:"1000" desc:"Most documents in one bulk request, 1 to 10000."`
	Compress    bool   `env:"COMPRESS" envDefault:"false" desc:"Compress requests. Saves network, costs processor time."`

	ExpireDays    int           `env:"INDICATOR_EXPIRE_TIME" makes:"index" envDefault:"90" desc:"Days after which an object without an end of validity is removed; 0 is never."`
	OnRevoke      string        `env:"ON_REVOKE" makes:"index,rules" envDefault:"delete" desc:"What becomes of a revoked or expired object: delete, or mark (it stays, flagged, out of the rules' reach)."`
	RefreshDays   int           `env:"REFRESH_DAYS" envDefault:"25" desc:"Age in days at which a valid document's @timestamp is renewed, so that rules that look back 30 days still see it; 0 is never."`
	SweepInterval time.Duration `env:"SWEEP_INTERVAL" envDefault:"5m" desc:"How often expired documents are looked for; 0 is never."`
	Observables   string        `env:"OBSERVABLES" makes:"index" envDefault:"join" desc:"What becomes of observables: join (indicator-match rules find them), reference (documents that no rule joins) or none."`
	HashSecrets   bool          `env:"CREDENTIAL_HASH" makes:"index" envDefault:"false" desc:"Keep the SHA-256 of Credential observables. Their value is never kept."`
	KeepPasswords bool          `env:"KEEP_PASSWORDS" makes:"index,rules" envDefault:"false" desc:"Show passwords in URLs and numbers of payment cards. By default they are masked but in the fields that rules join on; other secrets always are."`
	FileIdentity  bool          `env:"FILE_IDENTITY" makes:"index,rules" envDefault:"true" desc:"Take a hash of a file for the file: of several hashes any is enough, and a name or size beside one is not asked. Off, all that a pattern says of a file is asked."`
	KeepOriginal  bool          `env:"EVENT_ORIGINAL" makes:"index" envDefault:"false" desc:"Keep the whole STIX object in event.original."`

	MinScore      int           `env:"MIN_SCORE" makes:"index,rules" envDefault:"0" desc:"Leave out objects with a lower score."`
	MinConfidence int           `env:"MIN_CONFIDENCE" makes:"index,rules" envDefault:"0" desc:"Leave out indicators with a lower confidence."`
	Labels        []string      `env:"LABELS" makes:"index,rules" desc:"Take only objects with one of these labels."`
	ExcludeLabels []string      `env:"EXCLUDE_LABELS" makes:"index,rules" desc:"Leave out objects with one of these labels."`
	MaxTLP        string        `env:"MAX_TLP" makes:"index,rules" desc:"Leave out objects marked above: CLEAR, GREEN, AMBER, AMBER+STRICT or RED."`
	Authors       []string      `env:"AUTHORS" makes:"index,rules" desc:"Take only objects of these authors (names or ids)."`
	CustomFields  []string      `env:"CUSTOM_FIELDS" makes:"index,rules" desc:"Take only objects with one of these values in a custom field of the platform: name=value, separated by commas. Values of one name are alternatives; of different names each must be met."`
	Types         []string      `env:"TYPES" makes:"index,rules" desc:"Take only these types, as OpenCTI spells them (Indicator, IPv4-Addr, …)."`
	DetectionOnly bool          `env:"DETECTION_ONLY" makes:"index,rules" envDefault:"false" desc:"Leave out indicators whose detection flag is off."`
	MaxAge        time.Duration `env:"MAX_AGE" makes:"index,rules" envDefault:"0" desc:"Leave out objects that last changed longer ago, such as 8760h; 0 takes all."`

	Rules               string        `env:"RULES" makes:"index,rules" envDefault:"indicator" desc:"Detection rules: indicator (one for each indicator with a pattern), match (a few indicator-match rules for what they can cover), lookup (the same by ES|QL LOOKUP JOIN) or off."`
	RulesEnabled        bool          `env:"RULES_ENABLED" envDefault:"true" desc:"Create rules switched on."`
	RulesDetection      bool          `env:"RULES_DETECTION" makes:"rules" envDefault:"false" desc:"Switch on only rules of indicators whose detection flag is set."`
	RulesMinScore       int           `env:"RULES_MIN_SCORE" makes:"rules" envDefault:"0" desc:"Switch on only rules of indicators with this score or a higher one."`
	MatchExceptNetworks []string      `env:"MATCH_EXCEPT_NETWORKS" makes:"rules" desc:"Address blocks that the match rules leave out besides private, reserved and well-known ones, separated by commas."`
	MatchExceptDomains  []string      `env:"MATCH_EXCEPT_DOMAINS" makes:"rules" desc:"Domains that they leave out, with all below them, besides well-known sites."`
	RulesPreviewLimit   int64         `env:"RULES_PREVIEW_LIMIT" envDefault:"0" desc:"Count in Elasticsearch what a new rule would have matched in the last 7 days, and leave it switched off above this number; 0 does not count."`
	RuleInterval        time.Duration `env:"RULE_INTERVAL" makes:"rules" envDefault:"5m" desc:"How often each rule runs, at least 1m."`

	References  string `env:"REFERENCES" desc:"File in which the names of authors and markings are remembered across restarts. Without one they are learnt anew: the stream sends them with each connection."`
	DeadLetters string `env:"DEAD_LETTERS" envDefault:"dead-letters.ndjson" desc:"File of the changes that can never succeed, with reasons; - for the log only."`
}

// DefaultDeadLetters is the default of [Elastic.DeadLetters].
const DefaultDeadLetters = "dead-letters.ndjson"

// BaseURL is the platform's address for people.
func (c *Config) BaseURL() string {
	if c.Elastic.ExternalURL != "" {
		return c.Elastic.ExternalURL
	}
	return c.OpenCTI.URL
}

var (
	uuidV4 = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$`)
	digits = regexp.MustCompile(`^[0-9]{1,15}(-[0-9]{1,15})?$`)
)

// isHTTP reports whether a text is an address of a web server.
func isHTTP(s string) bool {
	_, err := endpoint.ParseURL(s)
	return err == nil
}

// Level is a log level. (Not slog's own type, whose text form refuses Python's "warning".)
type Level slog.Level
