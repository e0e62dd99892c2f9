package extract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Limits of what a day's work does to values. Shares are in millionths; an accident of one page in four passes them
// all, and so does none of: formatting all phones, writing all names in capitals, new owners for all records.
const (
	sampleRows = 2_500 // rows of an object whose values are compared; of a larger one a sample of about as many

	fewDisplaced   = 5 // records
	displacedShare = 50_000
	fewLost        = 20 // values
	lostShare      = 500_000
	fewMisfits     = 10
	misfitShare    = 500_000 // on a first run
	misfitRise     = 200_000 // against the last publication
	fewBroken      = 10
	brokenShare    = 300_000
	brokenRise     = 150_000
)

// ofUser are columns that hold what the user who exports did last: another user's are others, or none.
var ofUser = map[string]bool{"LastViewedDate": true, "LastReferencedDate": true}

// shapes are what values of a column look like, by the column's name in small letters without the kind of address.
// word is a name or place: no address, number or Id. Columns of free text and of picked values have none.
var shapes = map[string]string{
	"email": "email", "emails": "email", "website": "web", "domains": "web", "url": "web",
	"phone": "phone", "phones": "phone", "mobilephone": "phone", "fax": "phone",
	"postalcode": "postal", "postal_code": "postal", "headcount": "range",
	"name": "word", "firstname": "word", "lastname": "word", "first_name": "word", "last_name": "word", "company": "word",
	"company_name": "word", "aliases": "word", "title": "word", "industry": "word", "city": "word", "state": "word",
	"region": "word", "country": "word",
}

func (s subject) shape(c schemas.Column) string {
	name := strings.ToLower(c.Name)
	for _, kind := range []string{"billing", "shipping", "mailing"} {
		name = strings.TrimPrefix(name, kind)
	}
	switch {
	case s.object == schemas.Opportunity || s.object == schemas.OpportunityContactRole || s.object == schemas.UserRole:
		return "" // their names are whatever people call a deal
	case !isText(c):
		return ""
	}
	return shapes[name]
}

func isText(c schemas.Column) bool { return c.Type == schemas.Text || c.Type == schemas.TextList }

// sampleShare is how many of 64 parts of an object are compared.
func sampleShare(rows int64) int {
	if rows <= sampleRows {
		return schemas.ManyParts
	}
	return int(max(1, schemas.ManyParts*sampleRows/rows))
}

// bindSample makes the same part of an object's records readable as sampled_before and sampled_after.
func (i *inspection) bindSample(s subject, share int, before, after sql.Snapshot) error {
	overruled := sql.Empty(s.table.Name)
	if snap, ok := i.in.Overruled[s.table.Name]; ok {
		overruled = snap
	}
	for name, snap := range map[string]sql.Snapshot{"sampled_before": before, "sampled_after": after, "overruled": overruled} {
		var chosen []sql.Snapshot
		for n, piece := range snap.Split() {
			if p := snap.Parts[n]; p.Of == 1 || p.Number < share {
				chosen = append(chosen, piece)
			}
		}
		if err := i.session.BindAs(i.ctx, name, sql.Together(s.table.Name, chosen...)); err != nil {
			return err
		}
	}
	i.share = share
	return nil
}

// samples renders the live rows of a sample: as they were, and as they were read. A table in one file is sampled row
// by row.
func (i *inspection) samples(s subject) (before, after string) {
	key := schemas.Quote(s.table.PartKey())
	where := fmt.Sprintf("part_of(CAST(%s AS VARCHAR)) < %d", key, i.share)
	if i.share == schemas.ManyParts {
		where = "true"
	}
	if s.mirrored {
		where += " AND missing_since IS NULL AND NOT coalesce(IsDeleted, false)"
	}
	read := "sampled_after"
	if i.in.Overruled[s.table.Name].Rows > 0 {
		read = "(SELECT * FROM sampled_after ANTI JOIN overruled USING (" + key + ") UNION ALL SELECT * FROM overruled)"
	}
	return "SELECT * FROM sampled_before WHERE " + where, "SELECT * FROM " + read + " WHERE " + where
}

// ofSample says in a detail that numbers are of a sample.
func (i *inspection) ofSample() string {
	if i.share == schemas.ManyParts {
		return ""
	}
	return " (in a sample)"
}

// compared are the columns whose values are looked at: all but the key and what no person wrote.
func (s subject) compared() []schemas.Column {
	var columns []schemas.Column
	for _, c := range s.table.Columns {
		if c.Name != s.table.Key[0] && c.Name != "missing_since" && !ofUser[c.Name] {
			columns = append(columns, c)
		}
	}
	return columns
}

// textOf renders a column's value as text.
func textOf(c schemas.Column, of string) string {
	name := of + schemas.Quote(c.Name)
	if c.Type == schemas.TextList {
		return "array_to_string(" + name + ", '|')"
	}
	return "CAST(" + name + " AS VARCHAR)"
}

// pairs is how the records before and after differ, as counts.
type pairs struct {
	both, displaced, questioned int64
	lost                        map[string]int64 // by column
	taker, giver                string           // the most frequent displacement
}

// comparePairs compares each record of a sample with itself.
func (i *inspection) comparePairs(s subject) (p pairs, err error) {
	var fields, texts, old, now []string
	for _, c := range s.compared() {
		fields, texts = append(fields, "'"+c.Name+"'"), append(texts, strconv.FormatBool(isText(c)))
		old, now = append(old, textOf(c, "b.")), append(now, textOf(c, "a."))
	}
	before, after := i.samples(s)
	pair := fmt.Sprintf("SELECT a.%s AS name, [%s] AS fields, [%s] AS texts, [%s] AS old, [%s] AS new FROM (%s) b JOIN (%s) a ON a.%[1]s = b.%[1]s",
		schemas.Quote(s.table.Key[0]), strings.Join(fields, ", "), strings.Join(texts, ", "), strings.Join(old, ", "), strings.Join(now, ", "),
		before, after)
	p.lost = map[string]int64{}
	err = i.rows("inspect_pairs", func(r *sql.Rows) error {
		var measure, field, other string
		var n int64
		err := r.Scan(&measure, &field, &other, &n)
		switch measure {
		case "both":
			p.both = n
		case "displaced":
			p.displaced = n
		case "questioned":
			p.questioned = n
		case "lost":
			p.lost[field] = n
		case "moved":
			if p.taker == "" {
				p.taker, p.giver = field, other
			}
		}
		return err
	}, relation{name: "pair", query: pair})
	return p, err
}

// cells are the counts of one column.
type cells struct{ filled, misfits, special, broken int64 }

// lookAtValues finds values that stand in another column than before or look as if, columns that lost theirs, and
// texts that lost their letters.
func (i *inspection) lookAtValues(s subject, known bool) error {
	var p pairs
	var err error
	if known {
		if p, err = i.comparePairs(s); err != nil {
			return err
		}
	}
	asKnown, asRead := i.samples(s)
	after, err := i.cells(s, asRead)
	if err != nil {
		return err
	}
	var before map[string]cells
	if known && suspicious(p, after) {
		if before, err = i.cells(s, asKnown); err != nil {
			return err
		}
	}
	if p.displaced >= fewDisplaced && exceeds(p.displaced, p.both, displacedShare) {
		i.find(ShiftedColumns, s.object, p.taker, "%d of %d records have values in other columns than before%s, most often in %s what %s held",
			p.displaced, p.both, i.ofSample(), p.taker, p.giver)
	}
	for _, c := range s.compared() {
		i.judgeColumn(s, c.Name, p.lost[c.Name], before[c.Name], after[c.Name])
	}
	i.judgeLetters(s, p, before, after)
	return nil
}

// suspicious says whether the values before have to be looked at too, to know whether they were the same.
func suspicious(p pairs, after map[string]cells) bool {
	for _, n := range p.lost {
		if n >= fewLost {
			return true
		}
	}
	letters := cells{}
	for _, c := range after {
		if c.misfits >= fewMisfits && exceeds(c.misfits, c.filled, misfitRise) {
			return true
		}
		letters.special, letters.broken = letters.special+c.special, letters.broken+c.broken
	}
	return letters.broken >= fewBroken && exceeds(letters.broken, letters.special, brokenRise) || p.questioned >= fewBroken
}

func (i *inspection) judgeColumn(s subject, name string, lost int64, before, after cells) {
	limit, more := int64(misfitShare), ""
	if before.filled > 0 {
		limit, more = misfitRise+share(before.misfits, before.filled), fmt.Sprintf(", before %d of %d", before.misfits, before.filled)
	}
	if after.misfits >= fewMisfits && exceeds(after.misfits, after.filled, limit) {
		i.find(ShiftedColumns, s.object, name, "%d of %d values look like another column's%s%s", after.misfits, after.filled, more, i.ofSample())
	}
	if lost >= fewLost && exceeds(lost, before.filled, lostShare) {
		i.find(EmptiedColumn, s.object, name, "%d of %d values are gone%s", lost, before.filled, i.ofSample())
	}
}

func (i *inspection) judgeLetters(s subject, p pairs, before, after map[string]cells) {
	var was, is cells
	most := ""
	for _, c := range s.compared() {
		then, now := before[c.Name], after[c.Name]
		was.special, was.broken = was.special+then.special, was.broken+then.broken
		is.special, is.broken = is.special+now.special, is.broken+now.broken
		if now.broken > after[most].broken {
			most = c.Name
		}
	}
	limit, more := int64(brokenShare), ""
	if was.special > 0 {
		limit, more = brokenRise+share(was.broken, was.special), fmt.Sprintf(", before %d of %d", was.broken, was.special)
	}
	switch {
	case is.broken >= fewBroken && exceeds(is.broken, is.special, limit):
		i.find(WrongEncoding, s.object, most, "%d of %d texts with other than plain letters are garbled%s%s", is.broken, is.special, more, i.ofSample())
	case p.questioned >= fewBroken && exceeds(p.questioned, was.special, brokenRise):
		i.find(WrongEncoding, s.object, "", "%d of %d texts have question marks in place of letters%s", p.questioned, was.special, i.ofSample())
	}
}

// cells counts the values of a sample by column.
func (i *inspection) cells(s subject, of string) (map[string]cells, error) {
	var fields, kinds, values []string
	for _, c := range s.compared() {
		fields, kinds, values = append(fields, "'"+c.Name+"'"), append(kinds, "'"+s.shape(c)+"'"), append(values, textOf(c, ""))
	}
	cell := fmt.Sprintf("SELECT unnest([%s]) AS field, unnest([%s]) AS shape, unnest([%s]) AS value FROM (%s)",
		strings.Join(fields, ", "), strings.Join(kinds, ", "), strings.Join(values, ", "), of)
	found := map[string]cells{}
	err := i.rows("inspect_cells", func(r *sql.Rows) error {
		var name string
		var c cells
		err := r.Scan(&name, &c.filled, &c.misfits, &c.special, &c.broken)
		found[name] = c
		return err
	}, relation{name: "cell", query: cell})
	return found, err
}

// share is n of many in millionths.
func share(n, many int64) int64 { return n * 1_000_000 / many }

func number(n int64) string { return strconv.FormatInt(n, 10) }
