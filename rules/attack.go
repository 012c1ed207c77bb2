package rules

import (
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

const (
	attackFramework = "MITRE ATT&CK"
	attackChain     = "mitre-attack"
	attackTactics   = "https://attack.mitre.org/tactics/"
	attackItems     = "https://attack.mitre.org/techniques/"
)

type tactic struct{ id, name string }

// tacticOf gives ATT&CK's enterprise tactics by the short name that kill chain phases use.
func tacticOf(phase string) (tactic, bool) {
	switch strings.ReplaceAll(strings.ToLower(strings.TrimSpace(phase)), " ", "-") {
	case "reconnaissance":
		return tactic{"TA0043", "Reconnaissance"}, true
	case "resource-development":
		return tactic{"TA0042", "Resource Development"}, true
	case "initial-access":
		return tactic{"TA0001", "Initial Access"}, true
	case "execution":
		return tactic{"TA0002", "Execution"}, true
	case "persistence":
		return tactic{"TA0003", "Persistence"}, true
	case "privilege-escalation":
		return tactic{"TA0004", "Privilege Escalation"}, true
	case "defense-evasion":
		return tactic{"TA0005", "Defense Evasion"}, true
	case "credential-access":
		return tactic{"TA0006", "Credential Access"}, true
	case "discovery":
		return tactic{"TA0007", "Discovery"}, true
	case "lateral-movement":
		return tactic{"TA0008", "Lateral Movement"}, true
	case "collection":
		return tactic{"TA0009", "Collection"}, true
	case "command-and-control":
		return tactic{"TA0011", "Command and Control"}, true
	case "exfiltration":
		return tactic{"TA0010", "Exfiltration"}, true
	case "impact":
		return tactic{"TA0040", "Impact"}, true
	}
	return tactic{}, false
}

// threats gives the rule's tactics from the kill chain phases. Techniques are
// known only from external references ("mitre-attack", "T1059.001") and labels;
// with one tactic they stand under it, else nobody says under which, and they are left out.
func threats(o *stix.Object) []Threat {
	var out []Threat
	for _, p := range o.KillChainPhases() {
		t, ok := tacticOf(p.Phase)
		if p.KillChain != attackChain || !ok || slices.ContainsFunc(out, func(have Threat) bool { return have.Tactic.ID == t.id }) {
			continue
		}
		out = append(out, Threat{Framework: attackFramework, Tactic: ThreatEntry{ID: t.id, Name: t.name, Reference: attackTactics + t.id + "/"}})
	}
	if len(out) == 1 {
		out[0].Techniques = techniques(o)
	}
	return out
}

const maxTechniques = 20

func techniques(o *stix.Object) []ThreatItem {
	var out []ThreatItem
	add := func(id, name string) {
		if id = strings.ToUpper(strings.TrimSpace(id)); !isTechnique(id) || len(out) == maxTechniques {
			return
		}
		parent, _, isSub := strings.Cut(id, ".")
		i := slices.IndexFunc(out, func(t ThreatItem) bool { return t.ID == parent })
		if i < 0 {
			out = append(out, ThreatItem{ThreatEntry: attackEntry(parent, "")})
			i = len(out) - 1
		}
		if !isSub {
			if out[i].Name == parent {
				out[i].ThreatEntry = attackEntry(parent, name)
			}
			return
		}
		if !slices.ContainsFunc(out[i].Subtechniques, func(e ThreatEntry) bool { return e.ID == id }) {
			out[i].Subtechniques = append(out[i].Subtechniques, attackEntry(id, name))
		}
	}
	for _, ref := range o.ExternalReferences() {
		if strings.HasPrefix(strings.ToLower(ref.SourceName), "mitre") {
			add(ref.ExternalID, ref.Description)
		}
	}
	for _, label := range o.Labels() {
		add(label, "")
	}
	return out
}

// isTechnique tells whether a text is the id of a technique: T1059, T1059.001.
func isTechnique(id string) bool {
	parent, sub, isSub := strings.Cut(id, ".")
	return len(parent) == 5 && parent[0] == 'T' && strings.Trim(parent[1:], "0123456789") == "" &&
		(!isSub || len(sub) == 3 && strings.Trim(sub, "0123456789") == "")
}

// attackEntry names a technique by its id where its name isn't known.
func attackEntry(id, name string) ThreatEntry {
	if name = clip(plain(name, false), maxTag); name == "" {
		name = id
	}
	return ThreatEntry{ID: id, Name: name, Reference: attackItems + strings.ReplaceAll(id, ".", "/") + "/"}
}
