package ecs

import (
	"regexp"
	"strings"
)

// Group is threat.group.*: who is said to use the indicator.
type Group struct {
	ID, Name, Reference string
}

// Software is threat.software.*: the attacker's malware or tool.
type Software struct {
	ID, Name, Type, Reference string
}

// Technique is threat.technique.* or threat.technique.subtechnique.*: three lists in one
// order, of which names can be fewer, since not every label has one.
type Technique struct {
	ID, Name, Reference []string
}

// galaxies is MISP's galaxies, whose labels say what relations would: misp-galaxy:threat-actor="APT28".
var galaxies = map[string]func(t *Threat, name, id string){
	"threat-actor":         (*Threat).group,
	"mitre-intrusion-set":  (*Threat).group,
	"malpedia":             func(t *Threat, name, id string) { t.software("Malware", name, id) },
	"ransomware":           func(t *Threat, name, id string) { t.software("Malware", name, id) },
	"rat":                  func(t *Threat, name, id string) { t.software("Malware", name, id) },
	"banker":               func(t *Threat, name, id string) { t.software("Malware", name, id) },
	"stealer":              func(t *Threat, name, id string) { t.software("Malware", name, id) },
	"botnet":               func(t *Threat, name, id string) { t.software("Malware", name, id) },
	"mitre-malware":        func(t *Threat, name, id string) { t.software("Malware", name, id) },
	"tool":                 func(t *Threat, name, id string) { t.software("Tool", name, id) },
	"mitre-tool":           func(t *Threat, name, id string) { t.software("Tool", name, id) },
	"mitre-attack-pattern": func(t *Threat, name, id string) { t.technique(name, id) },
}

var (
	attackID     = regexp.MustCompile(`^(T\d{4}(\.\d{3})?|[GS]\d{4})$`)
	techniqueTag = regexp.MustCompile(`^attack\.t\d{4}(\.\d{3})?$`)
)

// threatLabels fills what labels say of groups, software and techniques: those
// of MISP's galaxies, and Sigma's tags (attack.t1566.001).
func threatLabels(labels []string, t *Threat) {
	for _, label := range labels {
		if rest, ok := strings.CutPrefix(label, "misp-galaxy:"); ok {
			galaxy, value, _ := strings.Cut(rest, "=")
			if put := galaxies[galaxy]; put != nil {
				name, id := galaxyValue(value)
				put(t, name, id)
			}
		} else if strings.HasPrefix(label, "attack.t") && techniqueTag.MatchString(label) {
			t.technique("", strings.ToUpper(strings.TrimPrefix(label, "attack.")))
		}
	}
}

// galaxyValue cuts `"Phishing - T1566"` into its name and ATT&CK's id, if there is one.
func galaxyValue(s string) (name, id string) {
	s = strings.TrimSpace(strings.Trim(s, `"`))
	if at := strings.LastIndex(s, " - "); at >= 0 && attackID.MatchString(s[at+3:]) {
		return strings.TrimSpace(s[:at]), s[at+3:]
	}
	return s, ""
}

const attackSite = "https://attack.mitre.org/"

func (t *Threat) group(name, id string) {
	if t.Group != nil || name == "" {
		return // ECS has room for one
	}
	t.Group = &Group{ID: id, Name: name}
	if id != "" {
		t.Group.Reference = attackSite + "groups/" + id + "/"
	}
}

func (t *Threat) software(kind, name, id string) {
	if t.Software != nil || name == "" {
		return
	}
	t.Software = &Software{ID: id, Name: name, Type: kind}
	if id != "" {
		t.Software.Reference = attackSite + "software/" + id + "/"
	}
}

func (t *Threat) technique(name, id string) {
	if !strings.HasPrefix(id, "T") {
		return
	}
	t.Framework = attackFramework
	place := &t.Technique
	parent, sub, _ := strings.Cut(id, ".")
	if sub != "" {
		t.technique("", parent)
		place, sub = &t.Subtechnique, "/"+sub
	}
	if *place == nil {
		*place = &Technique{}
	}
	to := *place
	if contains(to.ID, id) {
		return
	}
	to.ID = append(to.ID, id)
	to.Name = add(to.Name, name)
	to.Reference = append(to.Reference, attackSite+"techniques/"+parent+sub+"/")
}
