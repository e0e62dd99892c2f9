package linkage

import (
	"fmt"
	"math"
	"math/rand"
)

// planted is a made-up directory of people and CRM records about some of them, with known error rates.
type planted struct {
	members  []values
	contacts []values
	truth    map[string]string // contact to member
}

// plant makes people with skewed names. Of each field of a true pair a share is wrong: given 10 %, surname 6 %,
// postal code and city 15 %, title 30 %; email is missing in half and equal in 70 % of the others.
func plant(seed int64, members, contacts int, present float64) planted {
	random := rand.New(rand.NewSource(seed))
	skewed := func(prefix string, n int) string {
		return prefix + letters(int(float64(n)*math.Pow(random.Float64(), 2.5)))
	}
	person := func(id string) values {
		given, surname, area := skewed("g", 300), skewed("s", 4000), skewed("", 200)
		return values{"id": id, "given": given, "given_roots": []string{given}, "surname": surname, "surname_parts": []string{surname},
			"surname_skeleton": surname, "city": "city" + area, "postal_code": area + letters(random.Intn(5)), "country": "DE",
			"title": skewed("t", 60), "emails": []string{id + "@example.com"}, "email_locals": []string{id}}
	}
	p := planted{truth: map[string]string{}}
	for i := range members {
		p.members = append(p.members, person(fmt.Sprintf("m%06d", i)))
	}
	for i := range contacts {
		id := fmt.Sprintf("c%06d", i)
		c := person(id)
		if random.Float64() < present {
			m := p.members[random.Intn(members)]
			p.truth[id] = m["id"].(string)
			keep := func(rate float64, columns ...string) {
				if random.Float64() < rate {
					for _, column := range columns {
						c[column] = m[column]
					}
				}
			}
			keep(.90, "given", "given_roots")
			keep(.94, "surname", "surname_parts", "surname_skeleton")
			keep(.85, "city", "postal_code")
			keep(.70, "title")
			keep(.70, "emails", "email_locals")
		}
		c["object"] = "Contact"
		if random.Intn(2) == 0 {
			delete(c, "emails")
			delete(c, "email_locals")
		}
		p.contacts = append(p.contacts, c)
	}
	return p
}

// letters writes a number so that different numbers are not similar as names.
func letters(n int) string {
	h := mix(uint64(n) + 99)
	b := make([]byte, 7)
	for i := range b {
		b[i] = 'a' + byte(h%26)
		h /= 26
	}
	return string(b)
}

// estimate is Estimate's parameters without labels or a model in use.
func estimate(x *Index, records *Records) (Parameters, error) {
	return estimateWith(x, records, Labels{}, nil)
}

func estimateWith(x *Index, records *Records, labels Labels, inUse *Parameters) (Parameters, error) {
	p, _, err := Estimate(x, records, labels, inUse)
	return p, err
}

func frequenciesOf(x *Index) []Frequency {
	_, rows := x.measure()
	return rows
}

func fieldsOf(x *Index) map[string]Field {
	fields, _ := x.measure()
	return fields
}
