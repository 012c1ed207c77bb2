package sync_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const octi = `"extensions":{"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba":`

func TestFromEvent(t *testing.T) {
	const object = `{"id":"indicator--1","type":"indicator",` + octi + `{"id":"a"}}}`
	type step struct {
		Op     sync.Op
		Key    string
		Reason string
	}
	tests := []struct {
		name, kind, envelope string
		want                 []step
	}{
		{"create", "create", `{"type":"create","data":` + object + `}`, []step{{sync.Upsert, "a", "created"}}},
		{"update", "update", `{"type":"update","data":` + object + `}`, []step{{sync.Upsert, "a", "updated"}}},
		{"delete", "delete", `{"type":"delete","data":` + object + `}`, []step{{sync.Delete, "a", "deleted"}}},
		{"entered the filters", "create", `{"type":"update","data":` + object + `}`, []step{{sync.Upsert, "a", "entered the stream's filters"}}},
		{"left the filters", "delete", `{"type":"update","data":` + object + `}`, []step{{sync.Delete, "a", "left the stream's filters"}}},
		{"recovered", "create", `{"origin":{"referer":"init-create"},"data":` + object + `}`, []step{{sync.Upsert, "a", "recovered from the database"}}},
		{"dependency", "create", `{"origin":{"referer":"init-dependencies"},"data":` + object + `}`, []step{{sync.Upsert, "a", "another object refers to it"}}},
		{
			"merge", "merge",
			`{"type":"merge","data":` + object + `,"context":{"sources":[{"id":"indicator--2","type":"indicator",` + octi + `{"id":"b"}}},{"id":"indicator--3","type":"indicator"}]}}`,
			[]step{{sync.Delete, "b", "merged away"}, {sync.Delete, "indicator--3", "merged away"}, {sync.Upsert, "a", "other objects were merged into it"}},
		},
		{
			"merge that names the survivor among its sources", "merge",
			`{"type":"merge","data":` + object + `,"context":{"sources":[` + object + `]}}`,
			[]step{{sync.Upsert, "a", "other objects were merged into it"}},
		},
		{"a kind of the future", "annotate", `{"data":` + object + `}`, nil},
	}
	pos := sync.Position{Millis: 1795446740123, Seq: 7}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env, err := stix.DecodeEnvelope([]byte(tt.envelope))
			if err != nil {
				t.Fatal(err)
			}
			var got []step
			for _, c := range sync.FromEvent(tt.kind, env, pos) {
				got = append(got, step{c.Op, c.Key, c.Reason.String()})
				if c.Position != pos || c.Version != pos.Version() || c.Object.Key() != c.Key || c.Size < len(c.Object.Raw()) {
					t.Errorf("change %+v: want position %v, its version, its object and its size", c, pos)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("FromEvent (-want +got):\n%s", diff)
			}
		})
	}
}
