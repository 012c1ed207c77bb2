package elastic

import (
	"context"
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/ecs"
)

// IndexState is what [Index.Inspect] found under the index's name.
type IndexState struct {
	// Exists tells that there is an index, an alias or a data stream of that name.
	Exists bool
	// DataStream tells that it is a data stream, BackingIndices of how many indices.
	DataStream     bool
	BackingIndices int
	// Incomplete tells that its mapping lacks fields of ours; [Index.Prepare] adds them.
	Incomplete bool
	// Different is the fields that it maps to another type, and Refused those of them that are
	// therefore left out of documents. Only a new index changes that.
	Different, Refused []string
}

// Inspect looks at the index and changes nothing.
func (x *Index) Inspect(ctx context.Context) (IndexState, error) {
	found, err := x.o.Client.resolve(ctx, x.o.Name)
	if err != nil {
		return IndexState{}, fmt.Errorf("inspect index %s: %w", x.o.Name, err)
	}
	var state IndexState
	if s := found.stream(x.o.Name); s != nil {
		state.DataStream, state.BackingIndices = true, len(s.Backing)
	}
	state.Exists = state.DataStream || found.exists(x.o.Name)
	if !state.Exists {
		return state, nil
	}
	ours, err := parseMapping(ecs.Mapping())
	if err != nil {
		return state, err
	}
	d, err := x.diffMapping(ctx, x.o.Name, ours)
	if err != nil {
		return state, fmt.Errorf("inspect index %s: %w", x.o.Name, err)
	}
	state.Incomplete, state.Different, state.Refused = d.missing, d.different, d.refused
	return state, nil
}
