package simulator

import (
	"strings"
	"time"
)

// either reads conditions. AND and OR may not stand beside each other without parentheses, as in the CRM.
func (p *parser) either() (*node, *apiError) {
	first, err := p.condition()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"AND", "OR"} {
		if !p.is(op) {
			continue
		}
		n := &node{op: strings.ToLower(op), children: []*node{first}}
		for {
			c, err := p.condition()
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, c)
			if !p.is(op) {
				break
			}
		}
		if t := p.peek(); t.kind == 'w' && (strings.EqualFold(t.text, "AND") || strings.EqualFold(t.text, "OR")) {
			return nil, p.unexpected()
		}
		return n, nil
	}
	return first, nil
}

func (p *parser) condition() (*node, *apiError) {
	if p.is("NOT") {
		c, err := p.condition()
		return &node{op: "not", children: []*node{c}}, err
	}
	if p.is("(") {
		n, err := p.either()
		if err == nil && !p.is(")") {
			err = p.unexpected()
		}
		return n, err
	}
	f, err := p.word()
	if err != nil {
		return nil, err
	}
	n := &node{field: f}
	t := p.next()
	switch op := strings.ToLower(t.text); {
	case t.kind == 'p' && strings.Contains(" = != < <= > >= ", " "+op+" "):
		n.op = op
	case t.kind == 'p' && op == "<>":
		n.op = "!="
	case t.kind == 'w' && (op == "like" || op == "in"):
		n.op = op
	case t.kind == 'w' && op == "not" && p.is("IN"):
		n.op = "not in"
	default:
		p.i--
		return nil, p.unexpected()
	}
	if n.op != "in" && n.op != "not in" {
		v, err := p.literal()
		n.values = []literal{v}
		return n, err
	}
	if !p.is("(") {
		return nil, p.unexpected()
	}
	for {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		n.values = append(n.values, v)
		if p.is(")") {
			return n, nil
		}
		if !p.is(",") {
			return nil, p.unexpected()
		}
	}
}

func (p *parser) literal() (literal, *apiError) {
	t := p.next()
	switch {
	case t.kind == 's':
		return literal{"string", t.text, t.at}, nil
	case t.kind == 'n' && len(t.text) == 10 && dateText.MatchString(t.text):
		return literal{"date", t.text, t.at}, nil
	case t.kind == 'n' && momentText.MatchString(t.text):
		if m, ok := moment(t.text); ok {
			return literal{"datetime", m, t.at}, nil
		}
	case t.kind == 'n' && numberText.MatchString(strings.TrimPrefix(t.text, "+")):
		return literal{"number", strings.TrimPrefix(t.text, "+"), t.at}, nil
	case t.kind == 'w' && (strings.EqualFold(t.text, "true") || strings.EqualFold(t.text, "false")):
		return literal{"boolean", strings.ToLower(t.text), t.at}, nil
	case t.kind == 'w' && strings.EqualFold(t.text, "null"):
		return literal{"null", "", t.at}, nil
	}
	if t.kind != 0 {
		p.i--
	}
	return literal{}, p.unexpected()
}

const momentLayout = "2006-01-02T15:04:05.000Z"

// moment gives a point in time as Bulk results write it, so that two of them compare as text.
func moment(text string) (string, bool) {
	if len(text) == len(momentLayout) && text[23] == 'Z' && text[19] == '.' {
		return text, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Format(momentLayout), true
		}
	}
	return "", false
}
