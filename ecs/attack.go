package ecs

const (
	attackChain     = "mitre-attack"
	attackFramework = "MITRE ATT&CK"
	attackTactics   = "https://attack.mitre.org/tactics/"
)

// A tactic is one of ATT&CK's enterprise tactics.
type tactic struct{ phase, id, name, reference string }

// tactics is the tactics by the short name that kill chain phases use. The texts stand here
// whole, so that none has to be put together for a document.
var tactics = map[string]tactic{
	"reconnaissance":       {"[mitre-attack] reconnaissance", "TA0043", "Reconnaissance", attackTactics + "TA0043/"},
	"resource-development": {"[mitre-attack] resource-development", "TA0042", "Resource Development", attackTactics + "TA0042/"},
	"initial-access":       {"[mitre-attack] initial-access", "TA0001", "Initial Access", attackTactics + "TA0001/"},
	"execution":            {"[mitre-attack] execution", "TA0002", "Execution", attackTactics + "TA0002/"},
	"persistence":          {"[mitre-attack] persistence", "TA0003", "Persistence", attackTactics + "TA0003/"},
	"privilege-escalation": {"[mitre-attack] privilege-escalation", "TA0004", "Privilege Escalation", attackTactics + "TA0004/"},
	"defense-evasion":      {"[mitre-attack] defense-evasion", "TA0005", "Defense Evasion", attackTactics + "TA0005/"},
	"credential-access":    {"[mitre-attack] credential-access", "TA0006", "Credential Access", attackTactics + "TA0006/"},
	"discovery":            {"[mitre-attack] discovery", "TA0007", "Discovery", attackTactics + "TA0007/"},
	"lateral-movement":     {"[mitre-attack] lateral-movement", "TA0008", "Lateral Movement", attackTactics + "TA0008/"},
	"collection":           {"[mitre-attack] collection", "TA0009", "Collection", attackTactics + "TA0009/"},
	"command-and-control":  {"[mitre-attack] command-and-control", "TA0011", "Command and Control", attackTactics + "TA0011/"},
	"exfiltration":         {"[mitre-attack] exfiltration", "TA0010", "Exfiltration", attackTactics + "TA0010/"},
	"impact":               {"[mitre-attack] impact", "TA0040", "Impact", attackTactics + "TA0040/"},
}

// killChain fills threat.tactic.* from the phases of ATT&CK, and list with all of
// them as "[kill chain] phase".
func (b *builder) killChain(list *[]string) {
	t := &b.doc.Threat
	for e := range b.o.Root("kill_chain_phases").Elements() {
		chain, phase := e.Member("kill_chain_name"), e.Member("phase_name")
		tactic, ok := tactics[string(plainBytes(phase))]
		if !ok || string(plainBytes(chain)) != attackChain {
			if name, _ := phase.Text(); name != "" {
				chainName, _ := chain.Text()
				b.add(list, "["+chainName+"] "+name)
			}
			continue
		}
		b.add(list, tactic.phase)
		t.Framework = attackFramework
		b.add(&t.Tactic.ID, tactic.id)
		b.add(&t.Tactic.Name, tactic.name)
		b.add(&t.Tactic.Reference, tactic.reference)
	}
}
