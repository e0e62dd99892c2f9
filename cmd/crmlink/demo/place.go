package demo

import (
	"strconv"
	"strings"
)

// address is one place of a company or a person, as the directory writes it.
type address struct {
	city           *city
	street, postal string
}

// cityIn draws a city of one country.
func (w *words) cityIn(d *draw, code string) *city {
	list := w.byCountry[code]
	lo := uint64(0)
	if list[0] > 0 {
		lo = w.cityRanks[list[0]-1]
	}
	hi := w.cityRanks[list[len(list)-1]]
	x := lo + uint64(d.n(int(hi-lo)))
	for _, i := range list {
		if x < w.cityRanks[i] {
			return w.cities[i]
		}
	}
	return w.cities[list[0]]
}

func (w *words) address(d *draw, c *city) address {
	a := address{city: c, postal: digits(d, c.postal)}
	key := c.country.cultures[0].code
	s, ok := w.streets[key]
	if !ok {
		s = w.streets["other"]
	}
	no := strconv.Itoa(1 + d.n(1+d.n(240)))
	name := strings.Replace(pick(d, s[1]), "@", front(d, s[0]), 1)
	switch c.country.style {
	case "s":
		a.street = name + " " + no
	case "v":
		a.street = name + ", " + no
	case "j":
		a.street = strconv.Itoa(1+d.n(6)) + "-" + strconv.Itoa(1+d.n(30)) + "-" + no + " " + strings.TrimSuffix(name, " Street")
	default:
		a.street = no + " " + name
	}
	return a
}

// phone holds the parts of a number; how it is written differs on the two sides.
type phone struct{ dial, area, local string }

func newPhone(d *draw, c *city) phone {
	n := max(6, 9-len(c.area)+c.codeDigits())
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + d.n(10))
	}
	b[0] = byte('2' + d.n(7))
	return phone{c.country.dial, c.area, string(b)}
}

// codeDigits makes numbers of the dialling plans that have ten digits as long as they are.
func (c *city) codeDigits() int {
	switch c.country.dial {
	case "1", "7", "90", "91", "44", "52":
		return 1
	}
	return 0
}

// international is the form that machines keep.
func (p phone) international() string {
	return "+" + p.dial + strings.TrimPrefix(p.area, "0") + p.local
}

// written is one of the many forms that people type.
func (p phone) written(d *draw) string {
	mid := len(p.local) / 2
	a, b := p.local[:mid], p.local[mid:]
	switch d.n(6) {
	case 0:
		return p.international()
	case 1:
		return "+" + p.dial + " " + p.area + " " + a + " " + b
	case 2:
		if p.dial == "1" {
			return "(" + p.area + ") " + a + "-" + b
		}
		return "0" + strings.TrimPrefix(p.area, "0") + " " + p.local
	case 3:
		return "00" + p.dial + " " + p.area + " " + a + b
	case 4:
		return "+" + p.dial + " (0)" + strings.TrimPrefix(p.area, "0") + " " + a + "-" + b
	default:
		return p.area + "-" + a + "-" + b
	}
}

// spellCountry gives the country as somebody typed it into the CRM.
func spellCountry(d *draw, c *country, cs *cases, perMille int) string {
	if !d.chance(perMille) {
		return c.name
	}
	if d.chance(300) {
		return c.code
	}
	v := pick(d, c.other)
	cs.variant("country_spelling", v)
	return v
}

func spellCity(d *draw, c *city, cs *cases, perMille int) string {
	if len(c.other) == 0 || !d.chance(perMille) {
		return c.name
	}
	v := pick(d, c.other)
	cs.variant("city_spelling", v)
	return v
}
