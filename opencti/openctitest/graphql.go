package openctitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// connector is what the platform knows of the one connector, and of vocabularies.
type connector struct {
	id         string
	state      *string
	reset      bool
	pings      []string
	vocabulary []string
	// fail is how many more GraphQL requests are answered with failStatus.
	fail, failStatus int
	operations       []string
}

// ResetState is what "reset the connector state" in the user interface does: the next ping
// stores nothing and is answered with an empty state.
func (s *Server) ResetState() {
	s.change(func() {
		empty := ""
		s.connector.state, s.connector.reset = &empty, true
	})
}

// DeleteConnector does what deleting the connector in the user interface does: pings are refused until it registers again.
func (s *Server) DeleteConnector() { s.change(func() { s.connector.id, s.connector.state = "", nil }) }

// SetState makes the platform hold a connector state, as if an earlier run had left it.
func (s *Server) SetState(state string) { s.change(func() { s.connector.state = &state }) }

// State is the connector's state as the platform holds it; false if there is none.
func (s *Server) State() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connector.state == nil {
		return "", false
	}
	return *s.connector.state, true
}

// Pings returns the states that pings have brought, in their order.
func (s *Server) Pings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.connector.pings)
}

// Operations returns the names of the GraphQL operations that were asked for, in their order.
func (s *Server) Operations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.connector.operations)
}

// Vocabulary returns the pattern types that exist.
func (s *Server) Vocabulary() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.connector.vocabulary)
}

// FailGraphQL answers the next n GraphQL requests with an HTTP status.
func (s *Server) FailGraphQL(n, status int) {
	s.change(func() { s.connector.fail, s.connector.failStatus = n, status })
}

// field is what a version of the platform knows of a root field: its arguments, and what
// may be selected, by path.
type field struct {
	arguments, selection []string
	answer               func(s *Server, variables map[string]any) (any, error)
}

var inputs = []string{"id", "name", "type", "scope", "auto", "only_contextual", "playbook_compatible"}

// schema is the least that all versions from 5.12 on know.
func schema() map[string]field {
	return map[string]field{
		"about":             {nil, []string{"version"}, (*Server).about},
		"registerConnector": {[]string{"input"}, []string{"id", "connector_state", "connector_user_id"}, (*Server).register},
		"pingConnector":     {[]string{"id", "state"}, []string{"id", "connector_state"}, (*Server).ping},
		"streamCollection":  {[]string{"id"}, []string{"id", "name", "description", "stream_live", "stream_public"}, (*Server).collection},
		"vocabularies":      {[]string{"filters"}, []string{"edges", "node", "id", "name", "category", "key"}, (*Server).vocabularies},
		"vocabularyAdd":     {[]string{"input"}, []string{"id", "name", "category", "key"}, (*Server).vocabularyAdd},
	}
}

// platformError is a failure of an operation.
type platformError struct{ name, message string }

func (e *platformError) Error() string { return e.message }

// invalid is the refusal of a document or variable.
func invalid(format string, args ...any) error {
	return &platformError{"GRAPHQL_VALIDATION_FAILED", fmt.Sprintf(format, args...)}
}

func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	if status := s.failing(); status != 0 {
		w.WriteHeader(status)
		return
	}
	var in struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	name, answer, err := s.operate(r, in.Query, in.Variables)
	out := map[string]any{"data": map[string]any{name: answer}}
	if err != nil {
		var e *platformError
		if !errors.As(err, &e) {
			e = &platformError{"INTERNAL_SERVER_ERROR", err.Error()}
		}
		out = map[string]any{"errors": []any{map[string]any{"message": e.message, "name": e.name}}, "data": nil}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(out)
}

func (s *Server) failing() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connector.fail == 0 {
		return 0
	}
	s.connector.fail--
	return s.connector.failStatus
}

func (s *Server) operate(r *http.Request, query string, variables map[string]any) (name string, answer any, err error) {
	op, err := parseOperation(query)
	if err != nil {
		return "", nil, err
	}
	f, ok := schema()[op.field]
	if !ok {
		return op.field, nil, invalid("Cannot query field %q on type %q.", op.field, op.kind)
	}
	s.change(func() { s.connector.operations = append(s.connector.operations, op.field) })
	for _, a := range op.arguments {
		if !slices.Contains(f.arguments, a) {
			return op.field, nil, invalid("Unknown argument %q on field %q.", a, op.field)
		}
	}
	for _, sel := range op.selection {
		if !slices.Contains(f.selection, sel) {
			return op.field, nil, invalid("Cannot query field %q on the type of %q.", sel, op.field)
		}
	}
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		return op.field, nil, &platformError{"AUTH_REQUIRED", "You must be logged in to do this."}
	}
	answer, err = f.answer(s, variables)
	return op.field, answer, err
}

// operation is a GraphQL document with one root field.
type operation struct {
	kind, field          string
	arguments, selection []string
}

var (
	token    = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*|[{}():$!,\[\]]`)
	nameForm = regexp.MustCompile(`^[A-Za-z_]`)
)

// parseOperation reads "query Name($v: T) { field(a: $v) { a b { c } } }".
func parseOperation(text string) (operation, error) {
	op := operation{kind: "Query"}
	body := strings.IndexByte(text, '{')
	if body < 0 {
		return op, invalid("Syntax Error: Expected {.")
	}
	if strings.HasPrefix(strings.TrimSpace(text), "mutation") {
		op.kind = "Mutation"
	}
	tokens := token.FindAllString(text[body:], -1)
	depth, inArguments := 0, false
	for i, t := range tokens {
		switch {
		case t == "{" && !inArguments:
			depth++
		case t == "}" && !inArguments:
			depth--
		case t == "(":
			inArguments = true
		case t == ")":
			inArguments = false
		case !nameForm.MatchString(t):
		case inArguments:
			if i+1 < len(tokens) && tokens[i+1] == ":" {
				op.arguments = append(op.arguments, t)
			}
		case depth == 1 && op.field == "":
			op.field = t
		default:
			op.selection = append(op.selection, t)
		}
	}
	if depth != 0 || op.field == "" {
		return op, invalid("Syntax Error: Expected Name, found <EOF>.")
	}
	return op, nil
}
