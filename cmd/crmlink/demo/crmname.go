package demo

import "strings"

// companyInCRM writes a company's name as a sales person did, and plants at most one big change and the legal form.
func (w *world) companyInCRM(d *draw, c *company, cs *cases) string {
	core, big := c.core, true
	switch x := d.n(1000); {
	case c.old != "" && d.chance(700):
		core = c.old
		cs.add("renamed")
	case c.own != "" && d.chance(180):
		core = c.own
		cs.add("non_latin")
	case c.standing == groupRoot && d.chance(420):
		core = c.brand
	case c.standing == groupMember && d.chance(130):
		core = c.brand
		cs.add("group_name")
	case c.acronym() != "" && d.chance(150):
		core = c.acronym()
		cs.add("acronym")
	case x < 65:
		core = typo(d, core)
		cs.add("typo_name")
	case x < 120:
		core += pick(d, []string{" " + c.at.city.name, " - " + c.at.city.name, " (" + c.at.city.name + ")", ", " + c.at.city.name})
		cs.add("place_suffix")
	case x < 145:
		core = strings.ToUpper(core)
		cs.add("upper_case")
	case x < 165:
		core += " - " + pick(d, []string{"HQ", "do not use", "main account", "EMEA", "old"})
		cs.add("noise_word")
	default:
		big = false
	}
	if !big {
		core = w.abbreviate(d, core, cs)
	}
	if f := fold(core); f != core && d.chance(300) {
		core = f
		cs.add("accents")
	}
	return w.legalForm(d, c, core, cs)
}

// abbreviate shortens a word that people shorten.
func (w *world) abbreviate(d *draw, name string, cs *cases) string {
	f := strings.Fields(name)
	for i, x := range f {
		if list := w.abbrev[x]; list != nil && d.chance(380) {
			f[i] = front(d, list)
			cs.variant("abbreviation", f[i])
			break
		}
	}
	return strings.Join(f, " ")
}

// legalForm appends the form, another way to write a form, or none, and labels the forms that only one side has.
func (w *world) legalForm(d *draw, c *company, core string, cs *cases) string {
	theirs := strings.TrimPrefix(strings.TrimPrefix(c.name, c.core), " ")
	ours := ""
	switch x := d.n(100); {
	case x < 45:
		ours = theirs
	case x < 58:
		ours = c.form
	case x < 72:
		ours = front(d, c.at.city.country.forms)
	}
	if ours != theirs {
		for _, f := range []string{theirs, ours} {
			if f != "" {
				cs.variant("legal_form", f)
			}
		}
	}
	if ours == "" {
		return core
	}
	return core + " " + ours
}

func (w *world) websiteInCRM(d *draw, c *company, cs *cases) string {
	if d.chance(220) {
		cs.add("no_website")
		return ""
	}
	if c.domain == "" {
		cs.add("shared_host")
		return strings.TrimPrefix(c.website, pick(d, []string{"https://", ""}))
	}
	domain := c.domain
	switch root := w.company(c.root); {
	case c.standing == groupMember && root.domain != "" && root.domain != domain && d.chance(250):
		domain = root.domain
		cs.add("group_website")
	case d.chance(18):
		cs.add("shared_host")
		return pick(d, w.list["shared_host"]) + "/" + slug(c.core)
	case len(c.others) > 0 && d.chance(350):
		domain = pick(d, c.others)
		cs.add("other_domain")
	case d.chance(35): // a domain that the directory does not know
		first, _, _ := strings.Cut(domain, ".")
		domain = first + pick(d, []string{".io", ".biz", ".eu", ".org", "online.com"})
		cs.add("other_domain")
	}
	switch d.n(6) {
	case 0:
		return "http://www." + domain
	case 1:
		return "https://" + domain + "/"
	case 2:
		return "www." + domain
	case 3:
		return "https://www." + domain + "/en/home?ref=crm"
	case 4:
		return strings.ToUpper(domain[:1]) + domain[1:]
	}
	return domain
}

type placeText struct{ street, city, region, country, postal string }

// placeInCRM writes where an account sits: sometimes another office, sometimes half of it, rarely as the directory does.
func (w *world) placeInCRM(d *draw, c *company, cs *cases) placeText {
	at := c.at
	if d.chance(90) {
		at = w.address(d, w.cityIn(d, c.at.city.country.code))
		cs.add("other_place")
	}
	p := placeText{street: at.street, postal: at.postal, region: at.city.region}
	if d.chance(500) {
		p.region = at.city.code
	}
	if d.chance(80) {
		p.street += "\nBuilding " + string(rune('A'+d.n(6)))
	}
	p.city = spellCity(d, at.city, cs, 150)
	p.country = spellCountry(d, at.city.country, cs, 140)
	switch x := d.n(100); {
	case x < 9:
		p.city, p.street, p.postal = "", "", ""
		cs.add("no_city")
	case x < 13:
		p = placeText{}
		cs.add("no_city")
		cs.add("no_country")
	case x < 19:
		p.country = ""
		cs.add("no_country")
	case x < 45:
		p.street, p.postal = "", ""
	}
	return p
}
