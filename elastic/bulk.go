package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// action is one line of a bulk request, without the document.
type action struct {
	// verb is index, create or delete.
	verb string
	// index is where, if not in the request's own index.
	index string
	id    string
	// version is the external version of a write that has one.
	versioned bool
	version   int64
	// guard is what the document must still be; nil for no matter.
	guard *guard
}

// guard names the state of a document by Elasticsearch's own numbers.
type guard struct {
	SeqNo       int64 `json:"_seq_no"`
	PrimaryTerm int64 `json:"_primary_term"`
}

// append adds the action's line. The id is untrusted text: it is quoted as JSON, never spliced.
func (a *action) append(b []byte) []byte {
	b = append(b, `{"`...)
	b = append(b, a.verb...)
	b = append(b, `":{`...)
	if a.index != "" {
		b = append(b, `"_index":`...)
		b = appendText(b, a.index)
		b = append(b, ',')
	}
	b = append(b, `"_id":`...)
	b = appendText(b, a.id)
	if a.versioned {
		b = append(b, `,"version":`...)
		b = strconv.AppendInt(b, a.version, 10)
		b = append(b, `,"version_type":"external_gte"`...)
	}
	if a.guard != nil {
		b = append(b, `,"if_seq_no":`...)
		b = strconv.AppendInt(b, a.guard.SeqNo, 10)
		b = append(b, `,"if_primary_term":`...)
		b = strconv.AppendInt(b, a.guard.PrimaryTerm, 10)
	}
	return append(b, "}}\n"...)
}

// appendText quotes a text as JSON; what is no UTF-8 in it becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the only error is about UTF-8, and it has then replaced it
	return b
}

// bulkItem is one action, and its document, in the body of a request.
type bulkItem struct {
	// at is the item's change in the batch.
	at         int
	verb       string
	start, end int
}

// bulk is the body of bulk requests for one batch: all items one after the other, so that any
// run of them is the body of a request.
type bulk struct {
	body  []byte
	items []bulkItem
}

// add appends an action; document appends its document, and is nil for a delete.
func (b *bulk) add(at int, a action, document func([]byte) ([]byte, error)) error {
	start := len(b.body)
	b.body = a.append(b.body)
	if document != nil {
		body, err := document(b.body)
		if err != nil {
			b.body = b.body[:start]
			return err
		}
		b.body = append(body, '\n')
	}
	b.items = append(b.items, bulkItem{at: at, verb: a.verb, start: start, end: len(b.body)})
	return nil
}

// itemAnswer is Elasticsearch's answer for one item.
type itemAnswer struct {
	Index  string      `json:"_index"`
	Status int         `json:"status"`
	Result string      `json:"result"`
	Error  *errorCause `json:"error"`
	// FailureStore is "used" when a data stream put the document aside.
	FailureStore string `json:"failure_store"`
}

type bulkAnswer struct {
	Items []struct {
		Index  *itemAnswer `json:"index"`
		Create *itemAnswer `json:"create"`
		Delete *itemAnswer `json:"delete"`
	} `json:"items"`
}

// answerFields keeps an answer small; all is read rightly as well if the server ignores it.
const answerFields = "errors,items.*._index,items.*.status,items.*.result,items.*.failure_store,items.*.error.type,items.*.error.reason,items.*.error.caused_by.type,items.*.error.caused_by.reason"

// bulkSender sends bulk requests within the limits and gives an answer for each item.
type bulkSender struct {
	client   *Client
	path     string
	query    url.Values
	maxItems int
	maxBytes int
	// onAnswer gets each item's answer.
	onAnswer func(item bulkItem, answer itemAnswer)
	// onRefused gets the items that can't even be sent alone.
	onRefused func(item bulkItem, err error)
}

// send sends all items in requests within the limits, one after the other. After an error
// nothing more is sent, and the items without an answer got none.
func (s *bulkSender) send(ctx context.Context, b *bulk) error {
	for items := b.items; len(items) > 0; {
		n := 1
		for n < len(items) && n < s.maxItems && items[n].end-items[0].start <= s.maxBytes {
			n++
		}
		if err := s.sendRun(ctx, b, items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// sendRun sends one run of items. One that the server will not take as a whole is
// halved until the item at fault is alone.
func (s *bulkSender) sendRun(ctx context.Context, b *bulk, items []bulkItem) error {
	const op = "bulk"
	answers, err := s.request(ctx, op, b.body[items[0].start:items[len(items)-1].end], items)
	if err == nil {
		for i, item := range items {
			s.onAnswer(item, answers[i])
		}
		return nil
	}
	status, ok := errors.AsType[*StatusError](err)
	if !ok || sync.Classify(err) != sync.Permanent {
		return err
	}
	if len(items) == 1 {
		if status.Status == http.StatusRequestEntityTooLarge {
			err = fmt.Errorf("the document of %d bytes is larger than the server takes: %w", items[0].end-items[0].start, err)
		}
		s.onRefused(items[0], err)
		return nil
	}
	half := len(items) / 2
	if err := s.sendRun(ctx, b, items[:half]); err != nil {
		return err
	}
	return s.sendRun(ctx, b, items[half:])
}

// request does one round trip and reads an answer for each item, or fails as a whole.
func (s *bulkSender) request(ctx context.Context, op string, body []byte, items []bulkItem) ([]itemAnswer, error) {
	buf := bufferPool.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	r := request{op: op, method: http.MethodPost, path: s.path, query: s.query, body: body, ndjson: true}
	if err := s.client.send(ctx, r, buf); err != nil {
		return nil, err
	}
	var answer bulkAnswer
	if err := decodeAnswer(op, buf.Bytes(), &answer); err != nil {
		return nil, err
	}
	if len(answer.Items) != len(items) {
		return nil, fmt.Errorf("%s: the answer has %d items for %d", op, len(answer.Items), len(items))
	}
	out := make([]itemAnswer, len(items))
	for i, a := range answer.Items {
		var got *itemAnswer
		switch items[i].verb {
		case "index":
			got = a.Index
		case "create":
			got = a.Create
		case "delete":
			got = a.Delete
		}
		if got == nil {
			return nil, fmt.Errorf("%s: item %d of the answer speaks of another action", op, i)
		}
		out[i] = *got
	}
	return out, nil
}

// bulkQuery is the parameters of every bulk request.
func bulkQuery(pipeline string) url.Values {
	q := url.Values{"filter_path": {answerFields}}
	if pipeline != "" {
		q.Set("pipeline", pipeline)
	}
	return q
}
