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

// alike decides the operators alike and covers.
func (c *comparer) alike(k *planCondition, a, b []uint32) bool {
	c.left = wordsOf(c.left[:0], c.a, a, k.l)
	c.right = wordsOf(c.right[:0], c.b, b, k.r)
	if len(c.left) == 0 || len(c.right) == 0 {
		return false
	}
	left := 0
	for _, x := range c.left {
		for _, y := range c.right {
			if sameWord(x, y) {
				left++
				break
			}
		}
	}
	if k.op == opCovers && len(c.left) <= len(c.right) {
		return 1000*left >= k.n*len(c.left)
	}
	right := 0
	for _, y := range c.right {
		for _, x := range c.left {
			if sameWord(x, y) {
				right++
				break
			}
		}
	}
	if k.op == opCovers {
		return 1000*right >= k.n*len(c.right)
	}
	return 1000*(left+right) >= k.n*(len(c.left)+len(c.right))
}

// wordsOf appends the words of a text, or the values of a list.
func wordsOf(to [][]byte, r *Records, row []uint32, cell int) [][]byte {
	if r.layout.lists[cell] {
		for _, code := range r.set(row, cell) {
			to = append(to, r.dict.bytesOf(code))
		}
		return to
	}
	for rest := r.dict.bytesOf(row[cell]); len(rest) > 0; {
		var word []byte
		word, rest, _ = bytes.Cut(rest, []byte{' '})
		if len(word) > 0 {
			to = append(to, word)
		}
	}
	return to
}

func sameWord(x, y []byte) bool {
	if bytes.Equal(x, y) {
		return true
	}
	if len(x) < alikeFrom || len(y) < alikeFrom || similarAtMost(x, y, signature(x), signature(y)) < 0.9 {
		return false
	}
	return jaroWinkler(x, y) >= 0.9
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
		s, ss := c.a.dict.bytesOf(x), c.a.dict.signOf(x)
		for _, y := range c.b.set(b, k.r) {
			if x == y {
				return true
			}
			t, ts := c.b.dict.bytesOf(y), c.b.dict.signOf(y)
			if similarAtMost(s, t, ss, ts) >= k.t && jaroWinkler(s, t) >= k.t {
				return true
			}
		}
	}
	return false
}
