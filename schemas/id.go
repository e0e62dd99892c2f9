package schemas

const checkLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

// FullID gives a record Id its 18-character form: 15 characters get their checksum, 18 must carry the right one. The
// checksum tells which of the 15 are capitals, so an Id that a spreadsheet put in capitals is refused, not joined
// with the wrong record.
func FullID(id string) (string, bool) {
	if len(id) != 15 && len(id) != 18 {
		return "", false
	}
	var check [3]byte
	for group := range check {
		capitals := 0
		for k := range 5 {
			c := id[group*5+k]
			switch {
			case 'A' <= c && c <= 'Z':
				capitals |= 1 << k
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			default:
				return "", false
			}
		}
		check[group] = checkLetters[capitals]
	}
	if len(id) == 15 {
		return id + string(check[:]), true
	}
	if id[15:] != string(check[:]) {
		return "", false
	}
	return id, true
}
