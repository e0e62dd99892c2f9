package demo

import "strings"

// redirected is how many ids of each kind the directory has given up: somebody merged two profiles.
func (w *world) redirected() int { return min(5+w.companies/200, 500) }

func oldCompanyID(k int) string { return "c" + decimal(200_000_000+k*7) }
func oldMemberID(k int) string  { return "m" + decimal(2_000_000_000+k*7) }

func (w *world) redirectedCompany(k int) int { return w.accountAt.at(k % w.companies) }

func (w *world) redirectedMember(k int) int { return (k*61 + 7) % w.members }

func (w *world) writeRedirects(dir string) error {
	s := w.sheet(dir, "redirects.csv", "old_id,new_id")
	for k := range w.redirected() {
		s.texts(oldCompanyID(k), w.companyID(w.redirectedCompany(k)))
		if err := s.end(); err != nil {
			return err
		}
		s.texts(oldMemberID(k), w.memberID(w.redirectedMember(k)))
		if err := s.end(); err != nil {
			return err
		}
	}
	return s.finish()
}

func seatID(i int) string { return "s" + decimal(1000+i) }

// writeSeats gives two users of three a seat. The first seat's email is that of another user, and its crm_user_id is
// right; the last seat belongs to somebody whom the CRM does not have.
func (w *world) writeSeats(dir string) error {
	s := w.sheet(dir, "seats.csv", "seat_id,email,member_id,crm_user_id,sync")
	w.seats = 0
	for i, u := range w.users {
		d := newDraw(w.seed, kindUser, i+1<<43)
		if i == 1 || i > 5 && !d.chance(620) {
			continue
		}
		email, id, member := u.email, "", u.member
		switch {
		case i == 0:
			email, id = w.users[3].email+".old", u.id
			if len(w.users) > 6 {
				email = w.users[6].email
			}
		case i == 3 || d.chance(200):
			email = strings.ToUpper(email[:1]) + strings.Replace(email[1:], "@acme.com", "@Acme.com", 1)
		case i == 6:
			continue // his address stands on the first seat
		}
		if i > 3 && d.chance(300) {
			member = ""
		}
		s.texts(seatID(w.seats), email, member, id)
		s.flag(i == 0 || i != 4 && !d.chance(120))
		w.seats++
		if err := s.end(); err != nil {
			return err
		}
	}
	s.texts(seatID(w.seats), "freelancer@partner-agency.example", "", "", "true")
	w.seats++
	if err := s.end(); err != nil {
		return err
	}
	return s.finish()
}

var kinds = []string{"inmail", "message", "note", "call", "presentation_view", "profile_view", "save", "unsave"}

// writeActivities records what seats did: mostly towards people whom the CRM has, and to others whom it lacks.
func (w *world) writeActivities(dir string) error {
	s := w.sheet(dir, "activities.csv", "activity_id,seat_id,kind,member_id,company_id,occurred_at,subject,body,copy_to_crm")
	for i := range min(60+2*w.accounts.total, 1_000_000) {
		d := newDraw(w.seed, kindActivity, i)
		what := kinds[i%len(kinds)]
		if i >= 2*len(kinds) {
			what = kinds[[]int{0, 0, 1, 1, 1, 2, 3, 3, 4, 5, 5, 5, 5, 6, 6, 7}[d.n(16)]]
		}
		m := d.n(w.members)
		if n := w.contacts.matched; n > 0 && d.chance(600) {
			if c := w.slot(d.n(n)); c.member >= 0 {
				m = c.member
			}
		}
		firm := w.member(m).current
		member, company := w.memberID(m), w.companyID(firm)
		switch {
		case i < 4: // before the profiles were merged
			member, company = oldMemberID(i), w.companyID(w.member(w.redirectedMember(i)).current)
		case i < 8:
			member, company = "", oldCompanyID(i-4)
		case (what == "save" || what == "unsave" || what == "profile_view" || what == "note") && d.chance(350):
			member = ""
		case d.chance(250):
			company = ""
		}
		subject, body, copied := "", "", false
		switch what {
		case "inmail", "message":
			subject = pick(&d, []string{"Quick question", "Following up on our call", "Idea for your team, in 2 minutes", "Re: pricing"})
			body = pick(&d, []string{"Hello,\nthanks for your time. Shall we talk on Tuesday?", "Would \"annual\" billing help?", "Sharing the deck as promised."})
			copied = d.chance(550)
		case "note":
			body, copied = pick(&d, []string{"Prefers a pilot first.", "Budget next quarter; champion is in IT."}), d.chance(500)
		case "call", "presentation_view":
			subject, copied = pick(&d, []string{"Intro call", "Demo", "Quarterly review"}), d.chance(600)
		}
		s.texts(decimal(500_000+i), seatID(d.n(w.seats)), what, member, company)
		s.stamps(reference - 3600 - int64(d.n(540*day)))
		s.texts(subject, body)
		s.flag(copied)
		if err := s.end(); err != nil {
			return err
		}
	}
	return s.finish()
}

// writeDecisions writes a handful of right answers that people gave, among them one wrong answer that was taken back.
func (w *world) writeDecisions(dir string) error {
	s := w.sheet(dir, "decisions.csv", "seq,object,crm_id,verdict,entity_id,by,at,note")
	seq := 0
	add := func(object, id, verdict, entity, note string) {
		seq++
		s.texts(decimal(seq), object, id, verdict, entity, w.users[3].email, stamp(reference-int64(90-seq)*day), note)
	}
	var err error
	row := func(object, id, verdict, entity, note string) {
		add(object, id, verdict, entity, note)
		if e := s.end(); err == nil {
			err = e
		}
	}
	if w.accounts.matched > 3 {
		n := w.accounts.matched - 1
		row("Account", w.accountID(n), "is", w.companyID(w.accountAt.at(n)), "checked with the owner")
		row("Account", w.accountID(0), "is", oldCompanyID(0), "profile was merged since")
		row("Account", w.accountID(n-1), "is", w.companyID(w.accountAt.at(n-2)), "wrong branch")
		row("Account", w.accountID(n-1), "undo", w.companyID(w.accountAt.at(n-2)), "taken back, see above")
	}
	if w.accounts.absent > 0 {
		row("Account", w.accountID(w.accounts.first(partAbsent)), "none", "", "not in the directory")
	}
	wanted := map[string]int{"is": 2, "is_not": 2, "none": 2}
	for i := 0; i < min(w.contacts.matched, 600); i++ {
		c := w.slot(i)
		switch {
		case c.member >= 0 && c.cases.has("job_changer") && wanted["is"] > 0:
			wanted["is"]--
			row("Contact", w.contactID(i), "is", w.memberID(c.member), "moved on, still the same person")
		case c.alike >= 0 && wanted["is_not"] > 0:
			wanted["is_not"]--
			row("Contact", w.contactID(i), "is_not", w.memberID(c.alike), "same name only")
		case c.member < 0 && c.alike < 0 && wanted["none"] > 0:
			wanted["none"]--
			row("Contact", w.contactID(i), "none", "", "")
		}
	}
	if w.leads.matched > 0 {
		l := w.lead(w.leads.matched - 1)
		if l.member >= 0 {
			row("Lead", w.leadID(l.index), "is", w.memberID(l.member), "")
		}
	}
	if err != nil {
		return err
	}
	return s.finish()
}
