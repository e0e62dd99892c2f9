package publish_test

import (
	"testing"

	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/publish"
)

// A run over a tiny org should cost little more than its statements.
func BenchmarkRun_EmptyOrg(b *testing.B) {
	s := sqltest.Open(b)
	in := publish.In{Settings: defaults, AsOf: asOf}
	for b.Loop() {
		if _, err := publish.Run(b.Context(), s, in); err != nil {
			b.Fatal(err)
		}
	}
}
