package normalize

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// dialing is what must be known of a country to read its numbers: its code and the trunk digits before area codes.
type dialing struct{ code, trunk string }

// phones reads phone numbers. It asks the library for each country once and for single numbers only where digits alone
// do not tell (letters, country code without plus): the library takes 15 µs a number, counting digits 0.3. It belongs
// to one goroutine.
type phones struct{ dialing map[string]dialing }

func newPhones() *phones { return &phones{dialing: map[string]dialing{}} }

func (p *phones) of(country string) dialing {
	if country == "" {
		return dialing{}
	}
	d, ok := p.dialing[country]
	if !ok {
		if code := phonenumbers.GetCountryCodeForRegion(country); code > 0 {
			d = dialing{strconv.Itoa(code), phonenumbers.GetNddPrefixForRegion(country, true)}
		}
		p.dialing[country] = d
	}
	return d
}

// parse gives a number as digits: country code and national number where both are known, else the national digits
// without trunk zeros. Extensions are left out. Empty: no number.
func (p *phones) parse(s, country string) string {
	digits, plus, trunk, letters := phoneDigits(s)
	if letters {
		if country == "" {
			country = "US" // vanity numbers are an American habit
		}
		return p.ask(s, country)
	}
	if len(digits) < 5 || len(digits) > 17 || allSame(digits) {
		return ""
	}
	if !plus && len(digits) > 9 {
		for _, out := range []string{"00", "011"} {
			if rest, ok := strings.CutPrefix(digits, out); ok && (out == "00" || country == "US" || country == "CA") {
				digits, plus = rest, true
				break
			}
		}
	}
	if plus {
		return p.international(digits, trunk)
	}
	d := p.of(country)
	if d.code == "" {
		digits = strings.TrimLeft(digits, "0")
		if len(digits) == 10 || len(digits) == 11 && digits[0] == '1' || len(digits) < 15 && len(digits) > 4 {
			return digits
		}
		return ""
	}
	if d.code == "1" {
		if len(digits) == 11 && digits[0] == '1' {
			return digits
		}
		if len(digits) == 10 {
			return "1" + digits
		}
	}
	if rest, ok := strings.CutPrefix(digits, d.trunk); ok && d.trunk != "" && len(rest) >= 5 && !(d.trunk != "0" && len(digits) < 10) {
		return d.code + rest
	}
	if strings.HasPrefix(digits, d.code) && len(digits) >= len(d.code)+8 {
		if full := p.ask(s, country); full != "" {
			return full
		}
	}
	return d.code + digits
}

// international reads digits that start with a country code.
func (p *phones) international(digits string, trunk bool) string {
	digits = strings.TrimLeft(digits, "0")
	for n := 1; n <= 3 && n < len(digits); n++ {
		code, _ := strconv.Atoi(digits[:n])
		region := phonenumbers.GetRegionCodeForCountryCode(code)
		if region == phonenumbers.UNKNOWN_REGION {
			continue
		}
		national := digits[n:]
		d := p.of(region)
		// "+49 (0)30" and "+44 020": the trunk digit has no place behind the country code; Italy's zero has.
		if d.trunk == "0" || trunk && d.trunk != "" {
			national = strings.TrimPrefix(national, d.trunk)
		}
		switch {
		case digits[:n] == "52" && len(national) == 11 && national[0] == '1': // Mexico's mobiles until 2019
			national = national[1:]
		case digits[:n] == "54" && len(national) == 11 && national[0] == '9': // Argentina's mobiles from abroad
			national = national[1:]
		}
		if len(national) < 4 {
			return ""
		}
		return digits[:n] + national
	}
	return ""
}

func (p *phones) ask(s, country string) string {
	n, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return ""
	}
	return strconv.Itoa(int(n.GetCountryCode())) + phonenumbers.GetNationalSignificantNumber(n)
}

// phoneDigits collects the digits of a number up to its extension. plus: it starts with a country code. trunk: it has a
// trunk digit in parentheses. letters: it is spelled with letters, 1-800-FLOWERS.
func phoneDigits(s string) (digits string, plus, trunk, letters bool) {
	var buffer [20]byte
	b := buffer[:0]
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			if len(b) == cap(b) {
				return "", false, false, false
			}
			b = append(b, c)
		case c == '+' && len(b) == 0:
			plus = true
		case c == '(' && plus && strings.HasPrefix(s[i:], "(0)"):
			trunk = true
		case c == 'x' || c == 'X' || c == '#' || c == ';' || c == ',':
			if len(b) >= 7 {
				return string(b), plus, trunk, false
			}
		case c == '/' && len(b) >= 9 && !plus, c == '/' && len(b) >= 11:
			return string(b), plus, trunk, false // a second number
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			if len(b) >= 9 {
				return string(b), plus, trunk, false // ext., extension, fax …
			}
			if len(b) >= 3 && i+2 < len(s) && 'A' <= c && c <= 'Z' && 'A' <= s[i+1] && s[i+1] <= 'Z' {
				return "", plus, trunk, true
			}
			if len(b) >= 7 {
				return string(b), plus, trunk, false
			}
		case c >= 0x80:
			// Digits of other scripts; rare enough to fold and start again.
			if f := foldDigits(s); f != s {
				return phoneDigits(f)
			}
		}
	}
	return string(b), plus, trunk, false
}

func foldDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			return r
		}
		if t := transliterate(r); len(t) == 1 && t[0] >= '0' && t[0] <= '9' {
			return rune(t[0])
		}
		if r == '＋' {
			return '+'
		}
		return ' '
	}, s)
}

func allSame(s string) bool { return strings.Trim(s, s[:1]) == "" }
