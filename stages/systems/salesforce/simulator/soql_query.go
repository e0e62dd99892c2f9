package simulator

import "strings"

// query is a parsed SOQL statement.
type query struct {
	text    string
	object  name
	alias   string
	fields  []name // dotted as written, the alias taken off
	count   bool   // COUNT() alone
	where   *node
	order   []ordering
	limit   int // -1: none
	offset  int // -1: none
	allRows bool
	beyond  string // the first thing that Bulk refuses, as one would call it
	unknown string // a construct that this SOQL subset does not have
}

type name struct {
	text string
	at   int // byte in the statement
}

type ordering struct {
	field     name
	down      bool
	nullsLast bool
}

// node is AND, OR, NOT, or one comparison.
type node struct {
	op       string // and, or, not; =, !=, <, <=, >, >=, like, in, not in
	children []*node
	field    name
	values   []literal
}

type literal struct {
	kind string // string, number, boolean, date, datetime, null
	text string
	at   int
}

func (q *query) mark(beyond, unknown string) {
	if q.beyond == "" {
		q.beyond = beyond
	}
	if q.unknown == "" {
		q.unknown = unknown
	}
}

// unalias takes the object's alias, or its name, off the fields.
func (q *query) unalias() {
	trim := func(n *name) {
		head, rest, dotted := strings.Cut(n.text, ".")
		if dotted && (q.alias != "" && strings.EqualFold(head, q.alias) || strings.EqualFold(head, q.object.text)) {
			n.text = rest
		}
	}
	for i := range q.fields {
		trim(&q.fields[i])
	}
	for i := range q.order {
		trim(&q.order[i].field)
	}
	var walk func(n *node)
	walk = func(n *node) {
		if n != nil {
			trim(&n.field)
			for _, c := range n.children {
				walk(c)
			}
		}
	}
	walk(q.where)
}
