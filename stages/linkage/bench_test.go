package linkage

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand"
	"slices"
	"syscall"
	"testing"
)

// staffed is a made-up directory of people with companies, addresses and phones, and CRM records about some of them: what
// makes the kernel work as real records do. Values are skewed, and a share of them is missing or another.
func staffed(seed int64, members, contacts int) (directory, crm []values) {
	random := rand.New(rand.NewSource(seed))
	skewed := func(n int) string { return letters(int(float64(n) * math.Pow(random.Float64(), 2.5))) }
	person := func(id string) values {
		given, surname, area := skewed(600), skewed(8000), skewed(400)
		company := random.Intn(members/4 + 1)
		name := letters(company) + " " + skewed(50)
		domain := letters(company) + ".com"
		return values{"id": id, "given": given, "given_roots": []string{given, given[:4]}, "given_skeleton": given[:5], "surname": surname,
			"surname_parts": []string{surname}, "surname_skeleton": surname[:5], "name_sorted": min(given, surname) + " " + max(given, surname),
			"name_words": []string{given, surname}, "city": "city " + area, "postal_code": fmt.Sprint(10000 + random.Intn(9000)), "region": area[:1],
			"country": "DE", "title": skewed(300) + " " + skewed(30), "title_function": skewed(12), "title_rank": skewed(5),
			"emails": []string{given + "." + surname + "@" + domain}, "email_locals": []string{given + "." + surname},
			"phones": []string{fmt.Sprint(49000000000 + random.Intn(1e9))}, "street": skewed(3000) + " street", "house_number": fmt.Sprint(1 + random.Intn(90)),
			"company_ids": []string{fmt.Sprint("k", company)}, "company_keys": []string{name}, "company_token": name[:7], "company_domains": []string{domain},
			"email_domains": []string{domain}, "known_ids": []string{fmt.Sprint("k", company)}, "object": "Contact"}
	}
	for i := range members {
		m := person(fmt.Sprintf("m%07d", i))
		for _, column := range []string{"phones", "street", "house_number", "emails", "email_locals"} {
			if random.Intn(2) == 0 {
				delete(m, column)
			}
		}
		directory = append(directory, m)
	}
	for i := range contacts {
		c := person(fmt.Sprintf("c%07d", i))
		if random.Intn(10) < 7 {
			m := directory[random.Intn(members)]
			for _, column := range slices.Sorted(maps.Keys(m)) {
				if column != "id" && random.Intn(6) > 0 {
					c[column] = m[column]
				}
			}
		}
		for _, column := range slices.Sorted(maps.Keys(c)) {
			if column != "id" && column != "object" && random.Intn(5) == 0 {
				c[column] = nil
			}
		}
		crm = append(crm, c)
	}
	return directory, crm
}

// used is the processor time of the process in seconds, spent what was used since: on a shared machine the clock says
// little.
func used() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func spent(from float64) float64 { return used() - from }

func BenchmarkScore(b *testing.B) {
	s := shippedModel(b).Person
	directory, crm := staffed(7, 100_000, 20_000)
	x := indexOf(b, s, directory)
	records := recordsOf(b, x, crm)
	p, err := DefaultParameters(s, int64(x.Len()), fieldsOf(x))
	if err != nil {
		b.Fatal(err)
	}
	scorer, err := NewScorer(x, p, frequenciesOf(x))
	if err != nil {
		b.Fatal(err)
	}
	pairs := 0
	from := used()
	for b.Loop() {
		pairs = 0
		scored, err := scorer.Score(records, 1)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range scored {
			pairs += r.Candidates
		}
	}
	b.ReportMetric(float64(pairs*b.N)/spent(from), "pairs/cpu-s")
	b.ReportMetric(float64(pairs)/float64(records.Len()), "pairs/record")
}

// Random pairs are what estimating compares most.
func BenchmarkChance(b *testing.B) {
	s := shippedModel(b).Person
	directory, crm := staffed(7, 100_000, 20_000)
	x := indexOf(b, s, directory)
	records := recordsOf(b, x, crm)
	order := byHash(records)
	from := used()
	for b.Loop() {
		countLevels(x, records, order)
	}
	b.ReportMetric(float64(chancePairs*b.N)/spent(from), "pairs/cpu-s")
}

func BenchmarkEstimate(b *testing.B) {
	s := shippedModel(b).Person
	directory, crm := staffed(7, 100_000, 20_000)
	x := indexOf(b, s, directory)
	records := recordsOf(b, x, crm)
	from := used()
	for b.Loop() {
		if _, err := estimate(x, records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(spent(from)/float64(b.N), "cpu-s/op")
}

func BenchmarkBuild(b *testing.B) {
	s := shippedModel(b).Person
	directory, _ := staffed(7, 100_000, 0)
	batch := batchOf(s, s.RightTable(), directory)
	from := used()
	for b.Loop() {
		builder, err := NewBuilder(s)
		if err != nil {
			b.Fatal(err)
		}
		if err := builder.Records().Append(batch); err != nil {
			b.Fatal(err)
		}
		if _, err := builder.Build(1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(directory)*b.N)/spent(from), "records/cpu-s")
}

func BenchmarkOpen(b *testing.B) {
	s := shippedModel(b).Person
	directory, _ := staffed(7, 100_000, 0)
	var stored bytes.Buffer
	if _, err := indexOf(b, s, directory).WriteTo(&stored); err != nil {
		b.Fatal(err)
	}
	from := used()
	for b.Loop() {
		if _, err := ReadIndex(s, stored.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1e3*spent(from)/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(stored.Len())/float64(len(directory)), "bytes/record")
}
