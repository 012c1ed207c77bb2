package main

import (
	"context"
	"iter"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// learningSource lets references see what passes, as the live stream does by itself.
type learningSource struct {
	sync.Source
	refs *opencti.References
}

func learning(s sync.Source, refs *opencti.References) sync.Source { return learningSource{s, refs} }

func (s learningSource) Changes(ctx context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		for c, err := range s.Source.Changes(ctx, from) {
			if c.Op == sync.Upsert {
				s.refs.Learn(c.Object)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}
