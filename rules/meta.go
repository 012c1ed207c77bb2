package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// ManagedBy is who manages our rules, in their meta.
	ManagedBy = "opencti-elastic"
	// ManagedTag is on each of our rules. A person who takes it off in the rule form, which empties
	// meta too, takes the rule over: without either mark a rule isn't touched.
	ManagedTag = "managed-by: opencti-elastic"
)

// Meta is the meta object of a rule. Kibana keeps it as it was sent, and
// overwrites it when someone saves the rule in the rule form.
type Meta struct {
	ManagedBy string `json:"managed_by"`
	// Connector is the id of the connector that the rule belongs to; empty if it belongs to none.
	Connector string `json:"connector,omitempty"`
	// OpenCTIID is the internal id of the indicator, or else its STIX id; empty for a managed match rule.
	OpenCTIID string `json:"opencti_id,omitempty"`
	// Origin tells what made the rule: "indicator", "match", "lookup".
	Origin Origin `json:"origin,omitempty"`
	// Atomic tells that the pattern is only sufficient values, which match rules would cover.
	Atomic bool `json:"atomic,omitzero"`
	// NoLookup tells that of an atomic pattern only match rules would say all, and those by LOOKUP JOIN not.
	NoLookup bool `json:"no_lookup,omitzero"`
	// PatternType is the indicator's.
	PatternType string `json:"pattern_type,omitempty"`
	// ExpiresAt is when the indicator stops being valid, or the time is over that its pattern
	// asks for; zero if that is not known.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Fingerprint stands for everything else that we wrote. [Marshal] sets it.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Written is the values of the fields that a person may change as we wrote
	// them last, so that a person's are told from ours. [Marshal] sets it.
	Written map[string]jsontext.Value `json:"written,omitempty"`
}

// Origin tells what made a rule.
type Origin string

// The origins.
const (
	FromIndicator Origin = "indicator"
	FromMatch     Origin = "match"
	FromLookup    Origin = "lookup"
)

// TunedFields are the managed fields that a person may tune: on an update they
// are overwritten only if they still are as we wrote them.
func TunedFields() []string {
	return []string{
		"enabled", "interval", "from", "to", "max_signals", "index", "data_view_id", "alert_suppression",
		"building_block_type", "investigation_fields", "timestamp_override",
	}
}

// ContentFields are the managed fields that say what OpenCTI says. An update
// overwrites them, whoever changed them; tags and note are merged.
func ContentFields() []string {
	return []string{
		"type", "name", "description", "risk_score", "severity", "author", "license", "references", "false_positives",
		"threat", "meta", "language", "query", "threshold", "threat_index", "threat_query", "threat_language", "threat_mapping", "threat_indicator_path",
	}
}

// Marshal gives the JSON of a rule, as a line of Kibana's import takes it: with
// its fingerprint, and what we wrote of the fields that a person may change.
func Marshal(r Rule) (jsontext.Value, error) {
	fields, err := Fields(r)
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields, json.Deterministic(true))
}

// Fields is [Marshal], field by field.
func Fields(r Rule) (map[string]jsontext.Value, error) {
	meta := r.Base().Meta
	meta.Fingerprint, meta.Written = "", nil
	defer func(was Meta) { r.Base().Meta = was }(r.Base().Meta)
	r.Base().Meta = meta
	b, err := json.Marshal(r, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.Base().RuleID, err)
	}
	var fields map[string]jsontext.Value
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.Base().RuleID, err)
	}
	sum := sha256.Sum256(b)
	meta.Fingerprint = hex.EncodeToString(sum[:12])
	meta.Written = make(map[string]jsontext.Value)
	for _, name := range append(TunedFields(), "tags") {
		if v, ok := fields[name]; ok {
			meta.Written[name] = v
		}
	}
	if fields["meta"], err = json.Marshal(meta, json.Deterministic(true)); err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.Base().RuleID, err)
	}
	return maps.Clone(fields), nil
}

// ReadMeta reads the meta object of a rule; false if it isn't ours.
func ReadMeta(v jsontext.Value) (Meta, bool) {
	var m Meta
	if err := json.Unmarshal(v, &m); err != nil || m.ManagedBy != ManagedBy {
		return Meta{}, false
	}
	return m, true
}

// MetaFields are the names in a rule's meta that are ours.
func MetaFields() []string {
	return []string{"managed_by", "connector", "opencti_id", "origin", "atomic", "no_lookup", "pattern_type", "expires_at", "fingerprint", "written"}
}
