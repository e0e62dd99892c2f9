package normalize

import "strings"

// room is where the short lists of the record at hand lie, so that each needs no memory of its own. Lists are given until the
// next record is begun.
type room struct{ texts []string }

const textsPerRoom = 512

// begin takes all lists back.
func (r *room) begin() { r.texts = r.texts[:0] }

// list is an empty list with room for n texts; it takes memory of its own where more are appended.
func (r *room) list(n int) []string {
	start := len(r.texts)
	if start+n > cap(r.texts) {
		r.texts, start = make([]string, 0, max(n, textsPerRoom)), 0
	}
	r.texts = r.texts[:start+n]
	return r.texts[start : start : start+n]
}

// filled are those of some texts that are not empty.
func (r *room) filled(texts ...string) []string {
	to := r.list(len(texts))
	for _, s := range texts {
		if s != "" {
			to = append(to, s)
		}
	}
	return to
}

// unpacked are the values of a packed list.
func (r *room) unpacked(list string) []string { return appendPacked(r.packing(list), list) }

// packing is an empty list with room for the values of a packed one.
func (r *room) packing(list string) []string {
	if list == "" {
		return nil
	}
	return r.list(strings.Count(list, betweenValues) + 1)
}

// cell is a list cell of a batch.
func (r *room) cell(in *rows, c, i int) []string {
	n := in.length(c, i)
	if n == 0 {
		return nil
	}
	return in.list(r.list(n), c, i)
}
