package normalize

import (
	"cmp"
	"slices"
)

// directoryStateMark begins a stored state; another layout gets another number.
const directoryStateMark = "crmlink directory state 1\n"

// bytes is what must be known of all companies together, and what was found in all records, so that a later call starts
// from it: companies in the order of their ids, then the findings. Equal states have equal bytes.
func (d *directory) bytes() []byte {
	b := d.companies
	order := make([]int32, len(b.ids))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Compare(b.ids[x], b.ids[y]) })
	out := stateWriter(directoryStateMark)
	out.number(len(order))
	for _, i := range order {
		out.text(b.ids[i])
		out.text(b.parents[i])
		out.text(b.entries[i])
		out.word(b.names[i])
	}
	out.findings(d.found)
	return out
}

// readState takes what an earlier call stored.
func (d *directory) readState(object string) error {
	in, err := openState(d.session, object, directoryStateMark)
	if err != nil {
		return err
	}
	for n := in.number(); n > 0 && in.ok; n-- {
		d.companies.add(in.text(), in.text(), in.text(), in.word())
	}
	in.findings(d.found)
	return in.end()
}
