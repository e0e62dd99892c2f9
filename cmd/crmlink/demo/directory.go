package demo

import "context"

// writeCompanies writes the directory's companies, first the org's own.
func (w *world) writeCompanies(ctx context.Context, dir string) error {
	s := w.sheet(dir, "companies.csv", "company_id,name,aliases,domains,website,industry,headcount,street,city,region,postal_code,country,phone,parent_company_id,url")
	s.texts(ownCompany, ownName+", Inc.", "Acme", ownDomain, "https://www."+ownDomain, "Software Development", "201-500", "100 Main Street", "Boston", "Massachusetts", "02110", "United States", "+16175550100", "", profileURL("company", ownName, ownCompany))
	if err := s.end(); err != nil {
		return err
	}
	for i := range w.companies {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c := w.company(i)
		d := newDraw(w.seed, kindPhone, i)
		id := w.companyID(i)
		var domains []string
		if c.domain != "" {
			domains = append(append(domains, c.domain), c.others...)
		}
		s.texts(id, c.name)
		s.list(c.aliases)
		if d.chance(70) {
			domains = nil
		}
		s.list(domains)
		s.texts(optional(&d, 880, c.website), optional(&d, 930, c.industry[0]), optional(&d, 920, c.headcount()))
		street, postal := c.at.street, c.at.postal
		if d.chance(260) {
			street, postal = "", ""
		}
		s.texts(street, c.at.city.name, c.at.city.region, postal, c.at.city.country.name)
		s.text(optional(&d, 420, c.phone.international()))
		parent := ""
		if c.standing == groupMember && d.chance(850) {
			parent = w.companyID(c.root)
		}
		s.texts(parent, profileURL("company", c.core, id))
		if err := s.end(); err != nil {
			return err
		}
	}
	return s.finish()
}

func profileURL(what, name, id string) string {
	return "https://directory.example/" + what + "/" + dashed(name) + "-" + id[1:]
}

func (w *world) writeMembers(ctx context.Context, dir string) error {
	s := w.sheet(dir, "members.csv", "member_id,first_name,last_name,name,headline,title,company_id,company_name,past_company_ids,past_company_names,past_titles,emails,phones,street,city,region,postal_code,country,url")
	s.zipPage = 1
	for _, u := range w.users {
		name := u.first + " " + u.last
		s.texts(u.member, u.first, u.last, name, u.title+" at "+ownName, u.title, ownCompany, ownName, "", "", "", u.email, "", "", u.at.name, u.at.region, "", u.at.country.name, profileURL("in", name, u.member))
		if err := s.end(); err != nil {
			return err
		}
	}
	for i := range w.members {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.writeMember(s, i); err != nil {
			return err
		}
	}
	return s.finish()
}

func (w *world) writeMember(s *sheet, i int) error {
	m := w.member(i)
	d := newDraw(w.seed, kindPhone, i+1<<40)
	id := w.memberID(i)
	name := m.shown.first + " " + m.shown.last
	if m.shown.own {
		switch m.person.culture.code {
		case "zh", "ko":
			name = m.shown.last + m.shown.first
		case "ja":
			name = m.shown.last + " " + m.shown.first
		}
	}
	title, _ := w.title(&d, m.job, 330)
	s.texts(id, m.shown.first, m.shown.last, name, optional(&d, 780, w.headline(&d, title, &m)), optional(&d, 850, title))
	firm := w.company(m.current)
	firmID := w.companyID(m.current)
	firmName := firm.core
	if d.chance(300) {
		firmName = firm.name
	}
	if d.chance(35) {
		firmID = ""
	}
	s.texts(firmID, firmName)
	var ids, names, titles []string
	for k, p := range m.past {
		if !d.chance(180) {
			ids = append(ids, w.companyID(p))
		}
		names = append(names, w.company(p).core)
		j := m.oldJob
		if k > 0 {
			j = w.job(&d)
		}
		t, _ := w.title(&d, j, 250)
		titles = append(titles, t)
	}
	s.list(ids)
	s.list(names)
	s.list(titles)
	mobile := ""
	if m.hasPhone {
		mobile = m.phone.international()
	}
	s.texts(m.email, mobile)
	at := w.address(&d, m.at)
	street, city, region, postal := "", at.city.name, at.city.region, ""
	switch x := d.n(100); {
	case x < 5:
		street, postal = at.street, at.postal
	case x < 20:
		postal = at.postal
	case x < 30:
		city = ""
	case x < 36:
		city, region = "", ""
	}
	latin := m.person.first.latin + " " + m.person.last.latin
	s.texts(street, city, region, postal, at.city.country.name, profileURL("in", latin, id))
	return s.end()
}
