package csvdir

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

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
		_, err := CRM(Options{Path: dir}).Read(context.Background(), schemas.Account, "", nil, nil, func(table string, r arrow.RecordBatch) error {
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
