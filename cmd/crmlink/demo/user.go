package demo

import (
	"strings"
)

// The seller: the org's own company, which the directory knows like any other.
const (
	ownCompany   = "c1000001"
	ownName      = "Acme Cloud Software"
	ownDomain    = "acme.com"
	instanceURL  = "https://acme.my.salesforce.com"
	pipelineFrom = "Qualification"
)

// user is a CRM user. They are few, so they are the one list that is kept whole.
type user struct {
	id, first, last, email, role, title string
	active                              bool
	at                                  *city
	member                              string
}

type userRole struct{ id, name, parent string }

func roles() []userRole {
	list := []struct {
		name   string
		parent int
	}{{"CEO", -1}, {"SVP Sales", 0}, {"Sales EMEA", 1}, {"Sales Americas", 1}, {"Sales APAC", 1}, {"Sales DACH", 2}, {"Inside Sales", 3}, {"Marketing", 0}, {"Customer Success", 0}, {"Sales Operations", 1}}
	out := make([]userRole, len(list))
	for i, r := range list {
		out[i] = userRole{id: crmID(prefixUserRole, i), name: r.name}
		if r.parent >= 0 {
			out[i].parent = out[r.parent].id
		}
	}
	return out
}

func (w *world) makeUsers(n int) {
	all := roles()
	taken := map[string]bool{}
	for i := range n {
		d := newDraw(w.seed, kindUser, i+1<<40)
		at := w.cityIn(&d, pick(&d, []string{"US", "US", "GB", "DE", "FR", "IN"}))
		p := w.person(&d, at.country)
		u := user{id: crmID(prefixUser, i), first: p.first.latin, last: p.last.latin, at: at, title: pick(&d, []string{"Account Executive", "Sales Development Representative", "Account Manager", "Customer Success Manager"})}
		u.email = slug(u.first) + "." + slug(u.last)
		for taken[u.email] {
			u.email += decimal(i)
		}
		taken[u.email] = true
		u.email += "@" + ownDomain
		u.role = all[1+d.n(len(all)-1)].id
		u.active = i == 0 || !d.chance(110)
		switch i {
		case 0: // the one whose seat is named by id
			u.role = all[0].id
		case 1: // integration users have no role
			u.first, u.last, u.email, u.role, u.title, u.active = "Integration", "User", "integration@"+ownDomain, "", "", true
		case 2:
			u.active = false
		case 3, 4, 5:
			u.active = true
		}
		if i > 5 && d.chance(80) {
			u.role = ""
		}
		u.member = "m" + decimal(1_000_000+i)
		w.users = append(w.users, u)
	}
}

// owner gives the user who holds a record, or held it before its last change.
func (w *world) owner(k kind, i int, older bool) string {
	d := newDraw(w.seed, kindUser, i+int(k)<<42)
	u := d.n(len(w.users))
	if u == 1 {
		u = 0
	}
	if older {
		if u = (u + 3) % len(w.users); u == 1 {
			u = 4
		}
	}
	return w.users[u].id
}

func (w *world) writeUsers(dir string) error {
	s := w.sheet(dir, "User.csv", "Id,Name,Department,Email,FirstName,LastName,Title,Phone,MobilePhone,IsActive,UserRoleId,CreatedDate,LastModifiedDate,SystemModstamp")
	for i, u := range w.users {
		d := newDraw(w.seed, kindUser, i+1<<41)
		ph := newPhone(&d, u.at)
		department := "Sales"
		if strings.HasPrefix(u.title, "Customer") {
			department = "Customer Success"
		}
		s.texts(u.id, u.first+" "+u.last, department, u.email, u.first, u.last, u.title, ph.written(&d), optional(&d, 300, ph.international()))
		s.flag(u.active)
		s.text(u.role)
		h := w.history(&d)
		s.stamps(h.created, h.modified, h.stamp)
		if err := s.end(); err != nil {
			return err
		}
	}
	if err := s.finish(); err != nil {
		return err
	}
	s = w.sheet(dir, "UserRole.csv", "Id,Name,ParentRoleId,LastModifiedDate")
	for i, r := range roles() {
		s.texts(r.id, r.name, r.parent)
		s.stamps(reference - int64(i+400)*day)
		if err := s.end(); err != nil {
			return err
		}
	}
	return s.finish()
}

// currency is what an account in a country pays in; the org knows seven.
func currency(c *country) string {
	for _, k := range currencies {
		if k.code == c.currency {
			return k.code
		}
	}
	if c.currency == "DKK" || c.currency == "NOK" || c.currency == "PLN" || c.currency == "CZK" {
		return "EUR"
	}
	return "USD"
}

var currencies = []struct {
	code, rate string
	decimals   int
	corporate  bool
}{
	{"USD", "1.0", 2, true}, {"EUR", "0.86", 2, false}, {"GBP", "0.74", 2, false}, {"CHF", "0.8", 2, false},
	{"JPY", "147.35", 0, false}, {"BRL", "5.42", 2, false}, {"SEK", "9.41", 2, false},
}

// writeMoney writes the currencies and, quarter by quarter, their dated rates.
func (w *world) writeMoney(dir string) error {
	s := w.sheet(dir, "CurrencyType.csv", "Id,IsoCode,ConversionRate,DecimalPlaces,IsActive,IsCorporate")
	for i, c := range currencies {
		s.texts(crmID(prefixCurrency, i), c.code, c.rate, decimal(c.decimals))
		s.flag(c.code != "SEK")
		s.flag(c.corporate)
		if err := s.end(); err != nil {
			return err
		}
	}
	if err := s.finish(); err != nil {
		return err
	}
	s = w.sheet(dir, "DatedConversionRate.csv", "Id,IsoCode,StartDate,NextStartDate,ConversionRate")
	n := 0
	for k, c := range currencies[1:] {
		base := []int{860, 740, 800, 147350, 5420, 9410}[k] // thousandths
		d := newDraw(w.seed, kindStamp, k+1<<43)
		for q := range 8 {
			start := reference - int64(8-q)*91*day
			next := date(start + 91*day)
			if q == 7 {
				next = "9999-12-31"
			}
			v := base * (940 + d.n(120)) / 1000
			s.texts(crmID(prefixRate, n), c.code, date(start), next, decimal(v/1000)+"."+decimal(1000 + v%1000)[1:])
			n++
			if err := s.end(); err != nil {
				return err
			}
		}
	}
	return s.finish()
}

func (w *world) writeOrganization(dir string) error {
	s := w.sheet(dir, "Organization.csv", "Id,Name,OrganizationType,IsSandbox,InstanceName,TimeZoneSidKey")
	s.texts(crmID(prefixOrg, 0), ownName, "Enterprise Edition", "false", "EU46", "Europe/London")
	if err := s.end(); err != nil {
		return err
	}
	return s.finish()
}
