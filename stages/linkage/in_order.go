package linkage

// inOrder are an index's records and texts while they are written as they are stored: records in the order of their ids,
// texts in the order in which they first appear in them.
type inOrder struct {
	newIDs            []uint32
	newCells, newPool pile[uint32]
	text              pile[byte]
	forms             pile[form]
}

// sizes are about how many of each there will be, text in bytes.
type sizes struct{ records, cells, pool, text, texts int }

func (o *inOrder) open(space func() (Space, error), n sizes) (err error) {
	o.newIDs = make([]uint32, 0, n.records)
	if o.newCells, err = newPile[uint32](space, n.cells); err == nil {
		o.newPool, err = newPile[uint32](space, n.pool)
	}
	if err == nil {
		o.text, err = newPile[byte](space, n.text)
	}
	if err == nil {
		o.forms, err = newPile[form](space, n.texts)
		o.forms.values = append(o.forms.values, form{})
	}
	return err
}

// spell adds a text, whose form lacks only where it ends, and returns its code.
func (o *inOrder) spell(text []byte, f form) (code uint32) {
	code = uint32(o.forms.len())
	o.text.values = append(o.text.values, text...)
	f.end = uint64(o.text.len())
	o.forms.values = append(o.forms.values, f)
	return code
}

func (o *inOrder) away() (err error) {
	if err = o.newCells.away(); err == nil {
		err = o.newPool.away()
	}
	if err == nil {
		err = o.text.away()
	}
	if err == nil {
		err = o.forms.away()
	}
	return err
}

// into makes records of what was written.
func (o *inOrder) into(r *Records, space func() (Space, error)) (err error) {
	d := &dictionary{first: 1}
	r.ids, r.dict = o.newIDs, d
	if r.cells, err = o.newCells.all(); err == nil {
		r.pool, err = o.newPool.all()
	}
	if err == nil {
		d.text, err = o.text.all()
	}
	if err == nil {
		d.forms, err = o.forms.all()
	}
	if err != nil {
		return err
	}
	d.rehash(len(d.forms) * 3 / 2)
	d.table, err = putAway(space, d.table)
	return err
}
