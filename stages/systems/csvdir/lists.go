package csvdir

import (
	"fmt"
	"slices"

	"github.com/crmlink/crmlink/schemas"
)

type userList struct {
	object string
	table  schemas.Table
	needed []string // columns that must exist beside the key
	oneOf  []string // one of these too
}

// userLists are what the user brings beside the CRM, in the order in which it is read.
var userLists = []userList{
	{"company", schemas.RawCompany, []string{"name"}, nil},
	{"member", schemas.RawMember, nil, []string{"first_name", "last_name", "name"}},
	{"seat", schemas.RawSeat, nil, []string{"email", "crm_user_id"}},
	{"activity", schemas.RawActivity, []string{"seat_id", "kind"}, nil},
	{"decision", schemas.RawDecision, []string{"object", "crm_id", "verdict"}, nil},
	{"redirect", schemas.RawRedirect, []string{"new_id"}, nil},
}

func lists(root string, inputs map[string]Input) ([]*sheet, []string, error) {
	var errs Errors
	var sheets []*sheet
	for _, known := range userLists {
		in, ok := inputs[known.object]
		if !ok {
			continue
		}
		delim, err := delimiter(in.Delimiter)
		if err != nil {
			_ = gather(&errs, err)
			continue
		}
		files, err := matching(root, in.Path)
		if err := gather(&errs, err); err != nil {
			return nil, nil, err
		}
		if len(files) == 0 && err == nil {
			errs = append(errs, &FileError{File: in.Path, Problem: fmt.Sprintf("there is no such file (%s)", known.object),
				Next: "check the path; it is relative to the configuration file"})
		}
		sh, err := tableSheet(known.object, known.table, known.needed, known.oneOf, in.Columns)
		if err := gather(&errs, err); err != nil {
			return nil, nil, err
		}
		sh.delim, sh.empty, sh.files = delim, in.AllowEmpty, files
		sheets = append(sheets, sh)
	}
	for object := range inputs {
		if !slices.ContainsFunc(userLists, func(l userList) bool { return l.object == object }) {
			return nil, nil, fmt.Errorf("read lists: there is no list %q", object)
		}
	}
	if err := gather(&errs, checkHeaders(sheets)); err != nil {
		return nil, nil, err
	}
	return sheets, nil, errs.orNil()
}
