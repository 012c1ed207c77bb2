package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
)

const (
	// managedBy marks the templates that are ours.
	managedBy = "opencti-elastic"
	// templatePriority is above those of Elastic's own templates and of the Python connector's (500).
	templatePriority = 600
	// refreshInterval is how soon a write can be found; rules run every few minutes.
	refreshInterval = "5s"
	// settingsVersion grows with every change of the templates but for the mapping, which has a version of its own.
	settingsVersion = 1
)

// installedVersion is the version that both templates carry.
const installedVersion = settingsVersion*1000 + ecs.TemplateVersion

// templates are the names of what is installed for an index. The names carry the index's, so
// that two instances with indices of their own do not meet.
type templates struct{ index, component, custom string }

func templatesFor(index string) templates {
	return templates{index: index, component: index + "@package", custom: index + "@custom"}
}

type meta struct {
	ManagedBy   string `json:"managed_by,omitempty"`
	Description string `json:"description,omitempty"`
	// Mode is "lookup" where the index is made in lookup mode.
	Mode string `json:"mode,omitempty"`
}

type templateBody struct {
	Settings map[string]any `json:"settings,omitempty"`
	Mappings jsontext.Value `json:"mappings,omitempty"`
}

type componentTemplate struct {
	Template templateBody `json:"template"`
	Version  int          `json:"version"`
	Meta     meta         `json:"_meta"`
}

type indexTemplate struct {
	Patterns      []string `json:"index_patterns"`
	ComposedOf    []string `json:"composed_of"`
	IgnoreMissing []string `json:"ignore_missing_component_templates"`
	Priority      int      `json:"priority"`
	AutoCreate    bool     `json:"allow_auto_create"`
	Version       int      `json:"version"`
	Meta          meta     `json:"_meta"`
}

func (x *Index) body() templateBody {
	settings := map[string]any{"refresh_interval": refreshInterval}
	if mode := x.mode(); mode != "" {
		settings["mode"] = mode
	}
	return templateBody{Settings: map[string]any{"index": settings}, Mappings: ecs.Mapping()}
}

func (x *Index) mode() string {
	if x.o.Lookup {
		return "lookup"
	}
	return ""
}

func (x *Index) meta(description string) meta {
	return meta{ManagedBy: managedBy, Description: description, Mode: x.mode()}
}

// indexBody makes an index without the templates' help.
func (x *Index) indexBody() []byte { return mustMarshal(x.body()) }

func (x *Index) component() componentTemplate {
	return componentTemplate{Template: x.body(), Version: installedVersion,
		Meta: x.meta("Fields and settings of OpenCTI's threat indicators. Put your own into " + templatesFor(x.o.Name).custom + ".")}
}

func (x *Index) template() indexTemplate {
	names := templatesFor(x.o.Name)
	return indexTemplate{
		Patterns: []string{x.o.Name}, Priority: templatePriority, Version: installedVersion,
		ComposedOf: []string{names.component, names.custom}, IgnoreMissing: []string{names.custom},
		AutoCreate: false, // a deleted index comes back by our own hand, with its mapping, not by a late write
		Meta:       x.meta("Index of OpenCTI's threat indicators."),
	}
}

// installTemplates stores what is missing or older. Without the right to do so the index
// can still be made from its full description: false.
func (x *Index) installTemplates(ctx context.Context) (stored bool, err error) {
	names := templatesFor(x.o.Name)
	steps := []struct {
		kind, name string
		body       any
	}{
		{"component_template", names.component, x.component()},
		{"index_template", names.index, x.template()},
	}
	for _, s := range steps {
		if err := x.installTemplate(ctx, s.kind, s.name, mustMarshal(s.body)); err != nil {
			if e, ok := errors.AsType[*StatusError](err); ok && e.unsupported() {
				x.o.Logger.WarnContext(ctx, "the templates cannot be installed; the index is made without them", "index", x.o.Name, "error", err)
				return false, nil
			}
			return false, err
		}
	}
	return true, nil
}

// storedTemplate is what of an installed template has to be known.
type storedTemplate struct {
	Version int  `json:"version"`
	Meta    meta `json:"_meta"`
}

func (x *Index) installTemplate(ctx context.Context, kind, name string, body []byte) error {
	path := "/_" + kind + "/" + name
	var answer struct {
		Components []struct {
			Name     string         `json:"name"`
			Template storedTemplate `json:"component_template"`
		} `json:"component_templates"`
		Indices []struct {
			Name     string         `json:"name"`
			Template storedTemplate `json:"index_template"`
		} `json:"index_templates"`
	}
	err := x.o.Client.call(ctx, request{op: "get " + kind, method: http.MethodGet, path: path}, &answer)
	if e, ok := errors.AsType[*StatusError](err); err != nil && (!ok || e.Status != http.StatusNotFound) {
		return err
	}
	var there *storedTemplate
	for i := range answer.Components {
		if answer.Components[i].Name == name {
			there = &answer.Components[i].Template
		}
	}
	for i := range answer.Indices {
		if answer.Indices[i].Name == name {
			there = &answer.Indices[i].Template
		}
	}
	switch {
	case there != nil && there.Meta.ManagedBy != managedBy:
		return endpoint.NeedsAction(fmt.Errorf("the %s %s is not ours: rename it or choose another index name", kind, name))
	case there != nil && (there.Version > installedVersion || there.Version == installedVersion && there.Meta.Mode == x.mode()):
		return nil
	}
	if err := x.o.Client.call(ctx, request{op: "put " + kind, method: http.MethodPut, path: path, body: body}, nil); err != nil {
		return err
	}
	x.o.Logger.InfoContext(ctx, "installed a template", "kind", kind, "name", name, "version", installedVersion)
	return nil
}

func mustMarshal(v any) []byte {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic("elastic: " + err.Error()) // plain structs of our own
	}
	return b
}
