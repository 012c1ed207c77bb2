package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

const ruleIDPrefix = "opencti-elastic-"

// RuleID returns the rule_id of a connector's rule of an indicator, by the indicator's key: OpenCTI's
// internal id, or else the STIX id. It is the same for ever, and another one for each connector, so
// that several can work in one Kibana space. Kibana pastes rule ids into its own queries, so a key with
// other characters than letters, digits, ".", "_", ":" and "-", or of more than 128, is
// replaced by a UUID derived from it.
func RuleID(connector, key string) string {
	if key == "" || len(key) > 128 || strings.Trim(key, safeInRuleID) != "" {
		key = uuid.NewSHA1(uuid.NameSpaceOID, []byte("opencti-elastic\x00"+key)).String()
	}
	return connectorPrefix(connector) + key
}

// safeInRuleID is what a rule_id may hold.
const safeInRuleID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"

// managedRuleID is the rule_id of a managed rule that belongs to no indicator.
func managedRuleID(connector string, origin Origin, name string) string {
	return connectorPrefix(connector) + string(origin) + "." + name
}

// connectorPrefix is what all rule_ids of a connector begin with: a few digits that stand
// for its id, so that rules are still found by many to a request.
func connectorPrefix(connector string) string {
	if connector == "" {
		return ruleIDPrefix
	}
	sum := sha256.Sum256([]byte(connector))
	return ruleIDPrefix + hex.EncodeToString(sum[:4]) + "-"
}

// connectorTag is what the tag that names a rule's connector begins with.
const connectorTag = "opencti-connector: "

// OwnerTag returns the tag by which the rules of a connector are found: [ManagedTag] for what belongs to none.
func OwnerTag(connector string) string {
	if connector == "" {
		return ManagedTag
	}
	return connectorTag + connector
}

// Owner returns the connector that a rule of ours belongs to, by its meta or else by its tags; it is
// empty for a rule that belongs to none, as before connectors were named. ours reports whether it
// carries our mark at all.
func Owner(meta Meta, marked bool, tags []string) (connector string, ours bool) {
	if marked {
		return meta.Connector, true
	}
	for _, t := range tags {
		if id, ok := strings.CutPrefix(t, connectorTag); ok {
			connector = id
		}
		ours = ours || t == ManagedTag
	}
	return connector, ours
}

// TakeOver returns the rule_id that a connector gives to a rule of ours which belongs to none; ok
// is false if it is no rule_id of ours.
func TakeOver(connector, ruleID string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(ruleID, ruleIDPrefix)
	return connectorPrefix(connector) + rest, ok && rest != ""
}
