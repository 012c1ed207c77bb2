package sync_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestOptionsValidate(t *testing.T) {
	index := fake.NewMemory("index")
	good := sync.Options{Source: fake.Stream{}, Sinks: []sync.Sink{index}}
	tests := []struct {
		name   string
		change func(*sync.Options)
		want   []string
	}{
		{"defaults", func(*sync.Options) {}, nil},
		{"nothing", func(o *sync.Options) { *o = sync.Options{} }, []string{"no Source", "no Sinks"}},
		{"sinks", func(o *sync.Options) { o.Sinks = []sync.Sink{index, nil, fake.NewMemory(""), index} }, []string{
			"sink 1 is nil", "sink 2 has no name", `two sinks are named "index": each needs its own name, its checkpoint is kept by it`,
		}},
		{"negative", func(o *sync.Options) { o.MaxItems, o.DrainTimeout = -1, -time.Second }, []string{
			"MaxItems is negative: leave it zero for the default", "DrainTimeout is negative: leave it zero for the default",
		}},
		{"across fields", func(o *sync.Options) {
			o.MaxPending, o.MaxPendingBytes, o.Backoff = 100, 1000, sync.Backoff{Initial: time.Minute, Max: time.Second}
		}, []string{
			"MaxPending 100 is below MaxItems 500: no request could ever be full",
			"MaxPendingBytes 1000 is below MaxBytes 2097152: no request could ever be full",
			"Backoff.Max 1s is below Backoff.Initial 1m0s",
		}},
		{"an observer of nothing", func(o *sync.Options) { o.Observers = []any{struct{}{}} }, []string{"observer 0: struct {} has none of the observers' methods"}},
		{"large requests raise the other limits", func(o *sync.Options) { o.MaxItems, o.MaxBytes = 50_000, 64<<20 }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := good
			tt.change(&o)
			var got []string
			if err := o.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if _, err := sync.NewEngine(o); (err != nil) != (tt.want != nil) {
				t.Errorf("NewEngine: got %v", err)
			}
		})
	}
}
