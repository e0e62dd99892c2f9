package simulator

import (
	"strconv"
	"strings"
)

type parser struct {
	text   string
	tokens []token
	i      int
}

func (p *parser) peek() token { return p.tokens[p.i] }
func (p *parser) next() token {
	t := p.tokens[p.i]
	if t.kind != 0 {
		p.i++
	}
	return t
}

// is says whether the next token is a word or sign, and takes it if so.
func (p *parser) is(text string) bool {
	t := p.peek()
	if (t.kind == 'w' || t.kind == 'p') && strings.EqualFold(t.text, text) {
		p.i++
		return true
	}
	return false
}

func (p *parser) unexpected() *apiError {
	t := p.peek()
	if t.kind == 0 {
		return malformed(p.text, t.at, "unexpected end of file")
	}
	return malformed(p.text, t.at, "unexpected token: '"+t.text+"'")
}

func (p *parser) word() (name, *apiError) {
	t := p.peek()
	if t.kind != 'w' {
		return name{}, p.unexpected()
	}
	p.i++
	return name{t.text, t.at}, nil
}

// parse reads a SELECT.
func parse(text string) (*query, *apiError) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens}
	q := &query{text: text, limit: -1, offset: -1}
	if !p.is("SELECT") {
		return nil, p.unexpected()
	}
	if err := p.list(q); err != nil {
		return nil, err
	}
	if !p.is("FROM") {
		return nil, p.unexpected()
	}
	if q.object, err = p.word(); err != nil {
		return nil, err
	}
	p.is("AS")
	if t := p.peek(); t.kind == 'w' && !clause(t.text) {
		q.alias = p.next().text
	}
	if p.is("USING") { // scope
		if !p.is("SCOPE") {
			return nil, p.unexpected()
		}
		if _, err = p.word(); err != nil {
			return nil, err
		}
	}
	if p.is("WHERE") {
		if q.where, err = p.either(); err != nil {
			return nil, err
		}
	}
	if t := p.peek(); p.is("GROUP") {
		q.mark("GROUP BY", "GROUP BY")
		_ = t
		return q, nil
	}
	if p.is("ORDER") {
		if err := p.orders(q); err != nil {
			return nil, err
		}
	}
	for _, x := range []struct {
		word string
		to   *int
	}{{"LIMIT", &q.limit}, {"OFFSET", &q.offset}} {
		if !p.is(x.word) {
			continue
		}
		t := p.next()
		n, bad := strconv.Atoi(t.text)
		if bad != nil || n < 0 {
			p.i--
			return nil, p.unexpected()
		}
		*x.to = n
	}
	if q.offset >= 0 {
		q.mark("OFFSET", "")
	}
	if p.is("ALL") {
		if !p.is("ROWS") {
			return nil, p.unexpected()
		}
		q.allRows = true
	}
	if p.peek().kind != 0 {
		return nil, p.unexpected()
	}
	q.unalias()
	return q, nil
}

func clause(word string) bool {
	switch strings.ToUpper(word) {
	case "WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "USING", "ALL", "FOR", "HAVING", "WITH":
		return true
	}
	return false
}

// list reads what stands between SELECT and FROM.
func (p *parser) list(q *query) *apiError {
	for {
		t := p.peek()
		switch {
		case t.text == "(" && t.kind == 'p':
			q.mark("parent-to-child subqueries", "subqueries")
			for depth := 0; ; {
				switch t := p.next(); {
				case t.kind == 0:
					return malformed(p.text, t.at, "unexpected end of file")
				case t.kind == 'p' && t.text == "(":
					depth++
				case t.kind == 'p' && t.text == ")":
					depth--
				}
				if depth == 0 {
					break
				}
			}
		case strings.EqualFold(t.text, "TYPEOF") && t.kind == 'w':
			q.mark("TYPEOF", "TYPEOF")
			for !p.is("END") {
				if p.next().kind == 0 {
					return p.unexpected()
				}
			}
		default:
			f, err := p.word()
			if err != nil {
				return err
			}
			if !p.is("(") {
				q.fields = append(q.fields, f)
				break
			}
			arg := ""
			if !p.is(")") {
				a, err := p.word()
				if err != nil {
					return err
				}
				if arg = a.text; !p.is(")") {
					return p.unexpected()
				}
			}
			switch strings.ToUpper(f.text) {
			case "COUNT":
				q.mark("aggregate functions", "")
				if arg != "" {
					q.mark("aggregate functions", "COUNT of a field")
				}
				q.count = true
			case "FIELDS":
				q.mark("FIELDS()", "FIELDS()")
			case "SUM", "AVG", "MIN", "MAX", "COUNT_DISTINCT":
				q.mark("aggregate functions", f.text)
			default:
				q.mark(f.text, f.text)
			}
		}
		if !p.is(",") {
			break
		}
	}
	if q.count && len(q.fields) > 0 {
		return malformed(p.text, q.fields[0].at, "unexpected token: '"+q.fields[0].text+"'")
	}
	return nil
}

func (p *parser) orders(q *query) *apiError {
	if !p.is("BY") {
		return p.unexpected()
	}
	for {
		f, err := p.word()
		if err != nil {
			return err
		}
		o := ordering{field: f}
		if p.is("DESC") {
			o.down = true
		} else {
			p.is("ASC")
		}
		o.nullsLast = o.down
		if p.is("NULLS") {
			switch {
			case p.is("FIRST"):
				o.nullsLast = false
			case p.is("LAST"):
				o.nullsLast = true
			default:
				return p.unexpected()
			}
		}
		q.order = append(q.order, o)
		if !p.is(",") {
			return nil
		}
	}
}
