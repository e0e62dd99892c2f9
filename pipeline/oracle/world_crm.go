package oracle

// org is the CRM's side of a world while it is made.
type org struct {
	*author
	firms  []*company
	people []*person
	// home is the account that all contacts copied from one person belong to: equal copies must be equal in this too.
	home map[*person]string
	// copies counts the accounts made of a company. Contacts of one copy would tell it from the other.
	copies map[*company]int
	// copied remembers which entities have records already, to make more of them on purpose.
	copiedFirms  []*company
	copiedPeople []*person
	accountOf    map[*company]string
	stamped      map[string]bool // objects whose files say SystemModstamp
	changes
}

func newOrg(w *World) *org {
	return &org{author: &author{World: w, used: map[string]bool{}}, home: map[*person]string{}, copies: map[*company]int{},
		accountOf: map[*company]string{}, stamped: map[string]bool{}}
}

// add writes a record: its row, sometimes older versions of it before or after, sometimes the same row twice.
func (o *org) add(object string, row Row) {
	sheet := o.CRM[object]
	versions := 0
	if o.chance(20) {
		versions = o.between(1, 2)
	}
	at := o.between(200_000, 700_000)
	o.stamp(object, row, at)
	rows := []Row{row}
	for range versions {
		at -= o.between(1, 50_000)
		old := o.older(object, row)
		o.stamp(object, old, at)
		rows = append(rows, old)
	}
	if o.chance(5) {
		rows = append(rows, copyRow(row))
	}
	sheet.Rows = append(sheet.Rows, rows...)
}

// stamp says when a version was written. Where SystemModstamp says it, LastModifiedDate may say anything.
func (o *org) stamp(object string, row Row, at int) {
	row["LastModifiedDate"], row["SystemModstamp"] = o.moment(at), ""
	if o.stamped[object] && o.chance(90) {
		row["SystemModstamp"] = row["LastModifiedDate"]
		row["LastModifiedDate"] = o.moment(o.between(100_000, 700_000))
	}
}

// older is an earlier version of a record, wrong in everything that a list depends on.
func (o *org) older(object string, row Row) Row {
	old := copyRow(row)
	for _, column := range o.CRM[object].Columns {
		switch {
		case !o.chance(60):
		case column == "OwnerId":
			old[column] = o.owner()
		case column == "StageName":
			old[column] = pick(o.World, openStages)
		case column == "IsDeleted", column == "IsClosed", column == "IsConverted", column == "IsActive":
			old[column] = o.yes(o.chance(50))
		case column == "LastName" || column == "Name":
			old[column] = o.word(outside)
		case column == "Email" || column == "Phone" || column == "MasterRecordId" || column == "AccountId":
			old[column] = ""
		}
	}
	return old
}

func copyRow(row Row) Row {
	c := Row{}
	for k, v := range row {
		c[k] = v
	}
	return c
}

// owner is a user, rarely one that the export lacks.
func (o *org) owner() string {
	if o.chance(4) || len(o.CRM["User"].Rows) == 0 {
		return o.newID("User")
	}
	return pick(o.World, o.ids("User"))
}

// firm chooses what an account is: a company of the directory, often one that has an account already, or none of it.
func (o *org) firm() *company {
	switch {
	case o.chance(30):
		return o.company(outside)
	case o.chance(35) && len(o.copiedFirms) > 0:
		return pick(o.World, o.copiedFirms)
	}
	return pick(o.World, o.firms)
}

func (o *org) someone() *person {
	switch {
	case o.chance(25):
		if o.chance(50) && len(o.copiedFirms) > 0 {
			p := o.person(outside, nil)
			p.company = pick(o.World, o.copiedFirms) // works at a company that is known, and is not
			return p
		}
		return o.person(outside, o.company(outside))
	case o.chance(35) && len(o.copiedPeople) > 0:
		return pick(o.World, o.copiedPeople)
	}
	return pick(o.World, o.people)
}

// account writes one account. Half of the second copies of a company lack the phone and must lose to the first.
func (o *org) account() {
	c := o.firm()
	row := o.accountRow(c)
	row["OwnerId"] = o.owner()
	if o.copies[c] > 0 && o.chance(30) {
		row["Phone"] = ""
	}
	o.fate("Account", row, 8)
	o.copies[c]++
	o.copiedFirms = append(o.copiedFirms, c)
	o.accountOf[c] = row["Id"]
	o.add("Account", row)
}

// fate decides what becomes of a record: most live, some are deleted, merged or Person Accounts.
func (o *org) fate(object string, row Row, personAccounts int) {
	others := o.ids(object)
	switch n := o.between(0, 99); {
	case n < personAccounts:
		row["IsPersonAccount"] = o.yes(true)
		if o.chance(15) {
			row["IsDeleted"] = o.yes(true)
		}
	case n < personAccounts+8:
		row["IsDeleted"] = o.yes(true)
	case n < personAccounts+18:
		row["IsDeleted"] = o.yes(true)
		row["MasterRecordId"] = o.newID(object) // one the export lacks
		if len(others) > 0 && o.chance(92) {
			row["MasterRecordId"] = pick(o.World, others)
			if o.chance(8) {
				o.circle(object, row)
			}
		}
	case o.chance(50):
		row["IsDeleted"] = o.yes(false)
	}
}

// circle merges two records into each other, as no CRM would, so that the walk along a chain must end by itself.
func (o *org) circle(object string, row Row) {
	for _, other := range o.CRM[object].Rows {
		if other["Id"] == row["MasterRecordId"] {
			o.touch(object, other)
			other["MasterRecordId"], other["IsDeleted"] = row["Id"], o.yes(true)
		}
	}
}

func (o *org) contact() {
	p := o.someone()
	home, ok := o.home[p]
	if !ok {
		switch {
		case p.company != nil && o.copies[p.company] == 1 && o.chance(80):
			home = o.accountOf[p.company]
		case p.company != nil && o.copies[p.company] == 0 && o.chance(20) && len(o.copiedFirms) > 0:
			// An account of somewhere else, if only one account is that company.
			if c := pick(o.World, o.copiedFirms); o.copies[c] == 1 {
				home = o.accountOf[c]
			}
		}
		o.home[p] = home
	}
	row := o.contactRow(p)
	row["AccountId"], row["LastActivityDate"] = home, o.activityDate()
	if o.chance(15) {
		row["Phone"] = ""
	}
	if o.chance(2) {
		row = Row{"Id": row["Id"], "AccountId": row["AccountId"], "CreatedDate": row["CreatedDate"]} // nobody
	}
	o.fate("Contact", row, 6)
	o.copiedPeople = append(o.copiedPeople, p)
	o.add("Contact", row)
}

func (o *org) lead() {
	p := o.someone()
	row := o.leadRow(p)
	row["OwnerId"], row["IsUnreadByOwner"], row["LastActivityDate"] = o.owner(), o.yes(o.chance(40)), o.activityDate()
	if o.chance(15) {
		row["Phone"] = ""
	}
	if o.chance(20) {
		row["OwnerId"] = o.newID("Queue")
	}
	o.fate("Lead", row, 0)
	if row["IsDeleted"] == "" && o.chance(15) {
		row["IsConverted"] = o.yes(true)
		switch contacts := o.ids("Contact"); {
		case o.chance(10):
		case len(contacts) == 0 || o.chance(10):
			row["ConvertedContactId"] = o.newID("Contact")
		default:
			row["ConvertedContactId"] = pick(o.World, contacts)
		}
	}
	o.copiedPeople = append(o.copiedPeople, p)
	o.add("Lead", row)
}
