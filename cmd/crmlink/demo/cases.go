package demo

import (
	"slices"
	"strings"
)

// cases collects what was planted in one record, in the order of planting and each once.
type cases struct{ list []string }

func (c *cases) add(label string) {
	if !slices.Contains(c.list, label) {
		c.list = append(c.list, label)
	}
}

// variant labels a case together with the word that a matcher has to know to see through it.
func (c *cases) variant(label, word string) {
	c.add(label)
	if word = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(word, "|", " "))); word != "" {
		c.add("variant:" + word)
	}
}

func (c *cases) has(label string) bool { return slices.Contains(c.list, label) }

func (c *cases) text() string {
	if len(c.list) == 0 {
		return "clean"
	}
	return strings.Join(c.list, "|")
}
