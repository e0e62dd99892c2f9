package pipeline

// The two kinds of import (Z23): a full one holds every live record, a delta only what changed.
const (
	FullImport  = "full"
	DeltaImport = "delta"
)

// importKind says what this run's input is taken for: full on the first run, by --full and where org.import says so.
func importKind(o Options, previous string) string {
	if previous == "" || o.Full || o.Config.Text("org.import") == "full" {
		return FullImport
	}
	return DeltaImport
}
