package simulator

import "github.com/crmlink/crmlink/schemas"

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID gives the n-th Id of a prefix that the simulator makes up itself, with its checksum. The instance part differs
// from that of the demo's records, so the two never meet.
func newID(prefix string, n int) string {
	b := [15]byte{3: 'S', 4: 'm', 5: '0'}
	copy(b[:], prefix)
	v := 14_776_337 + n*41 // not next to each other, and with capitals and small letters
	for i := 14; i >= 6; i-- {
		b[i] = base62[v%62]
		v /= 62
	}
	id, _ := schemas.FullID(string(b[:]))
	return id
}

// key15 is what tells records apart.
func key15(id string) (k [15]byte) {
	copy(k[:], id)
	return k
}
