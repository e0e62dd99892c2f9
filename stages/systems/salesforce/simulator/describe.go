package simulator

import (
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// pair is one picklist value.
type pair struct {
	Active       bool    `json:"active"`
	DefaultValue bool    `json:"defaultValue"`
	Label        string  `json:"label"`
	ValidFor     *string `json:"validFor"`
	Value        string  `json:"value"`
}

// soapTypes of describe's types; a string where there is none.
var soapTypes = map[string]string{"id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "currency": "xsd:double",
	"percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime", "address": "urn:address"}

// describe tells a field with all keys that describe has.
func (t *table) describe(f *field) map[string]any {
	soap := soapTypes[f.kind]
	if soap == "" {
		soap = "xsd:string"
	}
	precision, scale, digits, length := 0, 0, 0, f.length
	switch f.kind {
	case "int":
		digits = 8
	case "double", "currency":
		precision, scale = 18, 2
	}
	if f.custom() && f.kind == "double" {
		scale = 10
	}
	if f.kind == "boolean" || f.kind == "date" || f.kind == "datetime" || f.number() || f.parts != nil {
		length = 0
	}
	values := []pair{}
	for v := range f.values {
		values = append(values, pair{Active: true, Label: v, Value: v})
	}
	sort.Slice(values, func(i, j int) bool { return values[i].Value < values[j].Value })
	system := slices.Contains([]string{"Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp", "MasterRecordId", "LastViewedDate", "LastReferencedDate", "LastActivityDate"}, f.name)
	writable := !system && !f.calculated && f.parts == nil
	text := f.kind == "string" || f.kind == "phone" || f.kind == "email" || f.kind == "url" || f.kind == "picklist" || f.kind == "textarea"
	long := f.kind == "textarea" && f.length > 4000
	orNull := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	references := f.references
	if references == nil {
		references = []string{}
	}
	var formula any
	if f.calculated {
		formula = "/* not told */"
	}
	return map[string]any{
		"aggregatable": !long && f.parts == nil && f.kind != "boolean", "aiPredictionField": false, "autoNumber": false, "byteLength": 3 * length,
		"calculated": f.calculated, "calculatedFormula": formula, "cascadeDelete": false, "caseSensitive": false, "compoundFieldName": orNull(f.compound),
		"controllerName": nil, "createable": writable, "custom": f.custom(), "defaultValue": nil, "defaultValueFormula": nil,
		"defaultedOnCreate": f.kind == "boolean" || system, "dependentPicklist": false, "deprecatedAndHidden": false, "digits": digits,
		"displayLocationInDecimal": false, "encrypted": false, "externalId": false, "extraTypeInfo": nil, "filterable": !long && f.parts == nil,
		"filteredLookupInfo": nil, "formulaTreatNullNumberAsZero": false, "groupable": !long && f.parts == nil && !f.number() && f.kind != "datetime",
		"highScaleNumber": false, "htmlFormatted": false, "idLookup": f.name == "Id" || f.name == "Email", "inlineHelpText": nil, "label": label(f.name), "length": length,
		"mask": nil, "maskType": nil, "name": f.name, "nameField": f.name == "Name", "namePointing": len(references) > 1,
		"nillable":       !system && f.kind != "boolean" || f.name == "MasterRecordId" || strings.HasPrefix(f.name, "Last") && f.name != "LastModifiedDate" && f.name != "LastName",
		"permissionable": writable && f.name != "Name" && f.name != "LastName" && f.name != "OwnerId", "picklistValues": values, "polymorphicForeignKey": len(references) > 1,
		"precision": precision, "queryByDistance": false, "referenceTargetField": nil, "referenceTo": references, "relationshipName": orNull(f.relation),
		"relationshipOrder": nil, "restrictedDelete": false, "restrictedPicklist": false, "scale": scale, "searchPrefilterable": false,
		"soapType": soap, "sortable": !long && f.parts == nil, "type": f.kind, "unique": false, "updateable": writable,
		"writeRequiresMasterRead": false, "textType": text,
	}
}

// flags are what global describe and describe say of an object alike.
func (t *table) flags(version string) map[string]any {
	custom := strings.HasSuffix(t.name, "__c")
	at := "/services/data/v" + version + "/sobjects/" + t.name
	urls := map[string]string{"sobject": at, "describe": at + "/describe", "rowTemplate": at + "/{ID}"}
	if t.bulk() {
		urls["layouts"] = at + "/describe/layouts"
	}
	deletable := t.place("IsDeleted") >= 0
	return map[string]any{
		"activateable": false, "associateEntityType": nil, "associateParentEntity": nil, "createable": t.bulk(), "custom": custom, "customSetting": false,
		"deepCloneable": false, "deletable": deletable, "deprecatedAndHidden": false, "feedEnabled": t.bulk(), "hasSubtypes": false, "isInterface": false, "isSubtype": false,
		"keyPrefix": t.prefix, "label": t.label, "labelPlural": t.label + "s", "layoutable": t.bulk(),
		"mergeable": slices.Contains([]string{schemas.Account, schemas.Contact, schemas.Lead}, t.name), "mruEnabled": t.bulk(), "name": t.name, "queryable": true,
		"replicateable": deletable || t.name == schemas.User, "retrieveable": true, "searchable": t.bulk(), "triggerable": t.bulk(), "undeletable": deletable,
		"updateable": t.bulk(), "urls": urls,
	}
}

func (x *exchange) globalDescribe() failure {
	st := &x.s.store
	st.mu.RLock()
	defer st.mu.RUnlock()
	list := []any{}
	for _, t := range st.tables {
		if st.readable(t) {
			list = append(list, t.flags(x.version))
		}
	}
	return x.json(map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
}

func (x *exchange) describe() failure {
	st := &x.s.store
	st.mu.RLock()
	defer st.mu.RUnlock()
	t := st.known(x.parts[1])
	if t == nil {
		return errMissing
	}
	if since, err := http.ParseTime(x.r.Header.Get("If-Modified-Since")); err == nil && !t.changed.After(since) {
		x.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	x.w.Header().Set("Last-Modified", t.changed.UTC().Format(http.TimeFormat))
	fields := []any{}
	for i := range t.fields {
		if f := &t.fields[i]; st.visible(t, f) {
			d := t.describe(f)
			delete(d, "textType")
			fields = append(fields, d)
		}
	}
	children := []any{}
	for _, child := range st.tables {
		for i := range child.fields {
			if f := &child.fields[i]; st.readable(child) && st.visible(child, f) && slices.Contains(f.references, t.name) {
				children = append(children, map[string]any{"cascadeDelete": false, "childSObject": child.name, "deprecatedAndHidden": false, "field": f.name,
					"junctionIdListNames": []string{}, "junctionReferenceTo": []string{}, "relationshipName": nil, "restrictedDelete": false})
			}
		}
	}
	d := t.flags(x.version)
	d["fields"], d["childRelationships"] = fields, children
	d["recordTypeInfos"] = []any{map[string]any{"active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master", "master": true, "name": "Master", "recordTypeId": "012000000000000AAA",
		"urls": map[string]string{"layout": "/services/data/v" + x.version + "/sobjects/" + t.name + "/describe/layouts/012000000000000AAA"}}}
	d["actionOverrides"], d["namedLayoutInfos"], d["supportedScopes"] = []any{}, []any{}, []any{map[string]string{"label": "All " + t.label + "s", "name": "everything"}}
	d["compactLayoutable"], d["listviewable"], d["lookupLayoutable"], d["networkScopeFieldName"], d["searchLayoutable"], d["sobjectDescribeOption"] = t.bulk(), nil, nil, nil, t.bulk(), "FULL"
	d["defaultImplementation"], d["extendedBy"], d["extendsInterfaces"], d["implementedBy"], d["implementsInterfaces"] = nil, nil, nil, nil, nil
	return x.json(d)
}

// record is one record by its Id.
func (x *exchange) record() failure {
	st := &x.s.store
	st.mu.RLock()
	defer st.mu.RUnlock()
	t := st.known(x.parts[1])
	if t == nil {
		return errMissing
	}
	id, ok := schemas.FullID(x.parts[2])
	r, found := t.find(id)
	if !ok || !found || st.unseen[key15(id)] {
		if id == x.session.user.id && t.name == schemas.User {
			u := x.session.user
			return x.json(map[string]any{"attributes": attributes(t, x.version, id), "Id": id, "Username": u.username, "Name": u.name, "Email": u.email, "IsActive": u.active})
		}
		return refuse(http.StatusNotFound, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: "+x.parts[2])
	}
	cells := r.cells(nil, len(t.fields))
	if p := t.place("IsDeleted"); p >= 0 && cells[p] == "true" {
		return refuse(http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted")
	}
	pl := &plan{query: &query{}, table: t}
	for i := range t.fields {
		if f := &t.fields[i]; st.visible(t, f) {
			pl.columns = append(pl.columns, path{name: f.name, last: i, field: f})
		}
	}
	x.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	x.w.Write(pl.json(nil, x.version, cells)) //nolint:errcheck // the client is gone
	return nil
}
