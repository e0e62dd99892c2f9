package normalize

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// memberBatch makes members as read_member.sql gives them.
func memberBatch(n int) arrow.RecordBatch {
	var fields []arrow.Field
	for _, name := range []string{"member_id", "first_name", "last_name", "name", "headline", "title", "company_id", "company_name",
		"past_company_ids", "past_company_names", "past_titles", "emails", "phones", "street", "city", "region", "postal_code", "country"} {
		c, _ := schemas.RawMember.Column(name)
		fields = append(fields, arrow.Field{Name: name, Type: c.Type, Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	firsts := []string{"Bob", "Anna Maria", "Jean-Pierre", "J.", "Иван", "Dr. Kate", "Mohammed", "Søren", "Elisabeth", "Thomas"}
	lasts := []string{"Smith", "García-López", "van der Berg", "O'Brien", "Müller", "Kowalski", "McDonald", "Johansson", "Okafor", "Brown"}
	titles := []string{"VP Sales", "Sr. Software Engr", "CEO", "Head of People", "Mktg Mgr", "Account Executive", "Data Scientist"}
	cities := []string{"München", "New York City", "Greater Boston Area", "Pune", "Lyon 3", "St. Louis", "Paris"}
	countries := []string{"Germany", "USA", "United States", "India", "FR"}
	streets := []string{"Main St", "La Cienega Blvd., Suite 200", "Hauptstr.", "High Street", "5th Ave"}
	for i := range n {
		first, last := firsts[i%len(firsts)], fmt.Sprintf("%s%c", lasts[i/7%len(lasts)], 'a'+i%26)
		for c, v := range []any{fmt.Sprint("m", i), first, last, nil, nil, fmt.Sprint(titles[i%len(titles)], " ", i%50_000), fmt.Sprint("d", i%50_000),
			fmt.Sprintf("Acme Widgets %d Inc.", i%50_000), []string{fmt.Sprint("d", i*7%50_000), fmt.Sprint("d", i*11%50_000)}, nil,
			[]string{titles[i/3%len(titles)]}, []string{fmt.Sprintf("p%d@acme%d.com", i, i%40_000), fmt.Sprintf("p%d@gmail.com", i)},
			[]string{fmt.Sprintf("+1 (310) 246-%04d", i%10_000)}, fmt.Sprint(i%900+1, " ", streets[i%len(streets)]), cities[i%len(cities)], "California",
			"90210-1234", countries[i%len(countries)]} {
			switch v := v.(type) {
			case nil:
				b.Field(c).AppendNull()
			case string:
				b.Field(c).(*array.StringBuilder).Append(v)
			case []string:
				l := b.Field(c).(*array.ListBuilder)
				l.Append(true)
				for _, s := range v {
					l.ValueBuilder().(*array.StringBuilder).Append(s)
				}
			}
		}
	}
	return b.NewRecordBatch()
}

// BenchmarkMember is what one member costs without reading and writing files.
func BenchmarkMember(b *testing.B) {
	batch := memberBatch(100_000)
	in, err := rowsIn(batch)
	if err != nil {
		b.Fatal(err)
	}
	r := &directory{run: &run{survey: survey{words: tableOf(map[string]uint32{"acme": 9})}}, companies: newBook()}
	for i := range 50_000 {
		e := entry{key: fmt.Sprintf("acme widgets %d", i), domains: fmt.Sprintf("acme%d.com", i)}
		e.aliases = packed([]string{e.key, e.key + " group"})
		r.companies.add(fmt.Sprint("d", i), "", e.pack(), nameHash(fmt.Sprintf("acme widgets %d inc", i)))
		r.groups = append(r.groups, int32(i))
	}
	w := newWorker(shipped())
	to := newRowWriter(schemas.DirMember)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		r.writeMember(w, in, i, to)
		to.end()
		if i++; i == int(batch.NumRows()) {
			i = 0
			to.batch().Release()
		}
	}
}
