package ecs

import "github.com/opencti-elastic/opencti-elastic/stix"

const (
	attackChain     = "mitre-attack"
	attackFramework = "MITRE ATT&CK"
	attackTactics   = "https://attack.mitre.org/tactics/"
)

// tactics is ATT&CK's enterprise tactics by the short name that kill chain phases use.
var tactics = map[string]struct{ id, name string }{
	"reconnaissance":       {"TA0043", "Reconnaissance"},
	"resource-development": {"TA0042", "Resource Development"},
	"initial-access":       {"TA0001", "Initial Access"},
	"execution":            {"TA0002", "Execution"},
	"persistence":          {"TA0003", "Persistence"},
	"privilege-escalation": {"TA0004", "Privilege Escalation"},
	"defense-evasion":      {"TA0005", "Defense Evasion"},
	"credential-access":    {"TA0006", "Credential Access"},
	"discovery":            {"TA0007", "Discovery"},
	"lateral-movement":     {"TA0008", "Lateral Movement"},
	"collection":           {"TA0009", "Collection"},
	"command-and-control":  {"TA0011", "Command and Control"},
	"exfiltration":         {"TA0010", "Exfiltration"},
	"impact":               {"TA0040", "Impact"},
}

// killChain fills threat.tactic.* from the phases of ATT&CK and returns all of
// them as "[kill chain] phase".
func killChain(phases []stix.KillChainPhase, t *Threat) []string {
	var all []string
	for _, p := range phases {
		all = add(all, "["+p.KillChain+"] "+p.Phase)
		tactic, ok := tactics[p.Phase]
		if p.KillChain != attackChain || !ok || contains(t.Tactic.ID, tactic.id) {
			continue
		}
		t.Framework = attackFramework
		t.Tactic.ID = append(t.Tactic.ID, tactic.id)
		t.Tactic.Name = append(t.Tactic.Name, tactic.name)
		t.Tactic.Reference = append(t.Tactic.Reference, attackTactics+tactic.id+"/")
	}
	return all
}
