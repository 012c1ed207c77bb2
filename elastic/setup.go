package elastic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
)

// target is what the index's name stands for.
type target struct {
	// stream tells that it is a data stream, backing its indices, the one that is written to last.
	stream  bool
	backing []string
	// shed is the fields that the index maps to a type that would refuse our values.
	shed paths
	// foreign tells that there are documents of the Python connector's making.
	foreign bool
}

// Prepare makes the index ready: templates, the index itself, its mapping. It
// changes nothing that is as it should be, and can be called at any time.
func (x *Index) Prepare(ctx context.Context) error {
	x.target.Store(nil)
	_, err := x.prepared(ctx)
	return err
}

// prepared gives the target, after setting it up if need be.
func (x *Index) prepared(ctx context.Context) (*target, error) {
	if t := x.target.Load(); t != nil {
		return t, nil
	}
	select {
	case x.setup <- struct{}{}:
		defer func() { <-x.setup }()
	case <-ctx.Done():
		return nil, fmt.Errorf("set up index %s: %w", x.o.Name, ctx.Err())
	}
	if t := x.target.Load(); t != nil {
		return t, nil
	}
	t, err := x.lookAt(ctx)
	if err != nil {
		return nil, endpoint.Blocked("set up index "+x.o.Name, err)
	}
	x.target.Store(t)
	return t, nil
}

// forget makes the next write look at the index again.
func (x *Index) forget(t *target) { x.target.CompareAndSwap(t, nil) }

func (x *Index) lookAt(ctx context.Context) (*target, error) {
	found, err := x.o.Client.resolve(ctx, x.o.Name)
	if err != nil {
		return nil, err
	}
	if s := found.stream(x.o.Name); s != nil {
		return x.adoptStream(ctx, s)
	}
	stored, err := x.installTemplates(ctx)
	if err != nil {
		return nil, err
	}
	if found.exists(x.o.Name) {
		x.made.Store(true)
	} else if err := x.createIndex(ctx, stored); err != nil {
		return nil, err
	}
	// Also after it was just made: a template of someone else's can have had the higher priority.
	shed, err := x.putMapping(ctx, x.o.Name)
	if err != nil {
		return nil, err
	}
	return &target{shed: shed}, nil
}

// createIndex makes the index, so that no write ever makes one without a mapping. Another
// instance may be faster.
func (x *Index) createIndex(ctx context.Context, byTemplate bool) error {
	var body []byte
	if !byTemplate {
		body = x.indexBody()
	}
	err := x.o.Client.call(ctx, request{op: "create index", method: http.MethodPut, path: "/" + x.o.Name, body: body}, nil)
	status, ok := errors.AsType[*StatusError](err)
	switch {
	case err == nil && x.made.Swap(true):
		x.o.Logger.WarnContext(ctx, "the index was gone and is made anew; what was in it comes back only if the stream is read again from the start: reset the connector's state", "index", x.o.Name)
		return nil
	case err == nil:
		x.o.Logger.InfoContext(ctx, "made the index", "index", x.o.Name)
		return nil
	case ok && status.Type == "resource_already_exists_exception":
		return nil
	case ok && status.noSuchIndexAllowed():
		return fmt.Errorf("another template makes data streams of that name: delete the template, or choose another index name: %w", err)
	}
	return err
}

// maxMappingTries bounds how often a mapping is compared again after a write mapped a field meanwhile.
const maxMappingTries = 5

// putMapping adds our fields to an index or data stream that is there, but for those that it maps
// differently, which cannot be changed, and some keywords besides. It gives the ones whose values it would refuse.
func (x *Index) putMapping(ctx context.Context, name string, keywords ...string) (paths, error) {
	ours, err := parseMapping(ecs.Mapping())
	if err != nil {
		return paths{}, err
	}
	for _, k := range keywords {
		ours.add(k, "keyword")
	}
	for try := 1; ; try++ {
		diff, err := x.diffMapping(ctx, name, ours)
		if err != nil {
			return paths{}, err
		}
		if len(diff.different) > 0 {
			x.o.Logger.WarnContext(ctx, "the index maps some fields differently; those that would be refused are left out of its documents",
				"index", name, "different", diff.different, "left_out", diff.refused)
		}
		if !diff.missing {
			return newPaths(diff.refused), nil
		}
		r := request{op: "put mapping", method: http.MethodPut, path: "/" + name + "/_mapping", body: ours.without(diff.different).properties()}
		err = x.o.Client.call(ctx, r, nil)
		e, ok := errors.AsType[*StatusError](err)
		switch {
		case err == nil:
			x.o.Logger.InfoContext(ctx, "added our fields to the mapping", "index", name)
			return newPaths(diff.refused), nil
		case ok && e.unsupported():
			x.o.Logger.WarnContext(ctx, "the mapping lacks fields of ours and cannot be changed; documents are written, but not found by those fields", "index", name, "error", err)
			return newPaths(diff.refused), nil
		case !ok || e.Status != http.StatusBadRequest || try == maxMappingTries:
			return paths{}, err
		}
	}
}

// diffMapping compares the mapping of an index, or of all that bear the name, with ours.
func (x *Index) diffMapping(ctx context.Context, name string, ours *mappingNode) (mappingDiff, error) {
	var mappings map[string]struct {
		Mappings mappingNode `json:"mappings"`
	}
	var all mappingDiff
	if err := x.o.Client.call(ctx, request{op: "get mapping", method: http.MethodGet, path: "/" + name + "/_mapping"}, &mappings); err != nil {
		return all, err
	}
	for _, index := range mappings {
		d := compareMappings(ours, index.Mappings)
		all.different, all.refused, all.missing = append(all.different, d.different...), append(all.refused, d.refused...), all.missing || d.missing
	}
	all.different, all.refused = sortedSet(all.different), sortedSet(all.refused)
	return all, nil
}

func sortedSet(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// resolved is what bears a name.
type resolved struct {
	Indices []struct {
		Name string `json:"name"`
	} `json:"indices"`
	Aliases []struct {
		Name string `json:"name"`
	} `json:"aliases"`
	DataStreams []stream `json:"data_streams"`
}

type stream struct {
	Name    string  `json:"name"`
	Backing oneText `json:"backing_indices"`
}

func (r *resolved) stream(name string) *stream {
	for i := range r.DataStreams {
		if r.DataStreams[i].Name == name {
			return &r.DataStreams[i]
		}
	}
	return nil
}

func (r *resolved) exists(name string) bool {
	for _, i := range r.Indices {
		if i.Name == name {
			return true
		}
	}
	for _, a := range r.Aliases {
		if a.Name == name {
			return true
		}
	}
	return false
}

// resolve asks what a name stands for. Nothing is no error.
func (c *Client) resolve(ctx context.Context, name string) (*resolved, error) {
	var out resolved
	err := c.call(ctx, request{op: "resolve index", method: http.MethodGet, path: "/_resolve/index/" + name}, &out)
	e, ok := errors.AsType[*StatusError](err)
	switch {
	case ok && e.Status == http.StatusNotFound && e.Type != "":
		return &out, nil
	case ok && e.unsupported() && e.Status != http.StatusForbidden:
		return c.resolveByGet(ctx, name)
	}
	return &out, err
}

// resolveByGet asks in the older way, for servers that do not resolve names.
func (c *Client) resolveByGet(ctx context.Context, name string) (*resolved, error) {
	var indices map[string]struct{}
	var out resolved
	err := c.call(ctx, request{op: "get index", method: http.MethodGet, path: "/" + name}, &indices)
	if e, ok := errors.AsType[*StatusError](err); ok && e.Status == http.StatusNotFound {
		return &out, nil
	}
	if err != nil || len(indices) == 0 {
		return &out, err
	}
	names := slices.Sorted(maps.Keys(indices))
	if strings.HasPrefix(names[0], ".ds-") {
		out.DataStreams = []stream{{Name: name, Backing: names}}
	} else {
		out.Indices = append(out.Indices, struct {
			Name string `json:"name"`
		}{name})
	}
	return &out, nil
}

// nameForbidden is what Elasticsearch does not allow in a name, and what would make of it a pattern or a path.
const nameForbidden = "\\/*?\"<>| ,#:%&+"

// validateName checks a name that goes into the path of a request.
func validateName(what, name string) error {
	switch {
	case name == "" || len(name) > 200:
		return fmt.Errorf("%s: want 1 to 200 bytes", what)
	case strings.ContainsAny(name, nameForbidden) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%s %q: must hold none of %s", what, name, nameForbidden)
	case name != strings.ToLower(name):
		return fmt.Errorf("%s %q: must be in lower case", what, name)
	case strings.HasPrefix(name, "-") || strings.HasPrefix(name, "_") || name == "." || name == "..":
		return fmt.Errorf("%s %q: must not begin with - or _", what, name)
	}
	return nil
}

// oneText is one text or a list of them: an answer has either.
type oneText []string

// UnmarshalJSON takes both.
func (o *oneText) UnmarshalJSON(b []byte) error {
	list, err := textOrList(b)
	*o = list
	return err
}
