package demo

import (
	"strings"
	"unicode"
)

// person is who somebody is, before anybody writes it down.
type person struct {
	culture *culture
	female  bool
	first   word
	last    word
	second  word // the mother's surname, where people have two
	middle  string
}

// person draws somebody of a country: most from its first cultures, a few from anywhere.
func (w *words) person(d *draw, c *country) person {
	cu := c.cultures[0]
	if d.chance(60) {
		cu = w.cultures[pick(d, w.names)]
	} else {
		x := d.n(100)
		for i, weight := range c.weights {
			if x < weight {
				cu = c.cultures[i]
				break
			}
			x -= weight
		}
	}
	p := person{culture: cu, female: d.chance(440)}
	p.first = cu.given(d, p.female)
	p.last = cu.surname(d)
	switch cu.code {
	case "es", "pt":
		p.second = cu.surname(d)
	case "en":
		p.middle = string("ABCDEFGHJKLMNPRSTW"[d.n(18)]) + "."
	}
	if p.female {
		p.last = feminine(cu.code, p.last)
	}
	return p
}

func (c *culture) given(d *draw, female bool) word {
	composed := c.code == "zh" || c.code == "ko"
	if composed && d.chance(600) {
		return join(pick(d, c.head), pick(d, c.tail))
	}
	list, r := c.male, c.maleRanks
	if female {
		list, r = c.female, c.femaleRanks
	}
	a := list[r.draw(d)]
	if composed || !d.chance(70) {
		return a
	}
	b := list[r.draw(d)]
	if a == b {
		return a
	}
	sep := " "
	if c.code == "fr" || c.code == "de" {
		sep = "-"
	}
	if a.own != "" {
		return a
	}
	return word{latin: a.latin + sep + b.latin}
}

// surname takes half from the list and composes the rest: a list alone would make everybody somebody's namesake.
func (c *culture) surname(d *draw) word {
	if c.code == "zh" || c.code == "ko" || d.chance(450) {
		return c.last[c.lastRanks.draw(d)]
	}
	return join(pick(d, c.head), pick(d, c.tail))
}

func join(a, b word) word {
	if strings.HasSuffix(a.latin, "-") {
		r := []rune(b.latin)
		r[0] = unicode.ToUpper(r[0])
		b.latin = string(r)
	}
	return word{a.latin + b.latin, a.own + b.own}
}

// feminine gives the woman's form of a surname where the language has one.
func feminine(code string, w word) word {
	switch code {
	case "pl":
		for _, end := range []string{"ski", "cki"} {
			if s, ok := strings.CutSuffix(w.latin, end); ok {
				return word{latin: s + end[:2] + "a"}
			}
		}
	case "cyr":
		for _, end := range []string{"ов", "ев", "ин"} {
			if strings.HasSuffix(w.own, end) {
				return word{w.latin + "a", w.own + "а"}
			}
		}
	}
	return w
}

// shown is a name as one side writes it.
type shown struct {
	first, last string
	own         bool   // in the culture's own script
	both        bool   // with both surnames
	middle      bool   // with the middle initial
	nick        string // the nickname, if that is what stands there
}

// inDirectory is how members write themselves: mostly in full, some in their own script, a few by the name friends use.
func (p person) inDirectory(d *draw) shown {
	s := shown{first: p.first.latin, last: p.last.latin}
	s.own = p.first.own != "" && p.last.own != "" && d.chance(140)
	s.both = p.second.latin != "" && d.chance(450)
	s.middle = p.middle != "" && d.chance(120)
	if nicks := p.culture.nicks[p.first.latin]; len(nicks) > 0 && d.chance(60) {
		s.nick = front(d, nicks)
	}
	s.write(p)
	return s
}

func (s *shown) write(p person) {
	if s.own {
		s.first, s.last = p.first.own, p.last.own
		return
	}
	s.first, s.last = p.first.latin, p.last.latin
	if s.nick != "" {
		s.first = s.nick
	}
	if s.middle {
		s.first += " " + p.middle
	}
	if s.both {
		s.last += " " + p.second.latin
	}
}

// inCRM writes a person as a colleague entered them, given how the directory shows them (or would), and plants at most
// one slip of the name plus, apart from it, forms of address.
func (p person) inCRM(d *draw, dir shown, w *words, cs *cases) (first, last string) {
	s := shown{own: dir.own, nick: dir.nick}
	s.middle = dir.middle && d.chance(350)
	s.both = p.second.latin != "" && (dir.both && d.chance(450) || !dir.both && d.chance(120))
	if p.first.own != "" && p.last.own != "" {
		s.own = d.chance(120)
	}
	if dir.nick != "" && d.chance(650) {
		s.nick = ""
		cs.variant("nickname", dir.nick)
	}
	slip := d.n(1000)
	nicks := p.culture.nicks[p.first.latin]
	if len(nicks) > 0 && s.nick == "" && dir.nick == "" && d.chance(190) {
		s.nick, slip, s.own = front(d, nicks), 999, false
		cs.variant("nickname", s.nick)
	}
	if s.own != dir.own {
		cs.add("non_latin")
		slip = 999
	}
	if s.both != dir.both && !s.own && !dir.own {
		cs.add("two_surnames")
		slip = 999
	}
	if s.middle != dir.middle {
		cs.add("middle_name")
	}
	s.write(p)
	first, last = s.first, s.last
	switch {
	case s.own:
	case slip < 60:
		first = initial(first)
		cs.add("initial")
	case slip < 100:
		first, last = last, first
		cs.add("swapped")
	case slip < 130:
		first = typo(d, first)
		cs.add("typo_first")
	case slip < 190:
		last = typo(d, last)
		cs.add("typo_last")
	case slip < 215:
		first, last = strings.ToUpper(first), strings.ToUpper(last)
		cs.add("upper_case")
	}
	first, last = accents(d, first, last, cs)
	return formsOfAddress(d, w, first, last, cs)
}

func initial(s string) string {
	r := []rune(s)
	return string(r[0]) + "."
}

// accents takes the marks off, or adds one where none belongs.
func accents(d *draw, first, last string, cs *cases) (string, string) {
	f, l := fold(first), fold(last)
	if (f != first || l != last) && d.chance(400) {
		cs.add("accents")
		return f, l
	}
	if d.chance(8) && strings.ContainsRune(first, 'e') {
		cs.add("accents")
		first = strings.Replace(first, "e", "é", 1)
	}
	return first, last
}

// formsOfAddress puts forms of address, degrees and pronouns where they do not belong: into the name fields.
func formsOfAddress(d *draw, w *words, first, last string, cs *cases) (string, string) {
	switch x := d.n(1000); {
	case x < 32:
		h := front(d, w.list["honorific_before"])
		cs.variant("honorific", h)
		return h + " " + first, last
	case x < 58:
		h := front(d, w.list["honorific_after"])
		cs.variant("honorific", h)
		return first, last + ", " + h
	case x < 76:
		h := front(d, w.list["pronouns"])
		cs.variant("pronouns", h)
		return first, last + " " + h
	}
	return first, last
}

// localPart is the name part of an address, in the pattern of the company.
func (p person) localPart(pattern, size int, d *draw) string {
	f, l := slug(p.first.latin), slug(p.last.latin)
	if f == "" || l == "" {
		return "office"
	}
	var s string
	switch pattern % 7 {
	case 0, 1, 2:
		s = f + "." + l
	case 3:
		s = f[:1] + l
	case 4:
		s = f[:1] + "." + l
	case 5:
		s = f + "_" + l
	default:
		s = l + "." + f
		if size < 10 {
			s = f
		}
	}
	if size > 60 && d.chance(250) { // big companies number their namesakes
		s += string(rune('2' + d.n(8)))
	}
	return s
}
