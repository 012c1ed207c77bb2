package rules

// A Rule is a detection rule of one of Kibana's types: *QueryRule, *EQLRule,
// *ESQLRule, *ThresholdRule or *ThreatMatchRule, always listed in that order.
// [Marshal] gives its JSON.
type Rule interface {
	// Type is the name that Kibana gives to this kind of rule.
	Type() string
	// Base is what rules of all types have. It can be changed before the rule is marshalled.
	Base() *Common
	rule()
}

// Common is what rules of all types have. Fields that are empty are left out
// of the JSON, but for enabled: Kibana's own default for that is false.
type Common struct {
	// RuleID is the stable key; see [RuleID].
	RuleID string `json:"rule_id"`
	// Kind is the rule's type for Kibana; [Rule.Type] and the constructors set it.
	Kind        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// RiskScore is 0 to 100, Severity the band it falls in.
	RiskScore int      `json:"risk_score"`
	Severity  Severity `json:"severity"`
	Enabled   bool     `json:"enabled"`
	// Interval is how often the rule runs; From is how far each run looks back, in date math.
	Interval string `json:"interval,omitempty"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	// MaxSignals is how many alerts a run may raise.
	MaxSignals     int      `json:"max_signals,omitzero"`
	Tags           []string `json:"tags,omitempty"`
	Author         []string `json:"author,omitempty"`
	License        string   `json:"license,omitempty"`
	References     []string `json:"references,omitempty"`
	FalsePositives []string `json:"false_positives,omitempty"`
	// Note is the investigation guide, in Markdown; see [NoteMarker].
	Note                string               `json:"note,omitempty"`
	Threat              []Threat             `json:"threat,omitempty"`
	TimestampOverride   string               `json:"timestamp_override,omitempty"`
	InvestigationFields *InvestigationFields `json:"investigation_fields,omitempty"`
	// BuildingBlockType is "default" for a rule whose alerts are hidden unless asked for.
	BuildingBlockType string `json:"building_block_type,omitempty"`
	Meta              Meta   `json:"meta"`
}

// Type implements [Rule].
func (c *Common) Type() string { return c.Kind }

// Base implements [Rule].
func (c *Common) Base() *Common { return c }

// Severity is one of Kibana's four bands.
type Severity string

// The bands, with the risk scores that Kibana gives them.
const (
	Low      Severity = "low"      // 0 to 21
	Medium   Severity = "medium"   // 22 to 47
	High     Severity = "high"     // 48 to 73
	Critical Severity = "critical" // 74 to 100
)

// SeverityOf is the band that Kibana gives a risk score.
func SeverityOf(riskScore int) Severity {
	switch {
	case riskScore >= 74:
		return Critical
	case riskScore >= 48:
		return High
	case riskScore >= 22:
		return Medium
	}
	return Low
}

// Threat is an entry of a framework, MITRE ATT&CK. A technique can't stand without a tactic.
type Threat struct {
	Framework  string       `json:"framework"`
	Tactic     ThreatEntry  `json:"tactic"`
	Techniques []ThreatItem `json:"technique,omitempty"`
}

// ThreatEntry is a tactic, technique or sub-technique. Kibana requires all three fields.
type ThreatEntry struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Reference string `json:"reference"`
}

// ThreatItem is a technique and what is below it.
type ThreatItem struct {
	ThreatEntry
	Subtechniques []ThreatEntry `json:"subtechnique,omitempty"`
}

// InvestigationFields are shown first in an alert.
type InvestigationFields struct {
	FieldNames []string `json:"field_names"`
}

// Suppression folds alerts of the same values into one. Kibana asks for a Platinum licence.
type Suppression struct {
	// GroupBy is 1 to 3 fields; a threshold rule has none.
	GroupBy  []string  `json:"group_by,omitempty"`
	Duration *Duration `json:"duration,omitempty"`
	// MissingFields is what becomes of events without these fields; empty for a threshold rule.
	MissingFields string `json:"missing_fields_strategy,omitempty"`
}

// Duration is a time as suppression takes it.
type Duration struct {
	Value int    `json:"value"`
	Unit  string `json:"unit"`
}

// QueryRule finds single events by KQL or Lucene.
type QueryRule struct {
	Common
	// Language is "kuery" or "lucene".
	Language    string       `json:"language"`
	Query       string       `json:"query"`
	Index       []string     `json:"index,omitempty"`
	DataViewID  string       `json:"data_view_id,omitempty"`
	Suppression *Suppression `json:"alert_suppression,omitempty"`
}

// EQLRule finds events and sequences by EQL.
type EQLRule struct {
	Common
	Language    string       `json:"language"`
	Query       string       `json:"query"`
	Index       []string     `json:"index,omitempty"`
	DataViewID  string       `json:"data_view_id,omitempty"`
	Suppression *Suppression `json:"alert_suppression,omitempty"`
}

// ESQLRule finds events by ES|QL. Its indices stand in the query: Kibana drops
// index, data_view_id and filters in silence.
type ESQLRule struct {
	Common
	Language    string       `json:"language"`
	Query       string       `json:"query"`
	Suppression *Suppression `json:"alert_suppression,omitempty"`
}

// ThresholdRule finds a number of events.
type ThresholdRule struct {
	Common
	Language    string       `json:"language"`
	Query       string       `json:"query"`
	Index       []string     `json:"index,omitempty"`
	DataViewID  string       `json:"data_view_id,omitempty"`
	Threshold   Threshold    `json:"threshold"`
	Suppression *Suppression `json:"alert_suppression,omitempty"`
}

// Threshold is how many events with the same values of the fields (none: any events) make an alert.
type Threshold struct {
	Field []string `json:"field"`
	Value int      `json:"value"`
}

// ThreatMatchRule joins events with the indicators of an index.
type ThreatMatchRule struct {
	Common
	Language            string          `json:"language"`
	Query               string          `json:"query"`
	Index               []string        `json:"index,omitempty"`
	DataViewID          string          `json:"data_view_id,omitempty"`
	ThreatIndex         []string        `json:"threat_index"`
	ThreatQuery         string          `json:"threat_query"`
	ThreatLanguage      string          `json:"threat_language"`
	ThreatMapping       []ThreatMapping `json:"threat_mapping"`
	ThreatIndicatorPath string          `json:"threat_indicator_path"`
	Suppression         *Suppression    `json:"alert_suppression,omitempty"`
}

// ThreatMapping is entries that must all hold; several mappings are alternatives.
type ThreatMapping struct {
	Entries []ThreatMappingEntry `json:"entries"`
}

// ThreatMappingEntry says that a field of the event equals one of the indicator.
type ThreatMappingEntry struct {
	Field string `json:"field"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

func (*QueryRule) rule()       {}
func (*EQLRule) rule()         {}
func (*ESQLRule) rule()        {}
func (*ThresholdRule) rule()   {}
func (*ThreatMatchRule) rule() {}
