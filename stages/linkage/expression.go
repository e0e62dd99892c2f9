package linkage

import (
	"fmt"
	"strconv"
	"strings"
)

// op is an operator of the closed set that doc.go specifies.
type op uint8

const (
	opPresent op = iota
	opEqual
	opSimilar
	opEdits
	opPrefix
	opExtends
	opInitial
	opOverlap
	opShare
	opWithin
	opEnds
	opLabel
	opSpells
	opCrossed
	opSteps
	opAlike
	opCovers
	opNear
)

// sets says whether an operator takes lists; the others take texts only.
var operators = map[string]struct {
	op     op
	number bool
	sets   bool
}{
	"present": {opPresent, false, true},
	"equal":   {opEqual, false, false},
	"similar": {opSimilar, true, false},
	"edits":   {opEdits, true, false},
	"prefix":  {opPrefix, true, false},
	"extends": {opExtends, true, false},
	"initial": {opInitial, false, false},
	"overlap": {opOverlap, false, true},
	"share":   {opShare, true, true},
	"within":  {opWithin, true, true},
	"ends":    {opEnds, true, true},
	"label":   {opLabel, false, true},
	"spells":  {opSpells, true, true},
	"crossed": {opCrossed, false, false},
	"steps":   {opSteps, true, false},
	"alike":   {opAlike, true, true},
	"covers":  {opCovers, true, true},
	"near":    {opNear, true, true},
}

// condition is one operator applied to a CRM column and a directory column.
type condition struct {
	op          op
	left, right string
	number      string // as written; the model's digits go into SQL unchanged
	n           int
	t           float64
	sets        bool
}

// alternatives is an expression: one of the conjunctions must hold.
type alternatives [][]condition

func parseExpression(text string) (alternatives, error) {
	var all alternatives
	for _, part := range strings.Split(text, "|") {
		var every []condition
		for _, word := range strings.Split(part, "&") {
			c, err := parseCondition(strings.TrimSpace(word))
			if err != nil {
				return nil, fmt.Errorf("condition %q: %w", text, err)
			}
			every = append(every, c)
		}
		all = append(all, every)
	}
	return all, nil
}

func parseCall(text string) (name string, args []string, err error) {
	name, rest, found := strings.Cut(text, "(")
	rest, closed := strings.CutSuffix(rest, ")")
	if !found || !closed {
		return "", nil, fmt.Errorf("want op(column, …), got %q", text)
	}
	for _, a := range strings.Split(rest, ",") {
		args = append(args, strings.TrimSpace(a))
	}
	return name, args, nil
}

func parseCondition(text string) (condition, error) {
	name, args, err := parseCall(text)
	if err != nil {
		return condition{}, err
	}
	spec, ok := operators[name]
	if !ok {
		return condition{}, fmt.Errorf("no operator %q", name)
	}
	c := condition{op: spec.op, sets: spec.sets}
	if spec.number {
		c.number = args[len(args)-1]
		args = args[:len(args)-1]
		if c.t, err = strconv.ParseFloat(c.number, 64); err != nil {
			return condition{}, fmt.Errorf("%q ends with a number: %w", text, err)
		}
		c.n = int(c.t)
		if c.op != opSimilar && c.op != opNear && float64(c.n) != c.t {
			return condition{}, fmt.Errorf("%q takes a whole number", text)
		}
	}
	switch len(args) {
	case 1:
		c.left, c.right = args[0], args[0]
	case 2:
		c.left, c.right = args[0], args[1]
	default:
		return condition{}, fmt.Errorf("%q takes one or two columns", text)
	}
	return c, nil
}

// rarity is how a level finds the value whose frequency counts.
type rarity uint8

const (
	rarityNone rarity = iota
	rarityValue
	rarityRarest
	rarityWords
	rarityName
)

var rarities = map[string]rarity{"value": rarityValue, "rarest": rarityRarest, "words": rarityWords, "name": rarityName}

// adjustment is a parsed Level.Frequency. For rarityName left and right are the text, words the list.
type adjustment struct {
	how         rarity
	left, right string
	words       string
}

func parseAdjustment(text string) (adjustment, error) {
	if text == "" {
		return adjustment{}, nil
	}
	name, args, err := parseCall(text)
	if err != nil {
		return adjustment{}, fmt.Errorf("frequency: %w", err)
	}
	how, ok := rarities[name]
	if !ok || len(args) > 2 || (how == rarityName && len(args) != 2) {
		return adjustment{}, fmt.Errorf("frequency %q: want value(x), rarest(x), words(x) or name(x, words)", text)
	}
	a := adjustment{how: how, left: args[0], right: args[len(args)-1]}
	if how == rarityName {
		a.right, a.words = args[0], args[1]
	}
	return a, nil
}

// keyPart is one part of a blocking key.
type keyPart struct {
	left, right string
	prefix      int
	deletions   bool
}

func parseKey(text string) (keyPart, error) {
	var k keyPart
	columns, n, found := strings.Cut(text, ":")
	if found {
		var err error
		if k.prefix, err = strconv.Atoi(n); err != nil || k.prefix < 1 {
			return keyPart{}, fmt.Errorf("blocking key %q: want column:length", text)
		}
	}
	columns, k.deletions = strings.CutSuffix(columns, "~")
	k.left, k.right, found = strings.Cut(columns, "=")
	if !found {
		k.right = k.left
	}
	return k, nil
}
