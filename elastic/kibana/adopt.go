package kibana

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// AdoptOptions are the options of [Adopt].
type AdoptOptions struct {
	// Connector is the id of the connector that the rules are to belong to.
	Connector string
	// DryRun only looks.
	DryRun bool
	// Live returns which of these internal ids still are indicators in OpenCTI; the rules of
	// others are deleted, since the Python connector never deletes one. nil: all are.
	Live func(ctx context.Context, ids []string) (map[string]bool, error)
	// Logger is told what a person should know; nil is [slog.Default].
	Logger *slog.Logger
}

// An AdoptReport is what [Adopt] did, or would do.
type AdoptReport struct {
	// Found is how many rules there are to adopt: those of the Python connector, and Unowned of them
	// of ours that belong to no connector.
	Found, Unowned int
	// Adopted is how many rules of the connector there are now that were one of those.
	Adopted int
	// Doubles is how many were deleted beside the one that was adopted, or
	// because we had a rule of that indicator already.
	Doubles int
	// Gone is how many were deleted because their indicator is no more.
	Gone int
	// Left is the names of those that can't be adopted: nothing in them says of which indicator they are.
	Left []string
	// Failed is what went wrong with single rules; they are as they were, and can be adopted again.
	Failed []error
}

// Adopt takes over the rules that the Python connector made, and those of ours that belong to no
// connector: each gets the connector's rule_id and the marks by which it knows its own. A rule_id can't be changed, so the rule is
// made anew with all that it holds, exceptions and actions included, before the old one is
// deleted. Of several rules of one indicator the newest is taken. It can be repeated at any time.
func Adopt(ctx context.Context, k *Client, o AdoptOptions) (AdoptReport, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	builder, err := rules.NewBuilder(rules.Options{Connector: o.Connector})
	if err != nil {
		return AdoptReport{}, err
	}
	a := adoption{options: o, groups: make(map[string]*adoptees)}
	a.sink = &Sink{
		kibana: k, builder: builder, log: o.Logger, ledger: newLedger(time.Time{}),
		cfg: SinkOptions{Kibana: k, Settle: 2 * time.Second, MaxImportRules: maxImportRules, MaxImportBytes: maxImportBytes},
	}
	a.sink.importLimit.Store(maxImportRules)
	if err := a.find(ctx); err != nil {
		return a.report, err
	}
	if err := a.dropGone(ctx); err != nil {
		return a.report, err
	}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(a.groups)), maxImportRules) {
		if err := a.take(ctx, chunk); err != nil {
			return a.report, err
		}
	}
	return a.report, nil
}

type adoption struct {
	options AdoptOptions
	sink    *Sink
	groups  map[string]*adoptees // by the rule_id to come
	report  AdoptReport
}

// adoptees are the rules that become one.
type adoptees struct {
	indicator string  // internal id; empty for a managed rule
	rules     []*Rule // oldest first
}

// What the Python connector writes into every rule.
const (
	pythonName = "OpenCTI: "
	pythonTag  = "opencti"
	pythonTag2 = "threat-intel"
	pythonLink = "/dashboard/id/"
)

func (a *adoption) find(ctx context.Context) error {
	for r, err := range a.sink.kibana.RulesByTag(ctx, pythonTag) {
		if err != nil {
			return fmt.Errorf("adopt rules: %w", err)
		}
		var id, indicator string
		switch whose := ownerOf(r, a.options.Connector); {
		case whose == unowned:
			meta, _ := rules.ReadMeta(r.Fields["meta"])
			id, _ = rules.TakeOver(a.options.Connector, r.RuleID)
			indicator = meta.OpenCTIID
			a.report.Unowned++
		case whose != foreign || r.Immutable || !strings.HasPrefix(r.Name, pythonName) || !slices.Contains(r.Tags, pythonTag2):
			continue
		default:
			if indicator = pythonIndicator(r); indicator != "" {
				id = a.sink.builder.RuleID(indicator)
			}
		}
		a.report.Found++
		if id == "" {
			a.report.Left = append(a.report.Left, r.Name)
			continue
		}
		if a.groups[id] == nil {
			a.groups[id] = &adoptees{indicator: indicator}
		}
		a.groups[id].rules = append(a.groups[id].rules, r)
	}
	for _, group := range a.groups {
		slices.SortStableFunc(group.rules, func(x, y *Rule) int { return cmp.Compare(x.CreatedAt, y.CreatedAt) })
	}
	return nil
}

// pythonIndicator is the internal id of the rule's indicator: in its meta, or at the end of its link.
func pythonIndicator(r *Rule) string {
	var meta struct {
		ID string `json:"opencti_id"`
	}
	if json.Unmarshal(r.Fields["meta"], &meta) == nil && meta.ID != "" {
		return meta.ID
	}
	for _, link := range r.References {
		if _, id, ok := strings.Cut(link, pythonLink); ok {
			id, _, _ = strings.Cut(id, "?")
			return strings.Trim(id, "/")
		}
	}
	return ""
}

func (a *adoption) dropGone(ctx context.Context) error {
	of := make(map[string]string) // indicator to rule_id
	for id, group := range a.groups {
		if group.indicator != "" {
			of[group.indicator] = id
		}
	}
	if a.options.Live == nil || len(of) == 0 {
		return nil
	}
	indicators := slices.Sorted(maps.Keys(of))
	live, err := a.options.Live(ctx, indicators)
	if err != nil {
		return fmt.Errorf("adopt rules: ask which indicators are there: %w", err)
	}
	var gone []*Rule
	for _, indicator := range indicators {
		if id := of[indicator]; !live[indicator] {
			gone = append(gone, a.groups[id].rules...)
			delete(a.groups, id)
		}
	}
	n, err := a.remove(ctx, gone)
	a.report.Gone += n
	return err
}

// take adopts a chunk of rules: first what is to stay is written, then the old rules go.
func (a *adoption) take(ctx context.Context, ruleIDs []string) error {
	there, err := a.sink.kibana.RulesByRuleID(ctx, ruleIDs)
	if err != nil {
		return fmt.Errorf("adopt rules: %w", err)
	}
	var create, replace []*task
	for _, id := range ruleIDs {
		t := &task{ruleID: id, result: new(sync.Result)}
		group := a.groups[id]
		ours := slices.IndexFunc(there[id], a.sink.owns)
		switch {
		case ours >= 0:
			t.write = withEdits(writable(there[id][ours].Fields), group.rules)
			replace = append(replace, t)
		case len(there[id]) > 0:
			whose := ownerOf(there[id][0], a.options.Connector)
			a.report.Failed = append(a.report.Failed, fmt.Errorf("%s: %w", group.rules[0].Name, errNotOurs(whose)))
		default:
			t.create = true
			if t.write, err = a.adopted(id, group); err != nil {
				return fmt.Errorf("adopt rule %s: %w", group.rules[0].Name, err)
			}
			create = append(create, t)
		}
	}
	if !a.options.DryRun {
		if err := errors.Join(a.sink.importAll(ctx, replace, true), a.sink.importAll(ctx, create, false)); err != nil {
			return fmt.Errorf("adopt rules: %w", err)
		}
	}
	return a.finish(ctx, slices.Concat(replace, create))
}

// finish deletes the rules whose successor is written, and counts.
func (a *adoption) finish(ctx context.Context, tasks []*task) error {
	var old []*Rule
	for _, t := range tasks {
		group := a.groups[t.ruleID].rules
		if !a.options.DryRun && (!t.done || t.result.Outcome == sync.Refused) {
			a.report.Failed = append(a.report.Failed, fmt.Errorf("%s: %w", group[0].Name, cmp.Or(t.err, t.result.Err)))
			continue
		}
		a.report.Doubles += len(group)
		if t.create {
			a.report.Adopted++
			a.report.Doubles--
		}
		old = append(old, group...)
	}
	_, err := a.remove(ctx, old)
	return err
}

func (a *adoption) remove(ctx context.Context, old []*Rule) (int, error) {
	if a.options.DryRun {
		return len(old), nil
	}
	var tasks []*task
	for _, r := range old {
		tasks = append(tasks, &task{ruleID: r.RuleID, found: r, result: new(sync.Result)})
	}
	if err := a.sink.remove(ctx, tasks); err != nil {
		return 0, fmt.Errorf("adopt rules: delete the old ones: %w", err)
	}
	n := 0
	for _, t := range tasks {
		if t.done && t.result.Outcome != sync.Refused {
			n++
			continue
		}
		a.report.Failed = append(a.report.Failed, fmt.Errorf("delete %s: %w", t.found.Name, cmp.Or(t.err, t.result.Err)))
	}
	return n, nil
}

// adopted makes the connector's rule of the newest of a group. What it says comes anew with
// the indicator's next event; what the Python connector doesn't write is a person's.
func (a *adoption) adopted(ruleID string, group *adoptees) (map[string]jsontext.Value, error) {
	newest := group.rules[len(group.rules)-1]
	out := withEdits(writable(newest.Fields), group.rules)
	meta, ours := rules.ReadMeta(newest.Fields["meta"])
	if !ours {
		meta = rules.Meta{ManagedBy: rules.ManagedBy, OpenCTIID: group.indicator, Origin: rules.FromIndicator}
	}
	if ownerOf(newest, a.options.Connector) == foreign {
		meta.Written = map[string]jsontext.Value{
			"enabled": jsontext.Value("true"), "interval": jsontext.Value(`"5m"`), "from": jsontext.Value(`"now-6m"`), "to": jsontext.Value(`"now"`),
			"max_signals": jsontext.Value("100"), "index": jsontext.Value(`["logs-*","filebeat-*","packetbeat-*","winlogbeat-*"]`),
			"tags": jsontext.Value(`["opencti","threat-intel"]`),
		}
	}
	meta.Connector, meta.Fingerprint = a.options.Connector, "adopted"
	tags := slices.Clone(newest.Tags)
	for _, tag := range []string{rules.ManagedTag, rules.OwnerTag(a.options.Connector)} {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	for name, v := range map[string]any{"rule_id": ruleID, "meta": meta, "tags": tags} {
		b, err := json.Marshal(v, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		out[name] = b
	}
	return out, nil
}

// withEdits adds the exceptions and actions that a person put on any of the rules.
func withEdits(out map[string]jsontext.Value, group []*Rule) map[string]jsontext.Value {
	for _, name := range [...]string{"exceptions_list", "actions"} {
		var all []jsontext.Value
		seen := make(map[string]bool)
		for _, list := range append([]jsontext.Value{out[name]}, fieldOf(group, name)...) {
			var items []jsontext.Value
			_ = json.Unmarshal(list, &items)
			for _, item := range items {
				if key := string(canonical(item)); !seen[key] {
					seen[key] = true
					all = append(all, item)
				}
			}
		}
		if b, err := json.Marshal(all); err == nil && len(all) > 0 {
			out[name] = b
		}
	}
	return out
}

func fieldOf(group []*Rule, name string) []jsontext.Value {
	out := make([]jsontext.Value, 0, len(group))
	for _, r := range group {
		out = append(out, r.Fields[name])
	}
	return out
}
