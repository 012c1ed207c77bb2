package kibana

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	stdsync "sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// FileName is the name of the file that [Files] writes; what is more than one import
// takes goes to rules-2.ndjson and so on.
const FileName = "rules.ndjson"

const (
	rulesSpool = "rules.ndjson.part"
	// maxRulesFile and maxRulesInFile are what one import of Kibana takes.
	maxRulesFile   = 10_000_000
	maxRulesInFile = 10_000
)

// Files is the [sync.Sink] for networks without a way out: it writes files that
// Kibana's import takes as they are, with the last state of each indicator's rule only.
// Until Close, changes are kept in a spool file; one that a crash left is taken up
// again, and so is a rules.ndjson that is there.
type Files struct {
	dir     string
	builder *rules.Builder

	mu    stdsync.Mutex
	spool *os.File
	size  int64
	at    map[string]span // rule_id to the line that counts
	order []string        // rule_ids in the order in which they came first
}

type span struct{ from, to int64 }

var _ sync.Sink = (*Files)(nil)

// NewFiles opens the spool file in that directory, which is made if it is not there. The caller must close it.
func NewFiles(dir string, builder *rules.Builder) (*Files, error) {
	if dir == "" || builder == nil {
		return nil, errors.New("rule files: a directory and a builder are needed")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("rule files: %w", err)
	}
	managed, err := managedLines(builder)
	if err != nil {
		return nil, fmt.Errorf("rule files: %w", err)
	}
	// The new spool takes the place of the old one only when it holds all of it.
	spool, err := os.CreateTemp(dir, rulesSpool+".*")
	if err != nil {
		return nil, fmt.Errorf("rule files: %w", err)
	}
	f := &Files{dir: dir, builder: builder, spool: spool, at: make(map[string]span)}
	if err = f.takeUp(dir, managed); err == nil {
		err = os.Rename(spool.Name(), filepath.Join(dir, rulesSpool))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("rule files: continue: %w", err), spool.Close(), os.Remove(spool.Name()))
	}
	return f, nil
}

// takeUp takes what the directory has of an earlier run, then the policy's own rules.
func (f *Files) takeUp(dir string, managed []byte) error {
	for n := 1; ; n++ {
		found, err := f.takeFile(filepath.Join(dir, rulesFileName(n)))
		if err != nil {
			return err
		}
		if !found {
			break
		}
	}
	if _, err := f.takeFile(filepath.Join(dir, rulesSpool)); err != nil {
		return err
	}
	return f.take(managed)
}

// takeFile takes the lines of a file, a part at a time; a crash may have cut the last one.
func (f *Files) takeFile(name string) (found bool, err error) {
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	const part = 1 << 20
	in := bufio.NewReaderSize(file, 64<<10)
	var lines []byte
	for {
		line, err := in.ReadBytes('\n')
		if err == nil {
			lines = append(lines, line...)
		} else if jsontext.Value(line).IsValid() {
			lines = append(append(lines, line...), '\n')
		}
		if len(lines) >= part || err != nil {
			if err := f.take(lines); err != nil {
				return true, err
			}
			lines = lines[:0]
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return true, err
		}
	}
}

func managedLines(builder *rules.Builder) ([]byte, error) {
	var out []byte
	for _, r := range builder.Managed() {
		line, err := rules.Marshal(r)
		if err != nil {
			return nil, err
		}
		out = append(append(out, line...), '\n')
	}
	return out, nil
}

// Name is "rule-files".
func (*Files) Name() string { return "rule-files" }

// Wants implements [sync.Selector]: only indicators have rules.
func (*Files) Wants(c sync.Change) bool { return c.Object == nil || c.Object.Type == "indicator" }

// Len is how many rules there are now.
func (f *Files) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.at)
}

// Write implements [sync.Sink].
func (f *Files) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("write rules: %w", err)
	}
	results := make([]sync.Result, len(changes))
	var lines []byte
	for i, c := range changes {
		var line []byte
		line, results[i] = f.line(c)
		lines = append(lines, line...)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spool == nil {
		return nil, errors.New("write rules: the files are closed")
	}
	if err := f.take(lines); err != nil {
		return nil, fmt.Errorf("write rules: %w", err)
	}
	return results, nil
}

// line is what a change adds to the spool: a rule, or that there is none.
func (f *Files) line(c sync.Change) ([]byte, sync.Result) {
	result := sync.Result{Outcome: sync.Done}
	if c.Object != nil && c.Object.Type != "indicator" {
		return nil, sync.Result{Outcome: sync.Ignored}
	}
	if c.Op == sync.Upsert && c.Object != nil {
		r, err := f.builder.Build(c.Object)
		var line []byte
		if err == nil {
			line, err = rules.Marshal(r)
		}
		if err == nil {
			return append(line, '\n'), result
		}
		if _, ok := errors.AsType[*rules.NoRuleError](err); !ok {
			return nil, sync.Result{Outcome: sync.Refused, Err: fmt.Errorf("build rule: %w", err)}
		}
		result = sync.Result{Outcome: sync.Ignored, Err: err}
	}
	return append(tombstone(f.builder.RuleID(c.Key)), '\n'), result
}

func tombstone(ruleID string) []byte {
	b, _ := json.Marshal(map[string]any{"rule_id": ruleID, "deleted": true}, json.Deterministic(true)) // texts always marshal
	return b
}

// take adds lines to the spool and notes where they are.
func (f *Files) take(lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	if _, err := f.spool.WriteAt(lines, f.size); err != nil {
		return err
	}
	if err := f.spool.Sync(); err != nil {
		return err
	}
	from := f.size
	for line := range bytes.Lines(lines) {
		to := from + int64(len(line))
		var entry struct {
			RuleID  string `json:"rule_id"`
			Deleted bool   `json:"deleted"`
		}
		if err := json.Unmarshal(line, &entry); err == nil && entry.RuleID != "" {
			_, known := f.at[entry.RuleID]
			switch {
			case entry.Deleted:
				delete(f.at, entry.RuleID)
			case !known:
				f.order = append(f.order, entry.RuleID)
				fallthrough
			default:
				f.at[entry.RuleID] = span{from, to}
			}
		}
		from = to
	}
	f.size = from
	return nil
}

// Close writes the files, each at once or not at all, and removes the spool.
func (f *Files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spool == nil {
		return nil
	}
	files, err := f.write()
	if err == nil {
		err = errors.Join(f.spool.Close(), os.Remove(filepath.Join(f.dir, rulesSpool)))
	} else {
		err = errors.Join(err, f.spool.Close())
	}
	f.spool = nil
	for n := files + 1; err == nil && n > 1; n++ {
		if os.Remove(filepath.Join(f.dir, rulesFileName(n))) != nil {
			break // no more of an earlier, larger run
		}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", FileName, err)
	}
	return nil
}

func (f *Files) write() (files int, err error) {
	var out bytes.Buffer
	rulesIn := 0
	flush := func() error {
		files++
		err := writeWhole(filepath.Join(f.dir, rulesFileName(files)), out.Bytes())
		out.Reset()
		rulesIn = 0
		return err
	}
	seen := make(map[string]bool, len(f.at))
	for _, id := range f.order {
		at, live := f.at[id]
		if !live || seen[id] {
			continue
		}
		seen[id] = true
		line := make(jsontext.Value, at.to-at.from)
		if _, err := f.spool.ReadAt(line, at.from); err != nil && !errors.Is(err, io.EOF) {
			return files, err
		}
		if rulesIn > 0 && (rulesIn == maxRulesInFile || out.Len()+len(line) > maxRulesFile) {
			if err := flush(); err != nil {
				return files, err
			}
		}
		out.Write(line)
		rulesIn++
	}
	return files, errors.Join(err, flush())
}

func rulesFileName(n int) string {
	if n == 1 {
		return FileName
	}
	return fmt.Sprintf("rules-%d.ndjson", n)
}

// writeWhole writes a file so that it is there whole or not at all.
func writeWhole(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// WriteNDJSON writes the rules of objects as an import takes them, one a line, in the order
// in which the indicators came first, with each one's last state only; then those of the policy. It gives
// what happened to each object, as [Files.Write] does.
func WriteNDJSON(w io.Writer, builder *rules.Builder, changes []sync.Change) ([]sync.Result, error) {
	f := &Files{builder: builder}
	results := make([]sync.Result, len(changes))
	last := make(map[string][]byte)
	var order []string
	for i, c := range changes {
		line, result := f.line(c)
		if results[i] = result; line == nil {
			continue
		}
		id := builder.RuleID(c.Key)
		if _, known := last[id]; !known {
			order = append(order, id)
		}
		if last[id] = line; result.Outcome != sync.Done || c.Op == sync.Delete {
			last[id] = nil
		}
	}
	for _, id := range order {
		if _, err := w.Write(last[id]); err != nil {
			return results, fmt.Errorf("write rules: %w", err)
		}
	}
	managed, err := managedLines(builder)
	if err == nil {
		_, err = w.Write(managed)
	}
	if err != nil {
		return results, fmt.Errorf("write rules: %w", err)
	}
	return results, nil
}
