package salesforce

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Check reads what a pull would need, without pulling: versions, limits, whether Bulk answers, every object and field.
// What would end a pull is in Checked.Problems; the error is for what kept it from looking.
func (c *Client) Check(ctx context.Context, names FieldNames) (Checked, error) {
	done, err := c.check(ctx, names)
	if err != nil {
		return done, c.hidden("check the connection", err)
	}
	return done, nil
}

func (c *Client) check(ctx context.Context, names FieldNames) (done Checked, err error) {
	if done.Version, done.Versions, err = c.negotiate(ctx); err != nil {
		return done, err
	}
	if done.Limits, err = c.limits(ctx, done.Version); err != nil {
		return done, err
	}
	problem, err := c.probe(ctx, done.Version)
	if err != nil {
		return done, err
	}
	if done.Bulk = problem == nil; !done.Bulk {
		done.Problems = append(done.Problems, problem)
	}
	found, err := c.describeAll(ctx, done.Version)
	if err != nil {
		return done, err
	}
	if _, err := selections(found, names); errors.As(err, &problem) {
		done.Problems = append(done.Problems, problem)
	}
	if fault := wonValueFault(found[schemas.Opportunity], names.WonValue); fault != "" {
		done.Problems = append(done.Problems, fail(Objects, nil, fault).try("name a field of type currency, number or percent under settings.won_value_field"))
	}
	for _, o := range schemas.Objects {
		done.Objects = append(done.Objects, checked(o, found[o.Name], names))
	}
	if account := found[schemas.Account]; account != nil {
		_, done.PersonAccounts = account.field("IsPersonAccount")
	}
	if opportunity := found[schemas.Opportunity]; opportunity != nil {
		_, done.MultiCurrency = opportunity.field("CurrencyIsoCode")
	}
	if organization := found[schemas.Organization]; organization != nil {
		if done.Organization, err = c.organization(ctx, done.Version, organization); err != nil {
			return done, err
		}
	}
	done.Calls = c.Calls()
	return done, nil
}

// probe makes a Bulk query that finds nothing, and takes it back: nothing less shows that the org's Bulk API answers.
func (c *Client) probe(ctx context.Context, version string) (problem *Error, err error) {
	info, err := c.createJob(ctx, version, "SELECT Id FROM Account WHERE Id = '001000000000000AAA'")
	if err == nil {
		c.removeJob(ctx, &job{ID: info.ID, Version: version}) //nolint:errcheck // Salesforce forgets it by itself
		return nil, nil
	}
	err = c.meant("make a Bulk query job", err)
	var no *refusal
	switch {
	case !errors.As(err, &problem) || !errors.As(err, &no) || no.Status >= 500:
		return nil, err
	case problem.Code == Bulk, problem.Code == Privilege, problem.Code == Quota:
		return problem, nil
	}
	return nil, nil // it answers; what it does not like about the object is told of the object
}

// checked tells of one object.
func checked(o schemas.Object, d *described, names FieldNames) CheckedObject {
	one := CheckedObject{Name: o.Name, Required: !o.Helper, Readable: d != nil && d.Queryable}
	s := choose(o, d, names)
	for _, f := range o.Fields {
		if f.Name == schemas.WonValue {
			continue
		}
		theirs := f.Name
		promised := false
		for ours, name := range names.Columns[o.Name] {
			if strings.EqualFold(ours, f.Name) {
				theirs, promised = name, true
			}
		}
		one.Fields = append(one.Fields, checkedField(d, s, theirs, f.Required || promised))
	}
	if o.Name == schemas.Opportunity && names.WonValue != "" && !strings.EqualFold(names.WonValue, "Amount") {
		one.Fields = append(one.Fields, checkedField(d, s, names.WonValue, true))
	}
	return one
}

func checkedField(d *described, s selection, name string, required bool) CheckedField {
	one := CheckedField{Name: name, Required: required}
	if d == nil {
		return one
	}
	if f, ok := d.field(name); ok {
		one.Type = oneLine(f.Type)
		one.Readable = slices.Contains(s.Fields, f.Name)
	}
	return one
}

// organization reads what the org says of itself; nothing where the user may not.
func (c *Client) organization(ctx context.Context, version string, d *described) (org Organization, err error) {
	var fields []string
	for _, name := range []string{"Id", "Name", "OrganizationType", "IsSandbox", "InstanceName"} {
		if f, ok := d.field(name); ok {
			fields = append(fields, f.Name)
		}
	}
	if len(fields) == 0 {
		return org, nil
	}
	var answer struct {
		Records []struct {
			ID       string `json:"Id"`
			Name     string `json:"Name"`
			Edition  string `json:"OrganizationType"`
			Sandbox  bool   `json:"IsSandbox"`
			Instance string `json:"InstanceName"`
		} `json:"records"`
	}
	err = c.call(ctx, request{kind: callQuery, path: queryPath(version, "query", "SELECT "+strings.Join(fields, ", ")+" FROM Organization")}, &answer)
	var no *refusal
	if errors.As(err, &no) && no.Status/100 == 4 || err == nil && len(answer.Records) == 0 {
		return org, nil
	}
	if err != nil {
		return org, c.meant("read Organization", err)
	}
	r := answer.Records[0]
	return Organization{ID: oneLine(r.ID), Name: oneLine(r.Name), Edition: oneLine(r.Edition), Sandbox: r.Sandbox, Instance: oneLine(r.Instance)}, nil
}
