package csvdir

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// secret stands for a person's data: no error may hold it.
const secret = "Kovalenko"

func TestFileErrors(t *testing.T) {
	good := account("001M000000qfPyS", ",,")
	for name, c := range map[string]struct {
		files   map[string]string
		options Options
		want    string
		try     string
	}{
		"missing columns of all objects": {
			files: map[string]string{"Account.csv": "Id,Website\n" + secret + "\n", "Lead-1.csv": "Id\n", "Lead-2.csv": "Id\n", "User.csv": "Id,Email\n"},
			want: "Account.csv: no columns LastModifiedDate, Name and OwnerId\n" +
				"Lead-1.csv: no columns Company, IsConverted, LastModifiedDate, LastName and OwnerId, nor in 1 more files of Lead\n" +
				"User.csv: no column IsActive",
			try: "export Account with all required columns, or name the ones it has under columns; export Lead with all required columns, or name the ones it has under columns; export User with all required columns, or name the ones it has under columns"},
		"missing objects": {
			files: map[string]string{"Lead.csv": "-", "UserRole.csv": "-", "User.csv": "Id,Email\n"},
			want:  "DIR: no file for Lead and UserRole\nUser.csv: no column IsActive",
			try:   "put Lead.csv, UserRole.csv there, or name the file under files; export User with all required columns, or name the ones it has under columns"},
		"no header row": {
			files: map[string]string{"Account.csv": "001M000000qfPyS," + secret + "," + secret + "\n"},
			want:  "Account.csv:1: columns 2 and 3 have the same name", try: "remove or rename one of the two columns"},
		"duplicate header": {
			files: map[string]string{"Account.csv": strings.Replace(accountHeader, "Website", "NAME", 1) + good},
			want:  "Account.csv:1: column Name occurs twice", try: "remove or rename one of the two columns"},
		"unfinished quote": {
			files: map[string]string{"Account.csv": accountHeader + good + "001M000000qfPyS,\"" + secret + "\nand\nmore\n"},
			want:  "Account.csv:3: unfinished quote: the row that starts here has a cell whose quote is never closed",
			try:   "close the quote, or export the file again if it was cut off"},
		"bare quote": {
			files: map[string]string{"Account.csv": accountHeader + "001M000000qfPyS," + secret + " \"the\"\n" + good},
			want:  "Account.csv:2: a quote inside a cell that is not quoted", try: "put the cell in quotes and double the quotes inside it, or export the file again"},
		"text after a quote": {
			files: map[string]string{"Account.csv": accountHeader + "001M000000qfPyS,\"" + secret + "\"x\n" + good},
			want:  "Account.csv:2: text after the quote that ends a cell", try: "put the cell in quotes and double the quotes inside it, or export the file again"},
		"not UTF-8": {
			files: map[string]string{"Account.csv": accountHeader + good + "001M000000qfPyS,\"a\nM\xfcller " + secret + "\"\n"},
			want:  "Account.csv:4: not UTF-8", try: "export or save the file as UTF-8"},
		"cut character": {
			files: map[string]string{"Account.csv": accountHeader + good + "M\xc3"},
			want:  "Account.csv:3: not UTF-8", try: "export or save the file as UTF-8"},
		"NUL": {
			files: map[string]string{"Account.csv": accountHeader + "001M000000qfPyS," + secret + "\x00\n"},
			want:  "Account.csv:2: a NUL byte: this is no text file, or UTF-16", try: "save the file as UTF-8 text without NUL bytes"},
		"UTF-16": {
			files: map[string]string{"Account.csv": "\xff\xfeI\x00d\x00"},
			want:  "Account.csv:1: not UTF-8", try: "export or save the file as UTF-8"},
		"other object": {
			files: map[string]string{"Account.csv": accountHeader + good + account("003M000000qfPyS", ",,")},
			want:  "Account.csv: holds Contact Ids, not Account Ids, in 1 of its first 2 rows",
			try:   "give the file the name of the object it holds, or mend the files setting"},
		"other object, early": {
			files: map[string]string{"Account.csv": accountHeader + strings.Repeat(account("a01M00000062mPg", ",,"), 2000)},
			want:  "Account.csv: holds Ids of another object, not Account Ids, in 1000 of its first 1000 rows",
			try:   "give the file the name of the object it holds, or mend the files setting"},
		"zero bytes": {
			files: map[string]string{"Account.csv": ""},
			want:  "Account.csv: the file is empty: it has no header row", try: "export it again, or set allow_empty if the object really has no records"},
		"zero bytes, gzipped": {
			files: map[string]string{"Account.csv": "-", "Account.csv.gz": gzipped(t, "")},
			want:  "Account.csv.gz: the file is empty: it has no header row", try: "export it again, or set allow_empty if the object really has no records"},
		"not gzip": {
			files: map[string]string{"Account-2.csv.gz": accountHeader},
			want:  "Account-2.csv.gz: not a whole, readable gzip file", try: "copy or export the file again"},
		"cut gzip": {
			files: map[string]string{"Account-2.csv.gz": gzipped(t, accountHeader+good)[:60]},
			want:  "Account-2.csv.gz: not a whole, readable gzip file", try: "copy or export the file again"},
		"not zip": {
			files: map[string]string{"all.zip": accountHeader},
			want:  "all.zip: not a whole, readable zip archive", try: "copy or export the file again"},
		"damaged zip": {
			files: map[string]string{"all.zip": strings.Replace(zipped(t, "Account-3.csv", strings.Repeat(accountHeader+good, 50)), "\xff\xff", "\xff\x00", 1)},
			want:  "all.zip#Account-3.csv: not a whole, readable zip archive", try: "copy or export the file again"},
		"twice in zip": {
			files: map[string]string{"all.zip": zipped(t, "Account-3.csv", accountHeader, "Account-3.csv", accountHeader)},
			want:  "all.zip#Account-3.csv: the archive has two members of this name", try: "pack the archive again with one of them"},
		"delimiter": {
			files: map[string]string{"Account.csv": strings.ReplaceAll(accountHeader, ",", ";")},
			want:  "Account.csv: no columns Id, LastModifiedDate, Name and OwnerId", try: "set the delimiter to SEMICOLON: the header looks like it"},
		"unknown delimiter": {
			options: Options{Delimiter: "DOT"},
			want:    `delimiter: "DOT" is none crmlink knows`, try: "use one of BACKQUOTE, CARET, COMMA, PIPE, SEMICOLON, TAB"},
		"won value": {
			options: Options{WonValueField: "AgencyFee__c"},
			want:    "Opportunity.csv: no column AgencyFee__c (for WonValue)",
			try:     "export Opportunity with all required columns, or name the ones it has under columns"},
		"mapped column": {
			files:   map[string]string{"Account.csv": accountHeader},
			options: Options{Columns: map[string]map[string]string{"Account": {"website": "URL"}}},
			want:    "Account.csv: no column URL (for Website)", try: "export Account with all required columns, or name the ones it has under columns"},
		"unknown names": {
			options: Options{Columns: map[string]map[string]string{"Acount": {}, "Account": {"Webste": "URL"}}, Files: map[string]string{"Contacts": "*"}},
			want:    "files: there is no object Contacts\ncolumns: there is no object Acount\ncolumns: Account has no column webste",
			try: "use one of Account, Contact, Lead, Opportunity, OpportunityContactRole, User, UserRole, OpportunityStage, CurrencyType, DatedConversionRate, Organization; " +
				"name a column of the data dictionary on the left: crmlink schema lists them"},
		"pattern without files": {
			options: Options{Files: map[string]string{"Account": "acc*.csv"}},
			want:    "files: no file in DIR matches acc*.csv (Account)", try: "check the pattern under files, or put the file there"},
		"two patterns": {
			options: Options{Files: map[string]string{"Account": "A*.csv", "Contact": "*ccount.csv"}},
			want: "Account.csv: files: both Account and Contact ask for it\n" +
				"Account.csv: no column AccountId\nAccount.csv: no columns AccountId and LastName",
			try: "make the patterns under files narrower"},
	} {
		dir := crm(t, c.files)
		c.options.Path = dir
		err := readAll(t, CRM(c.options))
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		text := strings.ReplaceAll(err.Error(), dir, "DIR")
		if strings.Contains(text, secret) {
			t.Errorf("%s: the error holds a person's data", name)
		}
		if name == "two patterns" { // only the first line matters
			text, c.want = strings.Split(text, "\n")[0], strings.Split(c.want, "\n")[0]
		}
		if text != c.want {
			t.Errorf("%s: error\n%s\nwant\n%s", name, text, c.want)
		}
		var next interface {
			error
			Try() string
			Input() bool
		}
		if !errors.As(err, &next) || !next.Input() || !strings.HasPrefix(next.Try(), c.try) {
			t.Errorf("%s: Try: %v, want %s", name, next, c.try)
		}
	}
}

// readAll reads every object and joins the errors, as the stage does.
func readAll(t testing.TB, s *Source) error {
	t.Helper()
	objects, _, err := s.Tables(context.Background())
	if err != nil {
		return err
	}
	var errs Errors
	for _, o := range objects {
		_, err := read(t, s, o)
		if err := gather(&errs, err); err != nil {
			return err
		}
	}
	return errs.orNil()
}

func TestRead_AllDamagedFilesAreTold(t *testing.T) {
	dir := crm(t, map[string]string{
		"Account.csv":   accountHeader + "001M000000qfPyS,\"x\n",
		"Account-1.csv": accountHeader + "001M000000qfPyS,\xff\n",
		"Contact.csv":   "Id,LastName,AccountId,LastModifiedDate\na\"b\n",
	})
	err := readAll(t, CRM(Options{Path: dir}))
	want := "Account-1.csv:2: not UTF-8\n" +
		"Account.csv:2: unfinished quote: the row that starts here has a cell whose quote is never closed\n" +
		"Contact.csv:2: a quote inside a cell that is not quoted"
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}

func TestRead_PlacesOfFiles(t *testing.T) {
	row := func(n int) string { return account(fmt.Sprintf("00100000000000%d", n), ",,") }
	for name, c := range map[string]struct {
		files     map[string]string
		options   Options
		want      string // files of Account
		unclaimed string
	}{
		"pages":   {files: map[string]string{"Account.csv": "-", "Account-1.csv": accountHeader + row(1), "Account-2.csv": accountHeader + row(2)}, want: "Account-1.csv Account-2.csv"},
		"gz":      {files: map[string]string{"Account.csv": "-", "Account.csv.gz": gzipped(t, accountHeader+row(1))}, want: "Account.csv.gz"},
		"zip":     {files: map[string]string{"Account.csv": "-", "all.zip": zipped(t, "crm/Account-1.csv", accountHeader+row(1), "notes.txt", "x", "__MACOSX/._Account.csv", "x")}, want: "all.zip#crm/Account-1.csv", unclaimed: "all.zip#notes.txt"},
		"letters": {files: map[string]string{"Account.csv": "-", "ACCOUNT.CSV": accountHeader + row(1)}, want: "ACCOUNT.CSV"},
		"exact":   {files: map[string]string{"ACCOUNT.csv": accountHeader + row(1)}, want: "Account.csv", unclaimed: "ACCOUNT.csv"},
		"glob": {files: map[string]string{"Account.csv": "-", "sub/acc1.csv": accountHeader + row(1), "acc2.csv": accountHeader + row(2), "Task.csv": "x", ".hidden": "x"},
			options: Options{Files: map[string]string{"Account": "sub/*.csv"}}, want: "sub/acc1.csv", unclaimed: "Task.csv acc2.csv"},
		"glob of members": {files: map[string]string{"Account.csv": "-", "all.zip": zipped(t, "x/acc.csv", accountHeader+row(1))},
			options: Options{Files: map[string]string{"Account": "acc*.csv"}}, want: "all.zip#x/acc.csv"},
		"archive by name": {files: map[string]string{"Account.csv": "-", "accounts.zip": zipped(t, "p1.csv", accountHeader+row(1))},
			options: Options{Files: map[string]string{"Account": "accounts.zip"}}, want: "accounts.zip#p1.csv"},
		"any ending": {files: map[string]string{"Account.csv": "-", "accounts.txt": accountHeader + row(1)},
			options: Options{Files: map[string]string{"Account": "*.txt"}}, want: "accounts.txt"},
		"names not UTF-8": {files: map[string]string{"Account.csv": "-", "K\xfcrzel.csv": accountHeader + row(1), "alle-f\xfcr.zip": zipped(t, "\x9fbung/acc.csv", accountHeader+row(2)), "\xff.txt": "x"},
			options: Options{Files: map[string]string{"Account": "acc.csv"}}, want: "alle-f\uFFFDr.zip#\uFFFDbung/acc.csv", unclaimed: "K\uFFFDrzel.csv \uFFFD.txt"},
		"a name not UTF-8": {files: map[string]string{"Account.csv": "-", "K\xfcrzel.csv": accountHeader + row(1)},
			options: Options{Files: map[string]string{"Account": "K*.csv"}}, want: "K\uFFFDrzel.csv"},
		"empty": {files: map[string]string{"Account.csv": ""}, options: Options{AllowEmpty: true}, want: "Account.csv"},
	} {
		c.options.Path = crm(t, c.files)
		s := CRM(c.options)
		_, unclaimed, err := s.Tables(context.Background())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := read(t, s, schemas.Account)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var files []string
		for _, l := range got.log {
			files = append(files, strings.TrimPrefix(strings.Fields(l)[1], "file="))
		}
		if strings.Join(files, " ") != c.want || strings.Join(unclaimed, " ") != c.unclaimed {
			t.Errorf("%s: files %v, unclaimed %v, want %s and %s", name, files, unclaimed, c.want, c.unclaimed)
		}
	}
}
