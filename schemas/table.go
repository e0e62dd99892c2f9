// Package schemas declares every table crmlink reads, keeps or publishes: name, key, columns with type and doc text.
//
// It is the only place where a column is spelled out. Arrow schemas, DDL, the data dictionary and the checks at every
// border between stages are derived from these values. It holds no data and runs nothing.
package schemas

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Table is one relation. Key is unique and never null; a saved table is ordered by it, which is what makes its bytes
// the same on every run (invariants 1 and 9).
type Table struct {
	Name    string
	Doc     string
	Key     []string
	Columns []Column
	// Large marks a table that can grow to millions of rows. From LargeFrom rows on it is stored in ManyParts files by
	// hash of PartKey, so that a small change rewrites a small share of it. The number of files depends on the rows
	// alone, so equal rows are stored alike.
	Large bool
	// View marks a relation that is computed when it is read and never stored.
	View bool
	// Internal tables belong to a run's snapshot but are not part of what analysts are promised.
	Internal bool
}

// Column is one column of a table.
type Column struct {
	Name string
	Type arrow.DataType
	Doc  string
	// NotNull columns hold a value in every row.
	NotNull bool
}

// ManyParts is the number of files of a large table, LargeFrom the number of rows from which it is split.
const (
	ManyParts = 64
	LargeFrom = 50_000
)

// The types that columns have. Numbers of the CRM are decimals, never doubles: sums stay exact and stable.
var (
	Text      = arrow.BinaryTypes.String
	TextList  = arrow.ListOf(arrow.BinaryTypes.String)
	Bool      = arrow.FixedWidthTypes.Boolean
	Int       = arrow.PrimitiveTypes.Int64
	IntList   = arrow.ListOf(arrow.PrimitiveTypes.Int32)
	Timestamp = arrow.FixedWidthTypes.Timestamp_us
	Date      = arrow.FixedWidthTypes.Date32
	// Number is a decimal with 28 digits before and 10 after the point: a CRM currency or double field.
	Number arrow.DataType = &arrow.Decimal128Type{Precision: 38, Scale: 10}
	// Share is a proportion or probability between 0 and 1 with six digits.
	Share arrow.DataType = &arrow.Decimal128Type{Precision: 9, Scale: 6}
)

// Column returns the named column and whether the table has it. Names compare without regard to case, as in SQL.
func (t Table) Column(name string) (Column, bool) {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return Column{}, false
}

// ColumnNames lists the columns in order.
func (t Table) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Arrow is the table's Arrow schema.
func (t Table) Arrow() *arrow.Schema {
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: !c.NotNull}
	}
	return arrow.NewSchema(fields, nil)
}

// Check compares a relation's columns, given as name and DuckDB type in order, with the declaration.
func (t Table) Check(names, types []string) error {
	for i, c := range t.Columns {
		if i >= len(names) {
			return fmt.Errorf("table %s: column %d is missing, want %s %s", t.Name, i+1, c.Name, SQLType(c.Type))
		}
		if names[i] != c.Name || types[i] != SQLType(c.Type) {
			return fmt.Errorf("table %s: column %d is %s %s, want %s %s", t.Name, i+1, names[i], types[i], c.Name, SQLType(c.Type))
		}
	}
	if len(names) > len(t.Columns) {
		return fmt.Errorf("table %s: column %d, %s, is not declared", t.Name, len(t.Columns)+1, names[len(t.Columns)])
	}
	return nil
}

// DDL is the statement that creates the table, empty, under the given name.
func (t Table) DDL(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (", Quote(name))
	for i, c := range t.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", Quote(c.Name), SQLType(c.Type))
	}
	b.WriteString(")")
	return b.String()
}

// Quote makes any name a SQL identifier.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// SQLType is DuckDB's name of a column type.
func SQLType(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.StringType:
		return "VARCHAR"
	case *arrow.BooleanType:
		return "BOOLEAN"
	case *arrow.Int64Type:
		return "BIGINT"
	case *arrow.Int32Type:
		return "INTEGER"
	case *arrow.TimestampType:
		return "TIMESTAMP WITH TIME ZONE"
	case *arrow.Date32Type:
		return "DATE"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case *arrow.ListType:
		return SQLType(t.Elem()) + "[]"
	}
	panic(fmt.Sprintf("schemas: no SQL type for %s", t))
}

func key(name, doc string) Column  { return Column{Name: name, Type: Text, Doc: doc, NotNull: true} }
func text(name, doc string) Column { return Column{Name: name, Type: Text, Doc: doc} }
func list(name, doc string) Column { return Column{Name: name, Type: TextList, Doc: doc} }
func flag(name, doc string) Column { return Column{Name: name, Type: Bool, Doc: doc, NotNull: true} }
func count(name, doc string) Column {
	return Column{Name: name, Type: Int, Doc: doc, NotNull: true}
}
func integer(name, doc string) Column { return Column{Name: name, Type: Int, Doc: doc} }
func ints(name, doc string) Column    { return Column{Name: name, Type: IntList, Doc: doc} }
func moment(name, doc string) Column  { return Column{Name: name, Type: Timestamp, Doc: doc} }
func share(name, doc string) Column   { return Column{Name: name, Type: Share, Doc: doc} }

// PartKey is the column whose hash chooses a row's part: the record's own id, or the entity's, so that all its rows lie
// together.
func (t Table) PartKey() string {
	for _, k := range t.Key {
		if k == "crm_id" || k == "entity_id" {
			return k
		}
	}
	return t.Key[0]
}
