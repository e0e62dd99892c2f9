package csvdir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// FuzzReader: whatever a file holds, reading it ends with every row accounted for or with an error that names the file.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", "\ufeff", accountHeader, accountHeader + account("001M000000qfPyS", "1E5,2,x"), accountHeader + "\"a\nb\",\"\"\"\"\n",
		accountHeader + "001,\"", "Id\n\x00", "Id,Id\n", ",,\n,,\n", accountHeader + "x\xc3", "\r\n\r\n" + accountHeader + ",,,,,,\r\n"} {
		f.Add([]byte(seed), false)
		f.Add([]byte(gzipped(f, seed)), true)
	}
	dir := f.TempDir()
	object, _ := schemas.ObjectNamed(schemas.Account)
	f.Fuzz(func(t *testing.T, data []byte, gz bool) {
		name := "Account.csv"
		if gz {
			name += ".gz"
		}
		place := filepath.Join(dir, fmt.Sprintf("%d-%s", os.Getpid(), name))
		if err := os.WriteFile(place, data, 0o600); err != nil {
			t.Fatal(err)
		}
		sh, err := objectSheet(object, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		sh.delim = ','
		var given, in, rejects, rejected int64
		err = sh.read(context.Background(), &file{name: name, place: place}, func(table string, b arrow.RecordBatch) error {
			switch table {
			case schemas.Reject.Name:
				rejects += b.NumRows()
			case schemas.ExtractLog.Name:
				for i, c := range schemas.ExtractLog.Columns {
					var n int64
					_, _ = fmt.Sscan(b.Column(i).ValueStr(0), &n)
					switch c.Name {
					case "rows_in":
						in = n
					case "rejected":
						rejected = n
					}
				}
			default:
				given += b.NumRows()
			}
			return nil
		}, func(int64, int64) {})
		var bad *FileError
		switch {
		case err == nil && (in != given+rejected || rejects != rejected):
			t.Errorf("%d in, %d given, %d rejected, %d rejects", in, given, rejected, rejects)
		case err != nil && (!errors.As(err, &bad) || bad.File != name || bad.Next == "" || strings.Contains(bad.Problem, "cannot be read")):
			t.Errorf("error %v", err)
		}
	})
}

// BenchmarkRead reads rows of 13 columns on one goroutine; the aim is less than 10 seconds per million on an idle
// machine, storing not counted.
func BenchmarkRead(b *testing.B) {
	const n = 100_000
	var text strings.Builder
	text.WriteString("Id,Name,Website,AnnualRevenue,NumberOfEmployees,Phone,Industry,BillingStreet,BillingCity,BillingCountry,CreatedDate,LastModifiedDate,OwnerId\n")
	for i := range n {
		fmt.Fprintf(&text, "\"0010000%08d\",\"Acme %d\",\"https://acme%d.example\",\"%d.0\",\"%d\",\"+49 30 %d\",\"Software\",\"Main Street %d\nDoor 2\",\"Berlin\",\"Germany\",\"2026-01-02T17:38:59.000Z\",\"2026-01-03T17:38:59.000Z\",\"005000000000001AAA\"\n", i, i, i, i*1000, i%5000, i, i%100)
	}
	dir := crm(b, map[string]string{"Account.csv": text.String()})
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		rows := int64(0)
		_, err := CRM(Options{Path: dir}).Read(context.Background(), schemas.Account, "", func(table string, r arrow.RecordBatch) error {
			if table == "raw_account" {
				rows += r.NumRows()
			}
			return nil
		})
		if err != nil || rows != n {
			b.Fatal(rows, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N)*1e6/n, "s/million_rows")
}
