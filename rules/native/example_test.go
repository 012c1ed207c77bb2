package native_test

import (
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/rules/native"
	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

func ExampleCheck() {
	fmt.Println(native.Check(query.EQL, "process where process.name = \"cmd.exe\""))
	fmt.Println(native.Check(query.KQL, "url.full: http://evil.example/x"))
	// Output:
	// EQL query: line 1, column 28: = where and, or, or the end is expected; equality is ==
	// KQL query: line 1, column 15: a colon that stands behind no field; put a value that holds one between double quotes
}

func ExampleWithMetadata() {
	fmt.Println(native.WithMetadata("FROM logs-* // events\n| WHERE user.name == \"x\" | KEEP host.name"))
	// Output:
	// FROM logs-* METADATA _id, _index, _version // events
	// | WHERE user.name == "x" | KEEP host.name, _id, _index, _version METADATA _id, _index, _version was added to the query and to KEEP, without which alerts come again at each run.
}
