package pipeline

import (
	"os/exec"
	"strings"
	"testing"
)

// Imports point one way: cmd → pipeline → stages → sql → schemas; stages do not import each other and meet in
// pipeline. linkage (the model) and systems/* (the sources) are leaves.
func TestImportsPointOneWay(t *testing.T) {
	const module = "github.com/crmlink/crmlink/"
	list := exec.Command("go", "list", "-tags", "duckdb_arrow", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	may := func(from, to string) bool {
		leaf := strings.HasPrefix(to, "stages/linkage") || strings.HasPrefix(to, "stages/systems/")
		switch top, _, _ := strings.Cut(from, "/"); {
		case strings.HasPrefix(from, "cmd/crmlink/demo"):
			return false // the generator knows nothing of what it tests
		case from == "pipeline/report" || from == "pipeline/control" || from == "pipeline/schedule":
			return false // leaves: pipeline gathers what they show, and knows what their words mean
		case top == "cmd":
			return true
		case top == "pipeline":
			return !strings.HasPrefix(to, "cmd/")
		case strings.HasPrefix(from, "stages/systems/"):
			return to == "schemas"
		case strings.HasPrefix(from, "stages/linkage"):
			return to == "schemas"
		case from == "stages/block" || from == "stages/score":
			return strings.HasPrefix(to, "stages/linkage") || to == "sql" || to == "schemas"
		case top == "stages":
			return to == "sql" || to == "schemas" || leaf && strings.HasPrefix(to, from+"/")
		case from == "sql/parquet":
			return false // a leaf: it reads a file and knows of no table
		case top == "sql":
			return to == "schemas" || to == "sql" || from == "sql" && to == "sql/parquet"
		}
		return false // schemas stands alone
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		from := strings.TrimPrefix(words[0], module)
		for _, imported := range words[1:] {
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			seen++
			if !may(from, to) {
				t.Errorf("%s imports %s", from, to)
			}
		}
	}
	if seen == 0 {
		t.Error("no import between our own packages was seen: the test reads nothing")
	}
}
