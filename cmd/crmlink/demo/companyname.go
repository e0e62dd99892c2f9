package demo

import "strings"

// nameCompany sets core, brand, own and hint. Relatives share the stream of their root, and so its brand.
func (w *world) nameCompany(c *company, d *draw, home *country) {
	r := newDraw(w.seed, kindGroup, c.root+1<<40)
	switch c.standing {
	case groupRoot, groupMember:
		c.brand = w.brand(&r, home)
		c.core = c.brand
		if c.standing == groupRoot {
			if d.chance(650) {
				c.core += " " + pick(d, []string{"Group", "Holding", "Holdings", "Industries", "International"})
			}
			return
		}
		switch x := d.n(10); {
		case x < 6:
			c.hint = pick(d, w.list["word"])
			c.core += " " + c.hint
		case x < 9:
			c.core += " " + c.at.city.country.name
		default:
			c.core += " " + pick(d, w.list["noun"])
		}
	case franchise:
		c.brand = w.brand(&r, home) + " " + pick(&r, w.list["franchise"])
		c.core = c.brand
		if d.chance(250) {
			c.core += " " + c.at.city.name
		}
	default:
		w.nameAlone(c, d)
	}
}

func (w *world) brand(r *draw, home *country) string {
	if r.chance(350) {
		return home.cultures[0].surname(r).latin
	}
	return w.stem(r)
}

func (w *world) stem(d *draw) string {
	return pick(d, w.list["stem_head"]) + pick(d, w.list["stem_tail"])
}

func (w *world) nameAlone(c *company, d *draw) {
	l := w.list
	c.hint = front(d, l["word"])
	switch x := d.n(100); {
	case x < 32:
		cu := c.at.city.country.cultures[0]
		founder := cu.surname(d)
		c.brand, c.core = founder.latin, founder.latin
		switch d.n(4) {
		case 0:
			c.core += " & " + cu.surname(d).latin
		case 1:
			c.core += " " + pick(d, l["noun"])
		default:
			c.core += " " + c.hint
			if founder.own != "" {
				c.own = founder.own + " " + c.hint
			}
		}
	case x < 62:
		c.brand = w.stem(d)
		c.core = c.brand + " " + c.hint
	case x < 72:
		c.brand = w.stem(d)
		c.core = c.brand
	case x < 82:
		c.brand = front(d, l["adjective"])
		c.core = c.brand + " " + c.hint
		if d.chance(400) {
			c.core += " " + pick(d, l["noun"])
		}
	case x < 89:
		c.brand = c.at.city.name
		c.core = c.brand + " " + c.hint + " " + pick(d, l["noun"])
	default:
		c.brand = pick(d, l["adjective"])
		second := pick(d, l["word"])
		c.core = c.brand + " " + second + " " + pick(d, l["noun"])
	}
	if d.chance(75) {
		c.old = w.stem(d) + " " + c.hint
		if d.chance(300) {
			c.old = c.at.city.country.cultures[0].surname(d).latin + " " + c.hint
		}
	}
}

// acronym is the initials of a name of three words or more, as in IBM; shorter names have none worth the name.
func (c *company) acronym() string {
	f := strings.Fields(c.core)
	var b []byte
	for _, x := range f {
		if x[0] >= 'A' && x[0] <= 'Z' {
			b = append(b, x[0])
		}
	}
	if len(b) < 3 {
		return ""
	}
	return string(b)
}
