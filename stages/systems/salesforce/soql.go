package salesforce

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// stampLayout is how SOQL writes a time: without quotes, in UTC, in whole seconds, which is as fine as stamps are.
const stampLayout = "2006-01-02T15:04:05Z"

// where is a part's condition, with the word WHERE; empty for a whole object.
func (p *part) where() string {
	var all []string
	if !p.From.IsZero() {
		all = append(all, "SystemModstamp >= "+p.From.UTC().Format(stampLayout))
	}
	if !p.To.IsZero() {
		all = append(all, "SystemModstamp < "+p.To.UTC().Format(stampLayout))
	}
	if p.First != "" {
		all = append(all, "Id >= '"+p.First+"'")
	}
	if p.End != "" {
		all = append(all, "Id < '"+p.End+"'")
	}
	if len(all) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(all, " AND ")
}

// columns are the fields of a part's query, in an order that follows from its condition. Salesforce lists jobs without
// their text, but results have the columns in the order of the SELECT: by it a job found after a crash is known to have
// asked the same.
func (p *part) columns(object string, fields []string) []string {
	if len(fields) < 3 {
		return fields
	}
	sum := sha256.Sum256([]byte(object + p.where()))
	order := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
	columns := slices.Clone(fields)
	rest := columns[1:]
	order.Shuffle(len(rest), func(i, k int) { rest[i], rest[k] = rest[k], rest[i] })
	return columns
}

// query is a part's SOQL: no ORDER BY and no LIMIT, which would keep Salesforce from working through chunks of keys.
func (p *part) query(o *object) string {
	return "SELECT " + strings.Join(p.columns(o.Name, o.Fields), ", ") + " FROM " + o.Name + p.where()
}

// halves splits a window of time in two; none where it is one second, or no window.
func (p *part) halves() []*part {
	if p.From.IsZero() || p.To.IsZero() {
		return nil
	}
	seconds := int64(p.To.Sub(p.From) / time.Second)
	if seconds < 2 {
		return nil
	}
	middle := p.From.Add(time.Duration(seconds/2) * time.Second)
	return []*part{{From: p.From, To: middle, First: p.First, End: p.End}, {From: middle, To: p.To, First: p.First, End: p.End}}
}

// idParts is into how many ranges of Ids a part is split at once.
const idParts = 8

// ranges splits a part by Ids between the least and the greatest that it has. The first range begins and the last ends
// where the part does, so that no record falls between, whatever is created meanwhile. None where there is nothing left
// to split.
func (p *part) ranges(least, greatest string) []*part {
	if len(least) < 15 || len(greatest) < 15 || least[:3] != greatest[:3] {
		return nil
	}
	low, ok := idNumber(least[:15])
	high, ok2 := idNumber(greatest[:15])
	if !ok || !ok2 || low.Cmp(high) >= 0 {
		return nil
	}
	span := new(big.Int).Sub(high, low)
	var bounds []string
	for i := int64(1); i < idParts; i++ {
		at := new(big.Int).Mul(span, big.NewInt(i))
		at.Add(low, at.Div(at, big.NewInt(idParts)))
		if b := idOf(least[:3], at); at.Cmp(low) > 0 && (len(bounds) == 0 || b > bounds[len(bounds)-1]) {
			bounds = append(bounds, b)
		}
	}
	if len(bounds) == 0 {
		bounds = []string{idOf(least[:3], high)}
	}
	first := p.First
	var parts []*part
	for _, b := range append(bounds, p.End) {
		parts = append(parts, &part{From: p.From, To: p.To, First: first, End: b})
		first = b
	}
	return parts
}

// digits of Ids, in the order in which Salesforce compares them.
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// idNumber reads the 12 characters behind an Id's prefix as a number.
func idNumber(id string) (*big.Int, bool) {
	n, base := new(big.Int), big.NewInt(int64(len(digits)))
	for _, c := range []byte(id[3:]) {
		d := strings.IndexByte(digits, c)
		if d < 0 {
			return nil, false
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(d)))
	}
	return n, true
}

// idOf is the Id of 15 characters with a prefix and number.
func idOf(prefix string, n *big.Int) string {
	n, digit, base := new(big.Int).Set(n), new(big.Int), big.NewInt(int64(len(digits)))
	text := make([]byte, 12)
	for i := len(text) - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		text[i] = digits[digit.Int64()]
	}
	return prefix + string(text)
}
