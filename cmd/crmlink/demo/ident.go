package demo

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Key prefixes of the objects; a queue owns leads beside users.
const (
	prefixAccount     = "001"
	prefixContact     = "003"
	prefixLead        = "00Q"
	prefixOpportunity = "006"
	prefixRole        = "00K"
	prefixUser        = "005"
	prefixUserRole    = "00E"
	prefixQueue       = "00G"
	prefixOrg         = "00D"
	prefixStage       = "01J"
	prefixCurrency    = "01L"
	prefixRate        = "04w"
)

// crmID gives the 18-character Id of a record: prefix, instance, a counter that rises with the record's place in the
// file as it does in an org, and the three check characters that make it safe where letters lose their case.
func crmID(prefix string, n int) string {
	var b [18]byte
	copy(b[:], prefix)
	copy(b[3:], "5g0000")
	v := 61_917_364_224/62 + n*37 + 11
	for i := 14; i >= 9; i-- {
		b[i] = base62[v%62]
		v /= 62
	}
	check := checkChars(string(b[:15]))
	copy(b[15:], check[:])
	return string(b[:])
}

// checkChars are one character per group of five, whose bits say which of the five are capital letters.
func checkChars(id string) [3]byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var out [3]byte
	for g := range out {
		v := 0
		for k := range 5 {
			if c := id[g*5+k]; c >= 'A' && c <= 'Z' {
				v |= 1 << k
			}
		}
		out[g] = alphabet[v]
	}
	return out
}
