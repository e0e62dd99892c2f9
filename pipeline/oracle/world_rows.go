package oracle

import "fmt"

// accountRow is a live account that says of a company all that the directory would say of it.
func (o *org) accountRow(c *company) Row {
	return Row{"Id": o.newID("Account"), "Name": c.name, "Website": "www." + c.domain, "Phone": c.phone,
		"BillingStreet": c.street, "BillingCity": c.city, "BillingState": c.region, "BillingPostalCode": c.postal,
		"BillingCountry": "United States", "CreatedDate": o.moment(o.between(0, 100_000))}
}

func (o *org) contactRow(p *person) Row {
	return Row{"Id": o.newID("Contact"), "FirstName": p.first, "LastName": p.last, "Email": p.email, "Phone": p.phone,
		"Title": p.title, "MailingStreet": p.street, "MailingCity": p.city, "MailingState": p.region,
		"MailingPostalCode": p.postal, "MailingCountry": "United States", "CreatedDate": o.moment(o.between(0, 100_000))}
}

func (o *org) leadRow(p *person) Row {
	row := Row{"Id": o.newID("Lead"), "FirstName": p.first, "LastName": p.last, "Email": p.email, "Phone": p.phone,
		"Title": p.title, "Street": p.street, "City": p.city, "State": p.region, "PostalCode": p.postal, "Country": "United States",
		"IsConverted": o.yes(false), "CreatedDate": o.moment(o.between(0, 100_000))}
	if p.company != nil {
		row["Company"] = p.company.name
	}
	return row
}

// activityDate lies in the weeks before as_of, or is empty.
func (o *org) activityDate() string {
	if o.chance(30) {
		return ""
	}
	return o.day(480, 530)
}

func (o *org) users(n, roles int) {
	sheet := o.CRM["UserRole"]
	for i := range roles {
		row := Row{"Id": o.newID("UserRole"), "Name": fmt.Sprintf("Role %d", i), "LastModifiedDate": o.moment(1)}
		sheet.Rows = append(sheet.Rows, row)
	}
	for _, row := range sheet.Rows { // any role may stand above any other, itself included
		if o.chance(70) {
			row["ParentRoleId"] = pick(o.World, o.ids("UserRole"))
		}
	}
	for i := range n {
		name := o.word(outside)
		row := Row{"Id": o.newID("User"), "Name": "User " + name, "Title": pick(o.World, titles),
			"Email": name + "@Acme.example", "IsActive": o.yes(o.chance(80))}
		if i > 0 && o.chance(20) {
			row["Email"] = pick(o.World, o.CRM["User"].Rows)["Email"]
		}
		if o.chance(5) {
			row["Email"] = ""
		}
		if o.chance(4) {
			row["IsDeleted"] = o.yes(true)
		}
		if roles > 0 && o.chance(80) {
			row["UserRoleId"] = pick(o.World, o.ids("UserRole"))
		}
		o.add("User", row)
	}
}
