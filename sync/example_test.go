package sync_test

import (
	"context"
	"fmt"
	"sort"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

// printer is the smallest sink: it prints, and cannot fail.
type printer struct{}

func (printer) Name() string { return "printer" }

func (printer) Write(_ context.Context, changes []sync.Change) ([]sync.Result, error) {
	var lines []string
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s: %s", c.Op, c.Object.Type, c.Object.Text("name")))
	}
	sort.Strings(lines)
	for _, l := range lines {
		fmt.Println(l)
	}
	return make([]sync.Result, len(changes)), nil
}

func ExampleNewEngine() {
	pos := func(n uint64) sync.Position { return sync.Position{Millis: 1795446740123, Seq: n} }
	engine, err := sync.NewEngine(sync.Options{
		Source: fake.Stream{List: []sync.Change{
			fake.Upsert(1, pos(1)), fake.Upsert(2, pos(2)), fake.Delete(3, pos(3)),
		}},
		Sinks: []sync.Sink{printer{}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := engine.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	s := engine.Stats().Sinks[0]
	fmt.Println(s.Done, "acknowledged, up to", s.Checkpoint.Position)
	// Unordered output:
	// delete indicator: 198.18.0.3 revision 3
	// upsert indicator: 198.18.0.1 revision 1
	// upsert indicator: 198.18.0.2 revision 2
	// 3 acknowledged, up to 1795446740123-3
}

func ExampleOptions_Validate() {
	err := sync.Options{MaxItems: -1}.Validate()
	fmt.Println(err)
	// Output:
	// no Source
	// no Sinks
	// MaxItems is negative: leave it zero for the default
}
