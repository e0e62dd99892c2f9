package simulator

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// condition makes a test of rows.
func (st *store) condition(q *query, t *table, n *node) (func([]string) bool, *apiError) {
	if n.op == "and" || n.op == "or" || n.op == "not" {
		var parts []func([]string) bool
		for _, c := range n.children {
			f, err := st.condition(q, t, c)
			if err != nil {
				return nil, err
			}
			parts = append(parts, f)
		}
		switch n.op {
		case "not":
			return func(c []string) bool { return !parts[0](c) }, nil
		case "and":
			return func(c []string) bool {
				for _, f := range parts {
					if !f(c) {
						return false
					}
				}
				return true
			}, nil
		}
		return func(c []string) bool {
			return slices.ContainsFunc(parts, func(f func([]string) bool) bool { return f(c) })
		}, nil
	}
	p, err := st.path(q, t, n.field)
	if err != nil {
		return nil, err
	}
	if p.field.parts != nil || p.field.kind == "textarea" && p.field.length > 4000 {
		return nil, pointed(q.text, n.field.at, "INVALID_FIELD", fmt.Sprintf("field '%s' can not be filtered in a query call", p.field.name))
	}
	var tests []func(string) bool
	for _, v := range n.values {
		test, err := compare(q, p.field, n, v)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	negative := n.op == "not in"
	return func(cells []string) bool {
		v := p.value(cells)
		for _, f := range tests {
			if f(v) {
				return !negative
			}
		}
		return negative
	}, nil
}

// compare makes the test of one value; IN and NOT IN are = over several.
func compare(q *query, f *field, n *node, v literal) (func(string) bool, *apiError) {
	op := n.op
	if op == "in" || op == "not in" {
		op = "="
	}
	wrong := func() *apiError {
		return pointed(q.text, n.field.at, "INVALID_FIELD", fmt.Sprintf("value of filter criterion for field '%s' must be of type %s and should not be enclosed in quotes", f.name, f.kind))
	}
	var order func(a string) (int, bool) // of a cell against the value; false where either is null
	switch {
	case v.kind == "null":
		if op != "=" && op != "!=" {
			return nil, malformed(q.text, v.at, "null may only be compared with = and !=")
		}
		return func(a string) bool { return (a == "") == (op == "=") }, nil
	case op == "like":
		if v.kind != "string" || f.number() || f.kind == "boolean" || f.kind == "date" || f.kind == "datetime" || f.kind == "id" || f.kind == "reference" {
			return nil, pointed(q.text, n.field.at, "INVALID_FIELD", fmt.Sprintf("invalid operator on %s field", f.kind))
		}
		pattern := strings.ToLower(v.text)
		return func(a string) bool { return like(strings.ToLower(a), pattern) }, nil
	case f.kind == "boolean":
		if v.kind != "boolean" {
			return nil, wrong()
		}
		order = func(a string) (int, bool) { return strings.Compare(orFalse(a), v.text), true }
	case f.kind == "datetime":
		if v.kind != "datetime" {
			return nil, wrong()
		}
		order = func(a string) (int, bool) { m, ok := moment(a); return strings.Compare(m, v.text), ok }
	case f.kind == "date":
		if v.kind != "date" {
			return nil, wrong()
		}
		order = func(a string) (int, bool) { return strings.Compare(a, v.text), a != "" }
	case f.number():
		want, ok := new(big.Rat).SetString(v.text)
		if v.kind != "number" || !ok {
			return nil, wrong()
		}
		order = func(a string) (int, bool) {
			have, ok := new(big.Rat).SetString(a)
			if !ok {
				return 0, false
			}
			return have.Cmp(want), true
		}
	case v.kind != "string":
		return nil, pointed(q.text, n.field.at, "INVALID_FIELD", fmt.Sprintf("value of filter criterion for field '%s' must be of type string and should be enclosed in quotes", f.name))
	case f.kind == "id" || f.kind == "reference":
		if len(v.text) != 15 && len(v.text) != 18 {
			return nil, pointed(q.text, n.field.at, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "+v.text)
		}
		order = func(a string) (int, bool) {
			if a == "" {
				return 0, false
			}
			return strings.Compare(a[:min(15, len(a))], v.text[:15]), true
		}
	default:
		want := strings.ToLower(v.text)
		order = func(a string) (int, bool) { return strings.Compare(strings.ToLower(a), want), a != "" || want == "" }
	}
	return func(a string) bool {
		c, ok := order(a)
		if !ok {
			return op == "!="
		}
		switch op {
		case "=":
			return c == 0
		case "!=":
			return c != 0
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		}
		return c >= 0
	}, nil
}

func orFalse(a string) string {
	if a == "" {
		return "false"
	}
	return a
}

// like matches with % and _; \ before either makes it a letter.
func like(text, pattern string) bool {
	if pattern == "" {
		return text == ""
	}
	switch c := pattern[0]; {
	case c == '%':
		for i := 0; i <= len(text); i++ {
			if like(text[i:], pattern[1:]) {
				return true
			}
		}
		return false
	case text == "":
		return false
	case c == '_':
		_, size := utf8.DecodeRuneInString(text)
		return like(text[size:], pattern[1:])
	case c == '\\' && len(pattern) > 1:
		return text[0] == pattern[1] && like(text[1:], pattern[2:])
	}
	return text[0] == pattern[0] && like(text[1:], pattern[1:])
}
