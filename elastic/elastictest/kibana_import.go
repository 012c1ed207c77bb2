package elastictest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// importRules is POST _import: 200 also when every line failed.
func importRules(c *kibanaCall) reply {
	if int64(len(c.body)) > c.k.opts.MaxImportBytes {
		return platformError(http.StatusRequestEntityTooLarge, "Payload content length greater than maximum allowed: %d", c.k.opts.MaxImportBytes)
	}
	file, fault := c.importFile()
	if fault != nil {
		return *fault
	}
	im := importing{call: c, overwrite: c.r.URL.Query().Get("overwrite") == "true"}
	im.read(file)
	if len(im.rules) > c.k.opts.MaxImportRules {
		return engineError(400, "Can't import more than %d rules", c.k.opts.MaxImportRules)
	}
	for _, rule := range im.rules {
		im.write(rule)
	}
	if im.errors == nil {
		im.errors = []any{}
	}
	return reply{status: 200, body: map[string]any{
		"success": len(im.errors) == 0, "success_count": im.done, "rules_count": im.lines, "errors": im.errors,
		"exceptions_success": true, "exceptions_success_count": im.exceptions, "exceptions_errors": []any{},
		"action_connectors_success": true, "action_connectors_success_count": 0, "action_connectors_errors": []any{}, "action_connectors_warnings": []any{},
	}}
}

func (c *kibanaCall) importFile() ([]byte, *reply) {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		a := platformError(http.StatusUnsupportedMediaType, "Unsupported Media Type")
		return nil, &a
	}
	form := multipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, badRequest("file: Required")
		}
		if part.FormName() != "file" {
			continue
		}
		if !strings.HasSuffix(part.FileName(), ".ndjson") {
			a := engineError(400, "Invalid file extension %s", part.FileName())
			return nil, &a
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return nil, badRequest("file: " + err.Error())
		}
		return b, nil
	}
}

type importing struct {
	call                    *kibanaCall
	overwrite               bool
	rules                   []map[string]any
	lines, done, exceptions int
	errors                  []any
}

// fail adds an error; a line that doesn't fit the schema is reported without saying which.
func (im *importing) fail(ruleID string, status int, message string) {
	e := map[string]any{"error": map[string]any{"status_code": status, "message": message}}
	if ruleID != "" {
		e["rule_id"] = ruleID
	}
	im.errors = append(im.errors, e)
}

func (im *importing) read(file []byte) {
	at := make(map[string]int) // rule_id to place in rules
	for line := range bytes.Lines(file) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		var in map[string]any
		if err := json.Unmarshal(line, &in); err != nil {
			im.lines++
			im.fail("", 400, "Unexpected token in JSON")
			continue
		}
		if has(in, "exported_count", "exported_rules_count") {
			continue
		}
		if has(in, "list_id", "item_id", "entries", "attributes") {
			im.exceptions++
			continue
		}
		im.lines++
		ruleID, ok := in["rule_id"].(string)
		if !ok {
			im.fail("", 400, "rule_id: Required")
			continue
		}
		if i, twice := at[ruleID]; twice {
			if !im.overwrite {
				im.fail(ruleID, 400, "More than one rule with rule-id: \""+ruleID+"\" found")
			}
			im.rules[i] = in
			continue
		}
		at[ruleID] = len(im.rules)
		im.rules = append(im.rules, in)
	}
}

func has(m map[string]any, names ...string) bool {
	for _, name := range names {
		if _, ok := m[name]; ok {
			return true
		}
	}
	return false
}

func (im *importing) write(in map[string]any) {
	c, ruleID := im.call, in["rule_id"].(string)
	rule, fault := c.k.readRule(in, true)
	if fault != nil {
		m, _ := fault.body.(map[string]any)
		message, _ := m["message"].(string)
		if strings.HasPrefix(message, "[request body]: ") {
			im.fail("", 400, strings.TrimPrefix(message, "[request body]: "))
		} else {
			im.fail(ruleID, 400, message)
		}
		return
	}
	delete(rule, "id")
	im.dropMissingLists(ruleID, rule)
	old := c.space.search(ruleID)
	switch {
	case old == nil:
		c.k.insert(c.space, withDefaults(rule))
	case !im.overwrite:
		im.fail(ruleID, http.StatusConflict, "rule_id: \""+ruleID+"\" already exists")
		return
	default:
		if _, ok := rule["version"]; !ok {
			rule["version"] = 1.0
		}
		if _, fault := c.overwrite(old, rule); fault != nil {
			m, _ := fault.body.(map[string]any)
			message, _ := m["message"].(string)
			im.fail(ruleID, 400, message)
			return
		}
	}
	im.done++
}

// dropMissingLists takes the exception lists that don't exist out of the rule and says so.
func (im *importing) dropMissingLists(ruleID string, rule map[string]any) {
	in, _ := rule["exceptions_list"].([]any)
	kept := make([]any, 0, len(in))
	for _, e := range in {
		m, _ := e.(map[string]any)
		listID, _ := m["list_id"].(string)
		if im.call.space.list(listID) == nil {
			im.fail(ruleID, 400, "Rule with rule_id: \""+ruleID+"\" references a non existent exception list of list_id: \""+listID+"\". Reference has been removed.")
			continue
		}
		kept = append(kept, e)
	}
	if in != nil {
		rule["exceptions_list"] = kept
	}
}

// exportRules is POST _export.
func exportRules(c *kibanaCall) reply {
	var in struct {
		Objects []struct {
			RuleID string `json:"rule_id"`
		} `json:"objects"`
	}
	if len(bytes.TrimSpace(c.body)) > 0 && string(bytes.TrimSpace(c.body)) != "null" {
		if err := json.Unmarshal(c.body, &in); err != nil {
			return *badRequest("objects: Expected array")
		}
	}
	var rules []*storedRule
	missing := []any{}
	if in.Objects == nil {
		rules = c.space.sorted()
	}
	for _, o := range in.Objects {
		if r := c.space.search(o.RuleID); r != nil && r.props["immutable"] != true {
			rules = append(rules, r)
		} else {
			missing = append(missing, map[string]any{"rule_id": o.RuleID})
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, r := range rules {
		_ = enc.Encode(r.props)
	}
	if c.r.URL.Query().Get("exclude_export_details") != "true" {
		_ = enc.Encode(map[string]any{
			"exported_count": len(rules), "exported_rules_count": len(rules), "missing_rules": missing, "missing_rules_count": len(missing),
			"exported_exception_list_count": 0, "exported_exception_list_item_count": 0,
		})
	}
	return reply{status: 200, ndjson: out.Bytes()}
}
