package csvdir

import (
	"iter"
	"math"
	"math/bits"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// Cells are parsed here: exactly, or not at all. No float is involved, and nothing is trimmed or guessed.

const (
	decimalDigits = 38 // of schemas.Number
	decimalScale  = 10
)

// parseDecimal reads 5000, 0.0 or 1.6147805824397E13 as a whole number of units of 10^-scale. It refuses what does
// not fit exactly: a fraction that is too long, or more digits than the type has.
func parseDecimal(s string, scale int) (decimal128.Num, bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var ok bool
		if exponent, ok = parseExponent(s[i+1:]); !ok {
			return decimal128.Num{}, false
		}
		mantissa = s[:i]
	}
	// zeros are those that follow the last other digit: they count only if a digit other than 0 comes after them.
	var hi, lo uint64
	digits, zeros, fraction := 0, 0, 0
	seen, point := false, false
	for i := range len(mantissa) {
		c := mantissa[i]
		switch {
		case c == '.' && !point:
			point = true
			continue
		case c < '0' || c > '9':
			return decimal128.Num{}, false
		}
		seen = true
		if point {
			fraction++
		}
		if c == '0' {
			if digits > 0 {
				zeros++
			}
			continue
		}
		if digits += zeros + 1; digits > decimalDigits {
			return decimal128.Num{}, false
		}
		for ; zeros > 0; zeros-- {
			hi, lo = timesTen(hi, lo, 0)
		}
		hi, lo = timesTen(hi, lo, uint64(c-'0'))
	}
	if !seen {
		return decimal128.Num{}, false
	}
	if digits == 0 {
		return decimal128.Num{}, true
	}
	shift := exponent - fraction + zeros + scale
	if shift < 0 || digits+shift > decimalDigits {
		return decimal128.Num{}, false
	}
	for ; shift > 0; shift-- {
		hi, lo = timesTen(hi, lo, 0)
	}
	n := decimal128.New(int64(hi), lo)
	if negative {
		n = n.Negate()
	}
	return n, true
}

// parseExponent is bounded, so that an exponent of a million digits costs nothing.
func parseExponent(s string) (int, bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = min(n*10+int(s[i]-'0'), 1<<30)
	}
	if negative {
		n = -n
	}
	return n, true
}

func timesTen(hi, lo, plus uint64) (uint64, uint64) {
	over, low := bits.Mul64(lo, 10)
	low, carry := bits.Add64(low, plus, 0)
	return hi*10 + over + carry, low
}

// parseInt reads a whole number, also as 5000.0 or 5E3, which is how exports write integers.
func parseInt(s string) (int64, bool) {
	n, ok := parseDecimal(s, 0)
	if !ok {
		return 0, false
	}
	low := n.LowBits()
	switch {
	case n.HighBits() == 0 && low <= math.MaxInt64, n.HighBits() == -1 && low > math.MaxInt64:
		return int64(low), true
	}
	return 0, false
}

func parseBool(s string) (value, ok bool) {
	switch {
	case s == "1", strings.EqualFold(s, "true"):
		return true, true
	case s == "0", strings.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

// parseDate reads 2026-01-02 as days since 1970.
func parseDate(s string) (int64, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y, okY := number(s[0:4])
	m, okM := number(s[5:7])
	d, okD := number(s[8:10])
	if !okY || !okM || !okD || y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	// Years that begin in March put the leap day last.
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 719469, true
}

func daysIn(y, m int64) int64 {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// parseTime reads 2026-01-02T17:38:59.000Z, with Z or an offset (+0000, +00:00, +00), as microseconds since 1970.
// A time without zone is refused: whose clock it was cannot be known.
func parseTime(s string) (int64, bool) {
	if len(s) < 17 || (s[10] != 'T' && s[10] != ' ') || s[13] != ':' {
		return 0, false
	}
	days, okD := parseDate(s[:10])
	hour, okH := number(s[11:13])
	minute, okM := number(s[14:16])
	if !okD || !okH || !okM || hour > 23 || minute > 59 {
		return 0, false
	}
	var second, micros int64
	rest := s[16:]
	if rest[0] == ':' {
		var ok bool
		if len(rest) < 4 {
			return 0, false
		}
		if second, ok = number(rest[1:3]); !ok || second > 59 {
			return 0, false
		}
		if rest = rest[3:]; rest[0] == '.' {
			if micros, rest, ok = fractionOfSecond(rest[1:]); !ok {
				return 0, false
			}
		}
	}
	offset, ok := parseOffset(rest)
	if !ok {
		return 0, false
	}
	return ((days*86400+hour*3600+minute*60+second)-offset)*1_000_000 + micros, true
}

// fractionOfSecond takes the digits in front of the zone; digits past the sixth must be zeros.
func fractionOfSecond(s string) (micros int64, rest string, ok bool) {
	n := 0
	for ; n < len(s) && '0' <= s[n] && s[n] <= '9'; n++ {
		if n < 6 {
			micros = micros*10 + int64(s[n]-'0')
		} else if s[n] != '0' {
			return 0, "", false
		}
	}
	for i := n; i < 6; i++ {
		micros *= 10
	}
	return micros, s[n:], n > 0
}

// parseOffset gives seconds east of Greenwich for Z, +01:30, +0130 or +01.
func parseOffset(s string) (int64, bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) == 6 && s[3] == ':' {
		s = s[:3] + s[4:]
	}
	if (len(s) != 5 && len(s) != 3) || (s[0] != '+' && s[0] != '-') {
		return 0, false
	}
	hours, ok := number(s[1:3])
	var minutes int64
	if ok && len(s) == 5 {
		minutes, ok = number(s[3:5])
	}
	if !ok || hours > 15 || minutes > 59 {
		return 0, false
	}
	seconds := hours*3600 + minutes*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// number reads digits only; its callers give it four at most.
func number(s string) (int64, bool) {
	var n int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// parseList splits at |, without surrounding spaces and without empty members.
func parseList(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for more := true; more; {
			var member string
			if member, s, more = strings.Cut(s, "|"); member == "" {
				continue
			}
			if member = strings.TrimSpace(member); member != "" && !yield(member) {
				return
			}
		}
	}
}
