package kibana

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Status is what a Kibana says of itself.
type Status struct {
	// Version is the number, "8.19.0"; empty if the credentials may not know.
	Version string
	// Serverless reports whether it is Elastic's serverless offer.
	Serverless bool
}

// ErrNotKibana says that what answers at the address is something else for certain.
var ErrNotKibana = errors.New("what answers there is not Kibana")

// Status asks Kibana who it is. A success is remembered. The error is [ErrNotKibana] if something else answers.
func (k *Client) Status(ctx context.Context) (Status, error) {
	k.mu.Lock()
	known := k.status
	k.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	const op = "kibana status"
	a, err := k.send(ctx, request{op: op, method: http.MethodGet, url: k.root + "/api/status"})
	if err != nil {
		return Status{}, err
	}
	s, err := readStatus(op, a)
	if err != nil {
		return Status{}, err
	}
	k.mu.Lock()
	k.status = &s
	k.mu.Unlock()
	return s, nil
}

// readStatus distinguishes Kibana from whatever else can answer at an address: by the headers of all of its answers, or
// by a status of its form. A server that is in trouble, or a proxy in front of it, may be Kibana still.
func readStatus(op string, a answer) (Status, error) {
	var body struct {
		Version    jsontext.Value `json:"version"`
		Status     jsontext.Value `json:"status"`
		StatusCode int            `json:"statusCode"`
		Error      jsontext.Value `json:"error"`
	}
	isJSON := json.Unmarshal(a.body, &body) == nil
	var version struct {
		Number string `json:"number"`
		Flavor string `json:"build_flavor"`
	}
	var overall struct {
		Overall jsontext.Value `json:"overall"`
	}
	_ = json.Unmarshal(body.Version, &version)
	_ = json.Unmarshal(body.Status, &overall)
	marked := a.header.Get("kbn-name") != "" || a.header.Get("kbn-license-sig") != "" ||
		a.status != http.StatusOK && isJSON && body.StatusCode == a.status ||
		strings.HasPrefix(string(a.body), "Kibana server is not ready")
	elasticsearch := a.header.Get("X-Elastic-Product") != "" || body.Error.Kind() == '{'
	switch {
	case elasticsearch && !marked:
		return Status{}, fmt.Errorf("%s: %w: it is Elasticsearch", op, ErrNotKibana)
	case a.status == http.StatusOK && (marked || version.Number != "" || overall.Overall != nil):
		return Status{Version: version.Number, Serverless: version.Flavor == "serverless"}, nil
	case marked || a.status >= 500 || a.status == http.StatusTooManyRequests || a.status == http.StatusRequestTimeout:
		return Status{}, newStatusError(op, a.status, a.header, a.body)
	}
	return Status{}, fmt.Errorf("%s: %w: status %d", op, ErrNotKibana, a.status)
}
