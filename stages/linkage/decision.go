package linkage

// decision is what is left of a comparison once the words of a pair are known: questions, each with what follows from its
// answer. Often none is left. Pairs have few different words, and looking a decision up costs less than going through all
// demands.
type decision struct {
	words pairWords
	nodes []node // the last one's yes is where to begin
}

// node asks a condition. What follows is another node, or ^code of a level.
type node struct {
	asked   uint16
	yes, no int16
}

// pairWords are the bits of the words of a pair that a comparison asks about.
type pairWords struct{ left, right, shared uint64 }

// A comparer has so many decisions at hand for each comparison; one takes the place of another, which is made again when it
// is asked for.
const (
	decisionBits  = 10
	decisionsKept = 1 << decisionBits
)

func (w *pairWords) place() uint64 {
	return (w.left*0x9e3779b97f4a7c15 ^ w.right*0xbf58476d1ce4e5b9 ^ w.shared*0x94d049bb133111eb) >> (64 - decisionBits)
}

// mask notes which bits of the words the demands ask about.
func (k *programComparison) mask() {
	for _, g := range k.groups {
		for _, demands := range [][]demand{g.present, g.levels} {
			for _, d := range demands {
				k.left, k.right, k.shared = k.left|d.left, k.right|d.right, k.shared|d.shared
			}
		}
	}
}

// decide appends the decision for some words, from its end: the first group of which a demand of present is met gives the
// level of the first demand that is met, or its last.
func (k *programComparison) decide(w pairWords, to []node) []node {
	begin := ^int16(0)
	for i := len(k.groups) - 1; i >= 0; i-- {
		g := &k.groups[i]
		level := ^int16(g.last)
		for j := len(g.levels) - 1; j >= 0; j-- {
			if d := &g.levels[j]; w.allow(d) {
				to, level = ask(to, d, ^int16(d.code), level)
			}
		}
		for j := len(g.present) - 1; j >= 0; j-- {
			if d := &g.present[j]; w.allow(d) {
				to, begin = ask(to, d, level, begin)
			}
		}
	}
	return append(to, node{yes: begin})
}

// allow says whether a demand is met but for what it asks.
func (w *pairWords) allow(d *demand) bool {
	return d.shared&^w.shared|d.left&^w.left|d.right&^w.right == 0
}

// ask appends the questions of a demand; begin is the first, or what follows from a demand without any.
func ask(to []node, d *demand, yes, no int16) (all []node, begin int16) {
	for i := len(d.asked) - 1; i >= 0; i-- {
		to = append(to, node{d.asked[i], yes, no})
		yes = int16(len(to) - 1)
	}
	return to, yes
}
