package opencti

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// The state's form is that of pycti, OpenCTI's Python client, so that a connector
// made with it can take over, and this one from it:
//
//	{"start_from":"1795446740123-0","recover_until":false,"acknowledged":{"index":{"position":"1795446740123-0"}}}
//
// start_from and recover_until are the earliest of the sinks' checkpoints. acknowledged is ours; it holds only
// while its earliest is what start_from says, since pycti would move that alone, or drop it.
type stateText struct {
	StartFrom    string                  `json:"start_from"`
	RecoverUntil recoverDate             `json:"recover_until"`
	Acknowledged map[string]acknowledged `json:"acknowledged,omitzero"`
}

type acknowledged struct {
	Position     string      `json:"position"`
	RecoverUntil recoverDate `json:"recover_until,omitzero"`
	Owed         string      `json:"owed,omitzero"`
	Policy       string      `json:"policy,omitzero"`
}

// recoverDate is an ISO date, or false.
type recoverDate struct{ time.Time }

const dateFormat = "2006-01-02T15:04:05.999Z"

// MarshalJSON implements json.Marshaler.
func (d recoverDate) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("false"), nil
	}
	return []byte(`"` + d.UTC().Format(dateFormat) + `"`), nil
}

// foreignMargin sets a position back that pycti wrote: it takes the ids of heartbeats, which are the
// platform's clock, as its position.
const foreignMargin = time.Minute

// formatState writes checkpoints; "null" if there are none.
func formatState(checkpoints map[string]sync.Checkpoint) string {
	out := stateText{Acknowledged: map[string]acknowledged{}}
	var earliest *sync.Checkpoint
	for name, c := range checkpoints {
		if c.IsZero() {
			continue // the same as none
		}
		own := acknowledged{Position: c.Position.String(), RecoverUntil: recoverDate{c.RecoverUntil}, Policy: c.Policy}
		if !c.Owed.IsZero() {
			own.Owed = c.Owed.String()
		}
		out.Acknowledged[name] = own
		if earliest == nil || earlier(c, *earliest) {
			earliest = &c
		}
	}
	if earliest == nil {
		return "null"
	}
	out.StartFrom, out.RecoverUntil = earliest.Position.String(), recoverDate{earliest.RecoverUntil}
	b, err := json.Marshal(out, json.Deterministic(true))
	if err != nil { // texts and dates always can be written
		return "null"
	}
	return string(b)
}

// earlier reports whether a is before b: recovery is before everything live.
func earlier(a, b sync.Checkpoint) bool {
	if ar, br := !a.RecoverUntil.IsZero(), !b.RecoverUntil.IsZero(); ar != br {
		return ar
	}
	return a.Position.Compare(b.Position) < 0
}

// parseState reads a state of ours, of pycti, or of older ones of it. sinks are those
// that a state without our own part stands for. An empty state, "", "null" and "{}", gives none.
func parseState(s string, sinks []string) (map[string]sync.Checkpoint, error) {
	none := map[string]sync.Checkpoint{}
	if s == "" {
		return none, nil
	}
	if !jsontext.Value(s).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) {
		return none, fmt.Errorf("connector state: no JSON (%d bytes)", len(s))
	}
	v := stix.Value(s)
	if inner, ok := v.Text(); ok { // a text of JSON in JSON
		return parseState(inner, sinks)
	}
	total, ok, err := parseCheckpoint(v, "start_from", "recover_until")
	if err != nil {
		return none, err
	}
	if !ok {
		if total, ok, err = parseCheckpoint(v, "connectorLastEventId", "connectorStartTime"); err != nil || !ok {
			return none, err
		}
	}
	if own := parseAcknowledged(v.Member("acknowledged")); len(own) > 0 {
		least := slices.MinFunc(slices.Collect(maps.Values(own)), compareCheckpoints)
		if least.Position == total.Position && least.RecoverUntil.Equal(total.RecoverUntil) {
			return own, nil
		}
	}
	if total.RecoverUntil.IsZero() || !total.RecoverUntil.After(positionTime(total.Position)) {
		total = sync.Checkpoint{Position: minus(total.Position, foreignMargin)}
	}
	if total.IsZero() {
		return none, nil
	}
	for _, name := range sinks {
		none[name] = total
	}
	return none, nil
}

func compareCheckpoints(a, b sync.Checkpoint) int {
	switch {
	case earlier(a, b):
		return -1
	case earlier(b, a):
		return 1
	}
	return 0
}

func parseAcknowledged(v stix.Value) map[string]sync.Checkpoint {
	out := map[string]sync.Checkpoint{}
	for name, e := range v.Members() {
		c, ok, err := parseCheckpoint(e, "position", "recover_until")
		if err != nil || !ok {
			return nil
		}
		c.Policy, _ = e.Member("policy").Text()
		if text, ok := e.Member("owed").Text(); ok {
			if c.Owed, err = sync.ParsePosition(text); err != nil {
				return nil
			}
		}
		out[name] = c
	}
	return out
}

// parseCheckpoint reads a position, an id or a bare number of milliseconds, and a date or false.
func parseCheckpoint(v stix.Value, position, until string) (c sync.Checkpoint, ok bool, err error) {
	at := v.Member(position)
	if at.Empty() {
		return c, false, nil
	}
	s, isText := at.Text()
	if !isText {
		s = string(at)
	}
	if c.Position, err = sync.ParsePosition(s); err != nil {
		return c, false, fmt.Errorf("connector state: %s: %w", position, err)
	}
	if t, isTime := v.Member(until).Time(); isTime {
		c.RecoverUntil = t
	}
	return c, true, nil
}
