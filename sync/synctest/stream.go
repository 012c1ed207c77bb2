package synctest

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Stream is a source of prepared changes. It can be read again from any of its commits.
type Stream struct {
	// List is what it yields, in order; their commits must never go backwards.
	List []sync.Change
	// Live makes it wait for the end of the context after the last change, as a
	// live stream does, in place of ending.
	Live bool
}

var _ sync.Source = Stream{}

// Changes implements [sync.Source].
func (s Stream) Changes(ctx context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		for _, c := range s.List {
			if from != nil && c.Position.Compare(from.Position) <= 0 {
				continue
			}
			if ctx.Err() != nil || !yield(c, nil) {
				return
			}
		}
		if s.Live {
			<-ctx.Done()
		}
	}
}

// Fold returns the version of each key that a target must hold after the changes.
func Fold(changes []sync.Change) map[string]int64 {
	out := make(map[string]int64)
	for _, c := range changes {
		switch c.Op {
		case sync.Upsert:
			out[c.Key] = c.Version
		case sync.Delete:
			delete(out, c.Key)
		}
	}
	return out
}

// Key is the key of the n-th object of [Upsert] and [Delete].
func Key(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// Object is the n-th test object, an indicator as OpenCTI sends it, in the given
// revision. Its name is "203.0.113.N revision R"; its pattern stays.
func Object(n, revision int) *stix.Object {
	at := time.Date(2026, 11, 23, 15, 12, 0, 0, time.UTC)
	value := fmt.Sprintf("198.18.%d.%d", n>>8&0xff, n&0xff)
	o, err := stix.DecodeObject(fmt.Appendf(nil, `{"id":"indicator--00000000-0000-5000-8000-%012[1]x","spec_version":"2.1","type":"indicator",`+
		`"created":%[2]q,"modified":%[3]q,"revoked":false,"confidence":80,"lang":"en","labels":["c2"],`+
		`"object_marking_refs":["marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"],"name":"%[4]s revision %[5]d",`+
		`"pattern":"[ipv4-addr:value = '%[4]s']","pattern_type":"stix","pattern_version":"2.1","valid_from":%[2]q,"valid_until":"2099-01-01T00:00:00.000Z",`+
		`"extensions":{%[6]q:{"extension_type":"property-extension","id":%[7]q,"type":"Indicator","created_at":%[2]q,"updated_at":%[3]q,`+
		`"is_inferred":false,"detection":true,"score":85,"main_observable_type":"IPv4-Addr","observable_values":[{"type":"IPv4-Addr","value":%[4]q}]}}}`,
		n, at.Format(time.RFC3339), at.Add(time.Duration(revision)*time.Second).Format(time.RFC3339), value, revision, stix.ExtensionOCTI, Key(n)))
	if err != nil {
		panic(err) // the text above is a constant but for numbers
	}
	return o
}

// Upsert is the change that brings the n-th object in the revision that the
// sequence number of the position names.
func Upsert(n int, at sync.Position) sync.Change {
	o := Object(n, int(at.Seq))
	return sync.Change{
		Op: sync.Upsert, Key: o.Key(), Object: o, Position: at, Version: at.Version(), Reason: sync.ReasonUpdated,
		Commit: sync.Checkpoint{Position: at}, Size: len(o.Raw()),
	}
}

// Delete is the change that takes the n-th object away.
func Delete(n int, at sync.Position) sync.Change {
	c := Upsert(n, at)
	c.Op, c.Reason = sync.Delete, sync.ReasonDeleted
	return c
}

// Fault is an error that asks for what its class says, see [sync.Classify].
type Fault struct {
	Class sync.Class
	// After is how long the target asks to wait.
	After time.Duration
}

// Error implements error.
func (f *Fault) Error() string { return fmt.Sprintf("fault on command, class %d", f.Class) }

// Retryable is part of what [sync.Classify] asks.
func (f *Fault) Retryable() bool { return f.Class == sync.Transient }

// Blocked is part of what [sync.Classify] asks.
func (f *Fault) Blocked() bool { return f.Class == sync.Blocked }

// RetryAfter is what [sync.RetryAfter] asks.
func (f *Fault) RetryAfter() time.Duration { return f.After }
