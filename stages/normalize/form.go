package normalize

import (
	"math/bits"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// formColumn is a column of a normal form that a change can reach, in the alphabetical order of their names.
type formColumn uint8

const (
	inAcronym formColumn = iota
	inAliasKeys
	inCity
	inCompanyDomains
	inCompanyKeys
	inCompanyToken
	inCountry
	inDomains
	inEmailDomains
	inEmailLocals
	inEmails
	inGiven
	inGivenRoots
	inGivenSkeleton
	inKnownGroups
	inKnownIds
	inKnownKeys
	inLegalForm
	inMiddle
	inName
	inNameCompact
	inNameKey
	inNamePlaced
	inNameSorted
	inNameTokens
	inNameWords
	inPhone
	inPhones
	inPlaceHint
	inPlacedTokens
	inPostalCode
	inRareToken
	inRegion
	inSurname
	inSurnameParts
	inSurnameSkeleton
	formColumns
)

var formNames = [formColumns]string{"acronym", "alias_keys", "city", "company_domains", "company_keys", "company_token", "country", "domains", "email_domains", "email_locals", "emails", "given", "given_roots", "given_skeleton", "known_groups", "known_ids", "known_keys", "legal_form", "middle", "name", "name_compact", "name_key", "name_placed", "name_sorted", "name_tokens", "name_words", "phone", "phones", "place_hint", "placed_tokens", "postal_code", "rare_token", "region", "surname", "surname_parts", "surname_skeleton"}

// form is columns of a normal form, each once.
type form []cell

// cell is one column: a text or a list; an empty one is null.
type cell struct {
	column formColumn
	text   string
	list   []string
}

// numberedForm is a form whose columns are found by number.
type numberedForm struct {
	form form
	at   [formColumns]uint8 // the place of a column's cell, from 1
}

func (n *numberedForm) set(f form) {
	n.form, n.at = f, [formColumns]uint8{}
	for i, c := range f {
		n.at[c.column] = uint8(i) + 1
	}
}

// without leaves out, in place, the columns in which a form agrees with another one: what a change leaves as it is must not
// undo another change.
func (f form) without(other *numberedForm) form {
	rest := f[:0]
	for _, c := range f {
		var was cell
		if i := other.at[c.column]; i > 0 {
			was = other.form[i-1]
		}
		if c.text != was.text || !slices.Equal(c.list, was.list) {
			rest = append(rest, c)
		}
	}
	return rest
}

// formWriter writes forms as the last columns of a table's rows.
type formWriter struct {
	to      *rowWriter
	columns []tableColumn // from the first that is no form's on
	cells   [formColumns]*cell
	changed []string
}

// tableColumn is a column of the table and that of a form, formColumns where no form has it.
type tableColumn struct {
	is     formColumn
	isList bool
}

func newFormWriter(table schemas.Table) *formWriter {
	w := &formWriter{to: newRowWriter(table)}
	for _, c := range table.Columns {
		i, ok := slices.BinarySearch(formNames[:], c.Name)
		if !ok {
			i = int(formColumns)
		}
		w.columns = append(w.columns, tableColumn{formColumn(i), c.Type.ID() == arrow.LIST})
	}
	return w
}

// end writes the names of a form's columns and all columns behind, and closes the row.
func (w *formWriter) end(f form) {
	set := uint64(0)
	for i := range f {
		set |= 1 << f[i].column
		w.cells[f[i].column] = &f[i]
	}
	w.changed = w.changed[:0]
	for rest := set; rest != 0; rest &= rest - 1 {
		w.changed = append(w.changed, formNames[bits.TrailingZeros64(rest)])
	}
	w.to.list(w.changed)
	for _, c := range w.columns[w.to.column:] {
		var is cell
		if c.is < formColumns && set>>c.is&1 != 0 {
			is = *w.cells[c.is]
		}
		if c.isList {
			w.to.list(is.list)
		} else {
			w.to.text(is.text)
		}
	}
	w.to.end()
}
