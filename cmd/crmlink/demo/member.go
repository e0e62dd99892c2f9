package demo

import "strings"

// job is a title before anybody abbreviates it.
type job struct{ chief, rank, function int }

// member is one person of the directory. Members are numbered by the company they come from; some have left it since.
type member struct {
	index    int
	person   person
	shown    shown
	origin   int
	current  int
	past     []int
	job      job
	oldJob   job
	at       *city
	email    string
	phone    phone
	hasPhone bool
}

func (w *world) originOf(m int) int {
	lo, hi := 0, w.companies-1
	for lo < hi {
		mid := (lo + hi) / 2
		if int(w.memberStart[mid+1]) > m {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

func (w *world) member(i int) member {
	d := newDraw(w.seed, kindMember, i)
	m := member{index: i, origin: w.originOf(i)}
	m.current = m.origin
	home := w.company(m.origin)
	m.at = home.at.city
	m.person = w.memberPerson(m)
	moved := d.chance(140)
	if moved {
		m.past = append(m.past, m.origin)
		if m.current = d.n(w.companies); m.current == m.origin {
			m.current = (m.origin + 1) % w.companies
		}
		if d.chance(450) {
			m.at = w.company(m.current).at.city
		}
	} else if d.chance(150) {
		m.at = w.cityIn(&d, m.at.country.code)
	}
	for d.chance(330) && len(m.past) < 3 {
		if p := d.n(w.companies); p != m.current {
			m.past = append(m.past, p)
		}
	}
	m.job, m.oldJob = w.job(&d), w.job(&d)
	if !moved || d.chance(300) {
		m.oldJob.function = m.job.function
	}
	m.shown = m.person.inDirectory(&d)
	if d.chance(420) {
		m.email = w.emailAt(w.company(m.current), m.person, i)
		if d.chance(130) {
			m.email = w.personalEmail(m.person, i)
		}
	}
	m.phone, m.hasPhone = newPhone(&d, m.at), d.chance(220)
	return m
}

// memberPerson alone is enough to make a namesake.
func (w *world) memberPerson(m member) person {
	d := newDraw(w.seed, kindPerson, m.index)
	return w.person(&d, w.company(m.origin).at.city.country)
}

func (w *world) job(d *draw) job {
	if d.chance(90) {
		return job{chief: d.n(len(w.chiefs)), rank: -1}
	}
	return job{chief: -1, rank: d.n(len(w.ranks)), function: d.n(len(w.functions))}
}

// title writes a job in full, or with another spelling of its rank or of its function. It returns that spelling.
func (w *world) title(d *draw, j job, otherPerMille int) (title, variant string) {
	other := d.chance(otherPerMille)
	if j.rank < 0 {
		f := w.chiefs[j.chief]
		if other {
			v := front(d, f.other)
			return v, v
		}
		return f.name, ""
	}
	rank, function := w.ranks[j.rank].name, w.functions[j.function].name
	if other {
		if d.chance(600) {
			rank = front(d, w.ranks[j.rank].other)
			variant = rankWord(rank)
		} else {
			function = front(d, w.functions[j.function].other)
			variant = function
		}
	}
	return strings.Replace(rank, "%", function, 1), variant
}

// emailAt is the address of a person at a company: the same whoever writes it down.
func (w *world) emailAt(c *company, p person, who int) string {
	d := newDraw(w.seed, kindEmail, who)
	pattern := newDraw(w.seed, kindEmail, c.root+1<<40)
	x := pattern.n(7)
	if x == 3 && c.people > 300 {
		x = 0 // one initial is too little for a big company
	}
	return p.localPart(x, c.people/5, &d) + "@" + w.mail(c, &d)
}

func (w *world) personalEmail(p person, who int) string {
	d := newDraw(w.seed, kindEmail, who+1<<41)
	local := p.localPart(d.n(6), 0, &d)
	if d.chance(600) {
		local += decimal(1 + d.n(99))
	}
	return local + "@" + front(&d, w.list["free_mail"])
}

func (w *world) headline(d *draw, title string, m *member) string {
	now := w.company(m.current).core
	switch x := d.n(20); {
	case x < 6:
		return title + " at " + now
	case x < 10 && len(m.past) > 0:
		return title + " at " + now + " | ex-" + w.company(m.past[0]).brand
	case x < 12:
		return title + " @ " + now
	case x == 12:
		return "Helping teams at " + now + " do more with less"
	case x == 13:
		return "Speaker, author, " + strings.ToLower(title)
	case x == 14:
		return now + " - " + title
	case x == 15:
		return "Open to work | " + title
	}
	return title
}
