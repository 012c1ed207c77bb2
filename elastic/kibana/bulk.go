package kibana

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
)

// MaxBulkIDs is how many ids Kibana takes in one bulk action.
const MaxBulkIDs = 100

// A BulkAction is what a bulk request does to rules.
type BulkAction string

// The actions that we use.
const (
	BulkDelete  BulkAction = "delete"
	BulkEnable  BulkAction = "enable"
	BulkDisable BulkAction = "disable"
)

// ErrNoIDs refuses a bulk action without ids: Kibana would take it for every rule of the space.
var ErrNoIDs = errors.New("bulk action: no ids; Kibana would act on every rule of the space")

// BulkAction does one thing to the rules of these ids (Kibana's, 1 to [MaxBulkIDs] of them). It
// gives what Kibana said of each that failed; the others are done. A rule that
// isn't there any more counts as failed.
func (k *Client) BulkAction(ctx context.Context, action BulkAction, ids []string) (failed map[string]error, err error) {
	switch {
	case len(ids) == 0 || slices.Contains(ids, ""):
		return nil, ErrNoIDs
	case len(ids) > MaxBulkIDs:
		return nil, fmt.Errorf("bulk action: %d ids, at most %d are taken", len(ids), MaxBulkIDs)
	}
	switch action {
	case BulkDelete, BulkEnable, BulkDisable:
	default:
		return nil, fmt.Errorf("bulk action: unknown action %q", action)
	}
	body, err := json.Marshal(struct {
		Action BulkAction `json:"action"`
		IDs    []string   `json:"ids"`
	}{action, ids})
	if err != nil {
		return nil, fmt.Errorf("bulk action: %w", err)
	}
	op := "bulk " + string(action)
	b, err := k.do(ctx, request{
		op: op, method: http.MethodPost, url: k.base + rulesPath + "/_bulk_action", body: body, timeout: k.importTimeout,
		// Some failed: a 500 with the results inside.
		accept: func(status int, body []byte) bool {
			var partial actionAnswer
			return status == http.StatusInternalServerError && json.Unmarshal(body, &partial) == nil && partial.Attributes != nil
		},
	})
	if err != nil {
		return nil, err
	}
	return readActionAnswer(op, b, ids)
}

type actionAnswer struct {
	Attributes *struct {
		Results struct {
			Updated []actionRule `json:"updated"`
			Deleted []actionRule `json:"deleted"`
			Skipped []actionRule `json:"skipped"`
		} `json:"results"`
		Errors []struct {
			Message    string       `json:"message"`
			StatusCode int          `json:"status_code"`
			Rules      []actionRule `json:"rules"`
		} `json:"errors"`
	} `json:"attributes"`
}

type actionRule struct {
	ID string `json:"id"`
}

// readActionAnswer finds what became of each id. One that the answer doesn't speak of counts as failed.
func readActionAnswer(op string, b []byte, ids []string) (map[string]error, error) {
	var answer actionAnswer
	if err := json.Unmarshal(b, &answer); err != nil || answer.Attributes == nil {
		return nil, fmt.Errorf("%s: the answer has no results", op)
	}
	done := make(map[string]bool, len(ids))
	results := answer.Attributes.Results
	for _, list := range [][]actionRule{results.Updated, results.Deleted, results.Skipped} {
		for _, r := range list {
			done[r.ID] = true
		}
	}
	failed := make(map[string]error)
	for _, e := range answer.Attributes.Errors {
		for _, r := range e.Rules {
			failed[r.ID] = &elastic.StatusError{Op: op, Status: e.StatusCode, Type: typeDetectionEngine, Reason: endpoint.Clip(e.Message)}
		}
	}
	for _, id := range ids {
		if !done[id] && failed[id] == nil {
			failed[id] = fmt.Errorf("%s: Kibana's answer doesn't say what became of the rule", op)
		}
	}
	return failed, nil
}

// An ImportResult is what Kibana said of an import; it answers 200 also when every line failed.
type ImportResult struct {
	// Failed is Kibana's words on the rules that it named.
	Failed map[string]*elastic.StatusError
	// Unnamed is its words on rules that it didn't name; there can be fewer than rules that failed.
	Unnamed []*elastic.StatusError
	// Lost tells that fewer rules went in than the errors account for: it can't be
	// said which of the rules that aren't in Failed are in Kibana.
	Lost bool
}

// ImportRules creates rules, and replaces existing ones if overwrite is set: then
// every field that is left out goes back to its default.
func (k *Client) ImportRules(ctx context.Context, rules []jsontext.Value, overwrite bool) (ImportResult, error) {
	if len(rules) == 0 {
		return ImportResult{}, nil
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "rules.ndjson")
	if err != nil {
		return ImportResult{}, fmt.Errorf("import rules: %w", err)
	}
	for _, r := range rules {
		_, _ = part.Write(r) // a buffer takes all
		_, _ = part.Write([]byte{'\n'})
	}
	if err := form.Close(); err != nil {
		return ImportResult{}, fmt.Errorf("import rules: %w", err)
	}
	target := k.base + rulesPath + "/_import"
	if overwrite {
		target += "?overwrite=true"
	}
	b, err := k.do(ctx, request{
		op: "import rules", method: http.MethodPost, url: target, body: body.Bytes(),
		contentType: form.FormDataContentType(), timeout: k.importTimeout,
	})
	if err != nil {
		return ImportResult{}, err
	}
	return readImport(b, len(rules))
}

func readImport(b []byte, sent int) (ImportResult, error) {
	type failure struct {
		RuleID string `json:"rule_id"`
		Error  struct {
			StatusCode int    `json:"status_code"`
			Message    string `json:"message"`
		} `json:"error"`
	}
	var answer struct {
		Success          *bool     `json:"success"`
		SuccessCount     int       `json:"success_count"`
		Errors           []failure `json:"errors"`
		ExceptionsErrors []failure `json:"exceptions_errors"`
		ConnectorErrors  []failure `json:"action_connectors_errors"`
	}
	if err := json.Unmarshal(b, &answer); err != nil || answer.Success == nil {
		return ImportResult{}, errors.New("import rules: the answer is none of an import")
	}
	result := ImportResult{Failed: make(map[string]*elastic.StatusError)}
	for _, f := range slices.Concat(answer.Errors, answer.ExceptionsErrors, answer.ConnectorErrors) {
		e := &elastic.StatusError{Op: "import rules", Status: f.Error.StatusCode, Type: typeDetectionEngine, Reason: endpoint.Clip(f.Error.Message)}
		if f.RuleID == "" || f.RuleID == "(unknown id)" {
			result.Unnamed = append(result.Unnamed, e)
			continue
		}
		result.Failed[f.RuleID] = e
	}
	result.Lost = len(result.Unnamed) > 0 || answer.SuccessCount+len(result.Failed) < sent
	return result, nil
}
