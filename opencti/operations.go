package opencti

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The documents below use no field or argument that a platform from 5.12 on does not know: one
// unknown name fails a whole request, with HTTP status 200.

// About is what a platform says of itself.
type About struct {
	// Version is "6.8.10", "7.260817.0".
	Version string `json:"version"`
}

// About asks for the platform's version.
func (c *Client) About(ctx context.Context) (About, error) {
	var out struct {
		About About `json:"about"`
	}
	err := c.do(ctx, "about", `query { about { version } }`, map[string]any{}, &out)
	return out.About, err
}

// Registration is a connector to be registered.
type Registration struct {
	// ID is a UUID of version 4.
	ID string
	// Name is what people see.
	Name string
	// Scope is what OpenCTI shows as the connector's scope; streams have no use for it.
	Scope []string
}

// Registered is what the platform knows of a connector.
type Registered struct {
	ID string `json:"id"`
	// State is the text that was last given to Ping; empty if there is none, or it was reset.
	State string `json:"connector_state"`
	// UserID is the user whose token it was.
	UserID string `json:"connector_user_id"`
}

// Register makes the connector known to the platform, as one of type STREAM.
func (c *Client) Register(ctx context.Context, r Registration) (Registered, error) {
	const query = `mutation Register($input: RegisterConnectorInput) { registerConnector(input: $input) { id connector_state connector_user_id } }`
	scope := r.Scope
	if scope == nil {
		scope = []string{}
	}
	var out struct {
		Registered Registered `json:"registerConnector"`
	}
	err := c.do(ctx, "registerConnector", query, map[string]any{"input": map[string]any{
		"id": r.ID, "name": r.Name, "type": "STREAM", "scope": scope,
		"auto": false, "only_contextual": false, "playbook_compatible": false,
	}}, &out)
	return out.Registered, err
}

// Ping says that the connector is alive and gives its state, a JSON text or "null". The
// answer is the state as the platform now has it; another one than was sent is an order to take that.
func (c *Client) Ping(ctx context.Context, id, state string) (string, error) {
	const query = `mutation Ping($id: ID!, $state: String) { pingConnector(id: $id, state: $state) { id connector_state } }`
	var out struct {
		Ping *Registered `json:"pingConnector"`
	}
	err := c.do(ctx, "pingConnector", query, map[string]any{"id": id, "state": state}, &out)
	switch {
	case err != nil:
		return "", err
	case out.Ping == nil:
		return "", &GraphQLError{Op: "pingConnector", Message: "it knows no connector with this id"}
	}
	return out.Ping.State, nil
}

// AddPatternTypes makes sure that indicators can have these pattern types, by adding
// those that the platform lacks. It returns what was added, and the faults of the others.
func (c *Client) AddPatternTypes(ctx context.Context, names ...string) (added []string, err error) {
	var errs []error
	for _, name := range names {
		have, err := c.hasPatternType(ctx, name)
		if err == nil && !have {
			if err = c.addPatternType(ctx, name); err == nil {
				added = append(added, name)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("pattern type %s: %w", name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return added, errors.Join(errs...)
}

const patternTypes = "pattern_type_ov"

func (c *Client) hasPatternType(ctx context.Context, name string) (bool, error) {
	const query = `query ($filters: FilterGroup) { vocabularies(filters: $filters) { edges { node { id name category { key } } } } }`
	type filter struct {
		Key    string   `json:"key"`
		Values []string `json:"values"`
	}
	var out struct {
		Vocabularies struct {
			Edges []struct {
				Node struct {
					Name string `json:"name"`
				} `json:"node"`
			} `json:"edges"`
		} `json:"vocabularies"`
	}
	err := c.do(ctx, "vocabularies", query, map[string]any{"filters": map[string]any{
		"mode":         "and",
		"filters":      []filter{{"category", []string{patternTypes}}, {"name", []string{name}}},
		"filterGroups": []any{},
	}}, &out)
	for _, edge := range out.Vocabularies.Edges {
		if strings.EqualFold(edge.Node.Name, name) {
			return true, err
		}
	}
	return false, err
}

func (c *Client) addPatternType(ctx context.Context, name string) error {
	const query = `mutation ($input: VocabularyAddInput!) { vocabularyAdd(input: $input) { id name category { key } } }`
	var out struct{}
	return c.do(ctx, "vocabularyAdd", query, map[string]any{"input": map[string]any{
		"name": name, "description": "Queries of Elastic Security: " + name, "category": patternTypes,
	}}, &out)
}
