package linkage

import (
	"testing"

	"pgregory.net/rapid"
)

func TestValueBitsAreAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(rapid.Uint32Range(1, 5000), rapid.Int32(), 0, 600).Draw(t, "bits")
		table := valueBits{single: 17}
		table.size(len(want))
		for code, bits := range want {
			table.set(code, bits-1)
			table.set(code, bits)
		}
		for code := range uint32(5001) {
			bits, ok := want[code+1]
			if !ok {
				bits = table.single
			}
			if got := table.of(code + 1); got != bits {
				t.Fatalf("code %d: %d bits, want %d", code+1, got, bits)
			}
		}
	})
}
