package native

import (
	"encoding/json"
	"errors"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

// checkDSL reads a query in Query DSL: a JSON object.
func checkDSL(text string) error {
	c := cursor{lang: query.DSL, text: text}
	var body map[string]any
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		at := 0
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(syntax.Offset)
		}
		return c.fault(at, "not a JSON object: "+err.Error())
	}
	if len(body) == 0 {
		return c.fault(0, "empty object")
	}
	return nil
}
