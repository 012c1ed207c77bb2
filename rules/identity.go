package rules

import (
	"strings"

	"github.com/google/uuid"
)

const ruleIDPrefix = "opencti-elastic-"

// RuleID is the rule_id of an indicator's rule, by the indicator's key: OpenCTI's internal
// id, or else the STIX id. Kibana pastes rule ids into its own queries, so a key with
// other characters than letters, digits, ".", "_", ":" and "-", or of more than 128, is
// replaced by a UUID derived from it.
func RuleID(key string) string {
	if key == "" || len(key) > 128 || strings.Trim(key, safeInRuleID) != "" {
		return ruleIDPrefix + uuid.NewSHA1(uuid.NameSpaceOID, []byte("opencti-elastic\x00"+key)).String()
	}
	return ruleIDPrefix + key
}

// safeInRuleID is what a rule_id may hold.
const safeInRuleID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"

// matchRuleID is the rule_id of a managed rule that belongs to no indicator.
func matchRuleID(origin Origin, name string) string {
	return ruleIDPrefix + string(origin) + "." + name
}
