package linkage

import (
	"math"
	"math/rand"
	"runtime"
	"testing"
)

func TestExp2IsTheLibrarys(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs at once here")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("the library computes it in assembly here")
	}
	random := rand.New(rand.NewSource(3))
	for range 2_000_000 {
		x := -60 * random.Float64()
		if random.Intn(4) == 0 {
			x = float64(random.Intn(121)-60) / 2
		}
		if got := exp2(x); got != math.Exp2(x) {
			t.Fatalf("exp2(%v) = %v, want %v", x, got, math.Exp2(x))
		}
	}
	if got := exp2(-60.5); got != 0 {
		t.Errorf("exp2(-60.5) = %v, want 0", got)
	}
}
