package linkage

import (
	"bytes"
	"fmt"
)

// Words that are written nearly the same count as one where they have so many letters at least, and are so similar. In
// shorter words one letter is too much of the word: iran is not iraq's misspelling, ix not viii's.
const (
	alikeFrom = 4
	alikeness = "0.9"
)

// word is one word of a cell with the form that rules most unlike words out.
type word struct {
	text []byte
	form form
}

// alike decides the operators alike and covers. Only the words that the operator counts are looked for.
func (c *comparer) alike(k *planCondition, a, b []uint32) bool {
	c.left = wordsOf(c.left[:0], c.a, a, k.l)
	c.right = wordsOf(c.right[:0], c.b, b, k.r)
	n, m := len(c.left), len(c.right)
	switch {
	case n == 0 || m == 0:
		return false
	case k.op == opCovers && n <= m:
		return 1000*c.leftAlike() >= k.n*n
	case k.op == opCovers:
		return 1000*c.rightAlike() >= k.n*m
	}
	left := c.leftAlike()
	return 1000*(left+m) >= k.n*(n+m) && 1000*(left+c.rightAlike()) >= k.n*(n+m)
}

// leftAlike counts the CRM side's words that have their like among the directory's, rightAlike the other way round.
func (c *comparer) leftAlike() int {
	found := 0
	for i := range c.left {
		for j := range c.right {
			if sameWord(&c.left[i], &c.right[j]) {
				found++
				break
			}
		}
	}
	return found
}

func (c *comparer) rightAlike() int {
	found := 0
	for j := range c.right {
		for i := range c.left {
			if sameWord(&c.left[i], &c.right[j]) {
				found++
				break
			}
		}
	}
	return found
}

// wordsOf appends the words of a text, or the values of a list.
func wordsOf(to []word, r *Records, row []uint32, cell int) []word {
	if r.layout.lists[cell] {
		for _, code := range r.set(row, cell) {
			f, _ := r.dict.formOf(code)
			to = append(to, word{r.dict.bytesOf(code), *f})
		}
		return to
	}
	for text := range bytes.SplitSeq(r.dict.bytesOf(row[cell]), []byte{' '}) {
		if len(text) > 0 {
			to = append(to, word{text, formOf(text)})
		}
	}
	return to
}

// sameWord compares a CRM word with a directory word, in this order.
func sameWord(x, y *word) bool {
	if bytes.Equal(x.text, y.text) {
		return true
	}
	if len(x.text) < alikeFrom || len(y.text) < alikeFrom || similarAtMost(len(x.text), len(y.text), &x.form, &y.form) < 0.9 {
		return false
	}
	return jaroWinkler(x.text, y.text) >= 0.9
}

// alikeSQL is the same in SQL.
func (r renderer) alikeSQL(c planCondition, a, b string) string {
	words := func(l layout, name, cell string) string {
		if l.lists[l.at(name)] {
			return cell
		}
		return fmt.Sprintf("list_filter(string_split(%s, ' '), lambda w: w <> '')", cell)
	}
	left, right := words(r.plan.left, c.left, a), words(r.plan.right, c.right, b)
	same := fmt.Sprintf("x = y OR (length(x) >= %d AND length(y) >= %d AND jaro_winkler_similarity(x, y) >= CAST('%s' AS DOUBLE))", alikeFrom, alikeFrom, alikeness)
	inLeft := fmt.Sprintf("len(list_filter(%s, lambda x: len(list_filter(%s, lambda y: %s)) > 0))", left, right, same)
	inRight := fmt.Sprintf("len(list_filter(%s, lambda y: len(list_filter(%s, lambda x: %s)) > 0))", right, left, same)
	some := fmt.Sprintf("len(%s) > 0 AND len(%s) > 0", left, right)
	if c.op == opCovers {
		return fmt.Sprintf("(%s AND CASE WHEN len(%s) <= len(%s) THEN 1000 * %s >= %d * len(%s) ELSE 1000 * %s >= %d * len(%s) END)",
			some, left, right, inLeft, c.n, left, inRight, c.n, right)
	}
	return fmt.Sprintf("(%s AND 1000 * (%s + %s) >= %d * (len(%s) + len(%s)))", some, inLeft, inRight, c.n, left, right)
}

// near decides the operator near.
func (c *comparer) near(k *planCondition, a, b []uint32) bool {
	for _, x := range c.a.set(a, k.l) {
		s, m := c.a.dict.formOf(x)
		for _, y := range c.b.set(b, k.r) {
			if x == y {
				return true
			}
			t, n := c.b.dict.formOf(y)
			if similarAtMost(m, n, s, t) >= k.t && c.pattern(x).similarity(c.b.dict.bytesOf(y)) >= k.t {
				return true
			}
		}
	}
	return false
}
