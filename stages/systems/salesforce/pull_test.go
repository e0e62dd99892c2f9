package salesforce

import (
	"testing"

	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// C1–C8: all objects of the org, whole.
func TestPull_C8_WholeOrg(t *testing.T) {
	o := serve(t, simulator.Switches{})
	dir := t.TempDir()
	done, err := o.client().Pull(t.Context(), PullIn{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	have, want := read(t, dir, done), wanted(t, demoCRM)
	for object := range want {
		if err := differ(want[object], have[object]); err != nil {
			t.Errorf("%s: %v", object, err)
		}
	}
	t.Log(done.Calls)
}
