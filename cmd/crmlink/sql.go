package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) sqlVerb() *cobra.Command {
	var asJSON, asCSV bool
	var run string
	cmd := &cobra.Command{
		Use:   "sql SELECT",
		Short: "Answers a SELECT on the published tables",
		Long: "Answers one SELECT on the published tables, in DuckDB's SQL. Nothing can be changed, and no file outside of the store\n" +
			"can be read. crmlink schema lists the tables. --csv writes values as they are; for spreadsheets there is list --csv.",
		Example: "  crmlink sql \"SELECT status, count(*) FROM mapping GROUP BY ALL\"",
		Args:    takes(1, 1, "SELECT"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if asJSON && asCSV {
				return &usageError{problem: "--json and --csv are two formats", next: "choose one of them"}
			}
			p, err := a.published(cmd.Context(), run)
			if err != nil {
				return err
			}
			defer p.Close()
			rows, err := p.Select(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer rows.Close()
			// Rows are held back until the first few are there, so that a query that fails at once prints nothing.
			out := bufio.NewWriterSize(a.out, 1<<16)
			switch {
			case asJSON:
				err = writeRowsJSON(out, rows)
			case asCSV:
				err = writeRowsCSV(out, rows)
			default:
				err = a.writeRows(out, rows)
			}
			if err != nil {
				return err
			}
			return out.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print rows as a JSON array of objects")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print rows as CSV")
	cmd.Flags().StringVar(&run, "run", "latest", "a run's id, the beginning of one, or latest")
	return cmd
}

// sampleRows decide the widths of the columns; later rows may be wider and shift a line.
const sampleRows = 2000

func (a *app) writeRows(w io.Writer, rows *pipeline.Answer) error {
	heads := make([]string, len(rows.Columns))
	for i, name := range rows.Columns {
		heads[i] = name
		if isNumber(rows.Types[i]) {
			heads[i] = ">" + name
		} else {
			heads[i] = "<60 " + name
		}
	}
	i := inkFor(a.out)
	t := newTable(i, heads...)
	n := 0
	for ; ; n++ {
		row, err := rows.Next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		cells := make([]any, len(row))
		for k, v := range row {
			cells[k] = cellOf(v, i)
		}
		t.add(cells...)
		if n+1 == sampleRows {
			t.write(w)
			t.rows, t.heads = nil, make([]string, len(t.heads)) // the rest follows without heads
		}
	}
	if n < sampleRows || len(t.rows) > 0 {
		t.write(w)
	}
	fmt.Fprintf(w, "  %s\n", i.dim(count(n, "row", "rows")))
	return nil
}

func cellOf(v any, i ink) cell {
	if v == nil {
		return cell{text: "NULL", paint: i.dim}
	}
	return cell{text: textOf(v)}
}

func isNumber(kind string) bool {
	for _, n := range []string{"INT", "DECIMAL", "DOUBLE", "FLOAT"} {
		if strings.Contains(kind, n) && !strings.HasSuffix(kind, "]") && !strings.HasPrefix(kind, "INTERVAL") && !strings.Contains(kind, "(INT") {
			return true
		}
	}
	return false
}

// textOf writes a value as people and CSV readers expect it: times in UTC, dates without time, decimals exactly.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return fmt.Sprintf("%x", v)
	case time.Time:
		return timeText(v)
	case duckdb.Decimal:
		return exact(v)
	case *big.Int:
		return v.String()
	case float64:
		return strings.TrimSuffix(fmt.Sprint(v), "e+00")
	case bool, int, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32:
		return fmt.Sprint(v)
	}
	var b bytes.Buffer
	if err := encodeValue(&b, v); err != nil {
		return fmt.Sprint(v)
	}
	return b.String()
}

// exact writes a decimal with all the digits of its type: 12.50, not 12.5.
func exact(d duckdb.Decimal) string {
	digits, sign := d.Value.String(), ""
	if d.Value.Sign() < 0 {
		digits, sign = digits[1:], "-"
	}
	scale := int(d.Scale)
	if scale == 0 {
		return sign + digits
	}
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func timeText(at time.Time) string {
	at = at.UTC()
	if at.Nanosecond() == 0 && at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 {
		return at.Format(time.DateOnly)
	}
	return at.Format("2006-01-02T15:04:05.999999Z")
}

func writeRowsCSV(w io.Writer, rows *pipeline.Answer) error {
	out := csv.NewWriter(w)
	if err := out.Write(rows.Columns); err != nil {
		return fmt.Errorf("sql: %w", err)
	}
	record := make([]string, len(rows.Columns))
	for {
		row, err := rows.Next()
		if err != nil {
			return err
		}
		if row == nil {
			out.Flush()
			return out.Error()
		}
		for i, v := range row {
			record[i] = textOf(v)
		}
		if err := out.Write(record); err != nil {
			return fmt.Errorf("sql: %w", err)
		}
	}
}

// writeRowsJSON writes an array of objects whose keys keep the order of the columns.
func writeRowsJSON(w io.Writer, rows *pipeline.Answer) error {
	io.WriteString(w, "[") //nolint:errcheck // a buffer; Flush tells
	for n := 0; ; n++ {
		row, err := rows.Next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		var b bytes.Buffer
		b.WriteString(map[bool]string{true: "\n  {", false: ",\n  {"}[n == 0])
		for i, v := range row {
			if i > 0 {
				b.WriteString(", ")
			}
			name, err := json.Marshal(rows.Columns[i])
			if err != nil {
				return fmt.Errorf("sql: %w", err)
			}
			b.Write(name)
			b.WriteString(": ")
			if err := encodeValue(&b, v); err != nil {
				return fmt.Errorf("sql: %w", err)
			}
		}
		b.WriteByte('}')
		if _, err := w.Write(b.Bytes()); err != nil {
			return fmt.Errorf("sql: %w", err)
		}
	}
	_, err := io.WriteString(w, "\n]\n")
	return err
}

// encodeValue writes a value of the engine as JSON.
func encodeValue(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case duckdb.Decimal:
		b.WriteString(exact(v))
		return nil
	case time.Time:
		fmt.Fprintf(b, "%q", timeText(v))
		return nil
	case []byte:
		fmt.Fprintf(b, "\"%x\"", v)
		return nil
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := encodeValue(b, e); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		encoded, err = json.Marshal(fmt.Sprint(v)) // maps with keys that JSON does not have, not-a-number
	}
	b.Write(encoded)
	return err
}
