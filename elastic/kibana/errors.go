package kibana

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
)

// typeDetectionEngine is the Type of a [elastic.StatusError] that the detection engine
// itself gave, in words of its own; the platform's has none.
const typeDetectionEngine = "detection_engine"

// newStatusError reads both forms of error: the platform's
// {"statusCode":…,"error":…,"message":…} and the detection engine's
// {"message":…,"status_code":…}, whose message may be a list.
func newStatusError(op string, status int, header http.Header, body []byte) error {
	e := &elastic.StatusError{Op: op, Status: status, Wait: endpoint.RetryAfter(header, time.Now())}
	var parsed struct {
		Message    jsontext.Value `json:"message"`
		Error      jsontext.Value `json:"error"`
		StatusCode jsontext.Value `json:"status_code"`
	}
	if json.Unmarshal(body, &parsed) == nil {
		e.Reason = endpoint.Clip(messageText(parsed.Message))
		if e.Reason == "" {
			e.Reason = endpoint.Clip(messageText(parsed.Error))
		}
		if len(parsed.StatusCode) > 0 {
			e.Type = typeDetectionEngine
		}
	}
	if unknownAPIVersion(e) {
		return &blockedAnswer{e}
	}
	return e
}

func messageText(v jsontext.Value) string {
	var one string
	if json.Unmarshal(v, &one) == nil {
		return one
	}
	var many []string
	if json.Unmarshal(v, &many) == nil {
		return strings.Join(many, "; ")
	}
	return ""
}

// unknownAPIVersion: this Kibana doesn't know the version of the API that we
// speak. It is the same for every request, so no rule is at fault.
func unknownAPIVersion(e *elastic.StatusError) bool {
	return e.Status == http.StatusBadRequest && e.Type == "" &&
		(strings.HasPrefix(e.Reason, "No version ") || strings.Contains(e.Reason, "elastic-api-version") || strings.Contains(e.Reason, "kbn-xsrf"))
}

// blockedAnswer is a refusal that someone has to act upon, though its status speaks of the request.
type blockedAnswer struct{ *elastic.StatusError }

// Blocked tells that someone has to act.
func (*blockedAnswer) Blocked() bool { return true }

// Unwrap gives the answer.
func (e *blockedAnswer) Unwrap() error { return e.StatusError }

// statusOf is the status of Kibana's answer, or 0 if it gave none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*elastic.StatusError](err); ok {
		return e.Status
	}
	return 0
}

// noSuchRule tells whether the detection engine said that there is no such rule.
// The platform's own 404 means a wrong URL, a space that doesn't exist, or Security switched off.
func noSuchRule(err error) bool {
	e, ok := errors.AsType[*elastic.StatusError](err)
	return ok && e.Status == http.StatusNotFound && (e.Type == typeDetectionEngine || strings.Contains(e.Reason, "not found") && e.Reason != "Not Found")
}

// reasonOf is what Kibana said, or the error's own text.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*elastic.StatusError](err); ok && e.Reason != "" {
		return e.Reason
	}
	return err.Error()
}

func unknownVersion(err error) bool {
	_, ok := errors.AsType[*blockedAnswer](err)
	return ok
}
