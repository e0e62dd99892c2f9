package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/schemas"
)

func (a *app) reviewVerb() *cobra.Command {
	var object, from, by string
	var limit, sample int
	var export, estimate, asJSON bool
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Shows the answers that most need a person's look, one by one, and stores what you say",
		Long: "Goes through the answers of the latest run that are most uncertain and on which most hangs: open pipeline, list rows.\n" +
			"Each comes with its evidence, and each of your answers is stored at once as a decision. --export prints the queue as a\n" +
			"sheet in which verdict (yes, no, none, or is with an entity_id) is filled in, --import takes it back.\n\n" +
			"--sample N asks about a random sample instead, and then says how good all answers are: precision and recall with a\n" +
			"95 % interval. The queue cannot say that, for it holds the doubtful ones.",
		Example: "  crmlink review --limit 20\n  crmlink review --object Account --export > review.csv\n  crmlink review --import review.csv\n  crmlink review --sample 100",
		Args:    takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			objects, err := reviewed(object, sample, limit)
			if err != nil {
				return err
			}
			if estimate && (export || from != "" || sample > 0) || from != "" && (export || sample > 0) {
				return &usageError{problem: "--estimate, --import and a queue are three things", next: "choose one of them"}
			}
			p, err := a.published(cmd.Context(), "latest")
			if err != nil {
				return err
			}
			defer p.Close()
			r := &reviewer{app: a, p: p, ctx: cmd.Context(), in: bufio.NewReader(cmd.InOrStdin()), who: person(by), sampled: sample > 0}
			if in, ok := cmd.InOrStdin().(*os.File); ok {
				r.typed = term.IsTerminal(int(in.Fd()))
			}
			switch {
			case estimate:
				return r.estimate(asJSON)
			case from != "":
				in, err := opened(cmd, from)
				if err != nil {
					return err
				}
				defer in.Close()
				done, err := p.ImportReview(cmd.Context(), in, r.who, time.Now())
				if err != nil {
					return err
				}
				return a.writeImported(done, asJSON)
			}
			var questions []pipeline.Question
			if sample > 0 {
				questions, err = p.Sample(cmd.Context(), sample, r.who, time.Now())
			} else {
				questions, err = p.Queue(cmd.Context(), objects, limit)
			}
			switch {
			case err != nil:
				return err
			case export:
				return p.WriteReview(cmd.Context(), a.out, questions)
			case asJSON:
				return writeJSON(a.out, questions)
			}
			return r.run(questions)
		},
	}
	cmd.Flags().StringVar(&object, "object", "", "only Account, Contact or Lead")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many records; 0: all")
	cmd.Flags().BoolVar(&export, "export", false, "print the records as a sheet to be filled in")
	cmd.Flags().StringVar(&from, "import", "", "store the verdicts of this sheet; - is stdin")
	cmd.Flags().IntVar(&sample, "sample", 0, "ask about a random sample of this size instead")
	cmd.Flags().BoolVar(&estimate, "estimate", false, "print precision and recall from what was said of the latest sample")
	byFlag(cmd, &by)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the queue or the estimate as JSON and ask nothing")
	return cmd
}

func reviewed(object string, sample, limit int) ([]string, error) {
	all := []string{schemas.Account, schemas.Contact, schemas.Lead}
	switch i := slices.IndexFunc(all, func(o string) bool { return strings.EqualFold(o, object) }); {
	case limit < 0 || sample < 0:
		return nil, &usageError{problem: "a number of records cannot be negative", next: "crmlink review --help"}
	case object == "":
		return nil, nil
	case i < 0:
		return nil, &usageError{problem: fmt.Sprintf("%q is not reviewed", object), next: "choose one of " + strings.Join(all, ", ")}
	case sample > 0:
		return nil, &usageError{problem: "a sample is drawn from all objects", next: "leave --object away; the estimate tells accounts and people apart"}
	default:
		return all[i : i+1], nil
	}
}

// reviewer asks one question after the other. Each answer is stored before the next question.
type reviewer struct {
	*app
	ctx     context.Context
	p       *pipeline.Publication
	in      *bufio.Reader
	who     pipeline.Person
	sampled bool
	typed   bool           // on a terminal, which shows what is typed
	stored  map[string]int // by verdict
	skipped int
}

const reviewKeys = `  y        yes, it is
  n        no, it is not
  1, 2 …   it is this one of the candidates
  = ID     it is another entity of the directory
  0        it has no match in the directory
  s        skip
  q        quit; what was answered is stored
`

func (r *reviewer) run(questions []pipeline.Question) error {
	i := inkFor(r.out)
	r.stored = map[string]int{}
	if len(questions) == 0 {
		fmt.Fprintln(r.out, "There is nothing to ask about.")
	}
	for n, q := range questions {
		x, err := r.p.Explain(r.ctx, q.CRMID, "")
		if err != nil {
			return err
		}
		fmt.Fprintf(r.out, "%s%s\n", i.bold(fmt.Sprintf("%s of %s", number(n+1), number(len(questions)))), hangsOn(q))
		width, _ := terminal(r.out)
		(&explainer{w: &strings.Builder{}, ink: i, width: width}).write(r.app, x)
		r.candidates(x)
		more, err := r.ask(q, x)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		fmt.Fprintln(r.out)
	}
	return r.end()
}

func hangsOn(q pipeline.Question) string {
	text := ""
	if q.Pipeline > 0 {
		text += " · open pipeline " + number(q.Pipeline)
	}
	if q.ListRows > 0 {
		text += " · " + count(q.ListRows, "list row", "list rows")
	}
	return text
}

// candidates numbers what can be chosen.
func (r *reviewer) candidates(x pipeline.Explanation) {
	if len(x.Candidates) == 0 {
		return
	}
	i := inkFor(r.out)
	fmt.Fprintf(r.out, "\n%s\n", i.bold("Candidates"))
	t := newTable(i, ">", "", "<40 ", "<40 ", ">probability")
	t.fit, _ = terminal(r.out)
	for n, c := range x.Candidates {
		t.add(number(n+1), c.EntityID, c.Name, c.About, chance(c.Prob))
	}
	t.write(r.out)
}

// ask reads answers until one is stored or the record is passed over; more is false when the person has enough.
func (r *reviewer) ask(q pipeline.Question, x pipeline.Explanation) (more bool, err error) {
	i := inkFor(r.out)
	name := q.EntityID
	for _, c := range x.Candidates {
		if c.EntityID == q.EntityID {
			name += " " + line(c.Name)
		}
	}
	prompt := "Is it " + name + "?"
	if q.EntityID == "" {
		prompt = "It has no candidate. Which is it?"
	}
	for {
		fmt.Fprintf(r.out, "\n%s  %s ", i.bold(prompt), i.dim("y n 1… = ID 0 s q ?"))
		text, err := r.in.ReadString('\n')
		if err == io.EOF && strings.TrimSpace(text) == "" {
			fmt.Fprintln(r.out)
			return false, nil
		} else if err != nil && err != io.EOF {
			return false, fmt.Errorf("review: read answer: %w", err)
		}
		if !r.typed {
			fmt.Fprintln(r.out, line(text))
		}
		j, done := r.answer(strings.TrimSpace(text), q, x)
		switch {
		case done == "quit":
			return false, nil
		case done == "skip":
			r.skipped++
			return true, nil
		case done != "":
			fmt.Fprint(r.out, done)
			continue
		}
		d, err := r.p.Decide(r.ctx, j, r.who, time.Now())
		if pipeline.IsInput(err) {
			problem, _ := describe(err)
			fmt.Fprintf(r.out, "%s\n", i.yellow(plain(problem)))
			continue
		} else if err != nil {
			return false, err
		}
		r.stored[j.Verdict]++
		fmt.Fprintf(r.out, "%s #%s: %s\n", i.green("stored"), number(d.Seq), line(d.Then))
		if j.Verdict == "is_not" && r.sampled {
			prompt = "Which is it then?" // precision knows now, recall does not
			q.EntityID = ""
			continue
		}
		return true, nil
	}
}

// answer reads what was typed: a judgement, or what else to do: quit, skip, or a text to show before asking again.
func (r *reviewer) answer(text string, q pipeline.Question, x pipeline.Explanation) (j pipeline.Judgement, otherwise string) {
	j = pipeline.Judgement{CRMID: q.CRMID, EntityID: q.EntityID, Via: "review"}
	switch key := strings.ToLower(text); {
	case key == "q" || key == "quit":
		return j, "quit"
	case key == "s" || key == "skip" || key == "":
		return j, "skip"
	case key == "0" || key == "none":
		j.Verdict, j.EntityID = "none", ""
		return j, ""
	case (key == "y" || key == "yes") && q.EntityID != "":
		j.Verdict = "is"
		return j, ""
	case (key == "n" || key == "no") && q.EntityID != "":
		j.Verdict = "is_not"
		return j, ""
	case strings.HasPrefix(text, "="):
		j.Verdict, j.EntityID = "is", strings.TrimSpace(text[1:])
		if j.EntityID != "" {
			return j, ""
		}
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(x.Candidates) {
		j.Verdict, j.EntityID = "is", x.Candidates[n-1].EntityID
		return j, ""
	}
	return j, reviewKeys
}

func (r *reviewer) end() error {
	var parts []string
	total := 0
	for _, v := range []string{"is", "is_not", "none"} {
		if n := r.stored[v]; n > 0 {
			total += n
			parts = append(parts, number(n)+" "+map[string]string{"is": "named", "is_not": "not what was asked", "none": "without a match"}[v])
		}
	}
	if r.skipped > 0 {
		parts = append(parts, number(r.skipped)+" skipped")
	}
	text := count(total, "decision", "decisions") + " stored"
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	fmt.Fprintf(r.out, "\n%s\n", text)
	if total > 0 {
		fmt.Fprintf(r.out, "Try: %s%s run --decisions\n", command(), r.flag())
	}
	if !r.sampled && total == 0 {
		return nil
	}
	err := r.estimate(false)
	if pipeline.IsInput(err) {
		return nil // nothing of a sample was judged
	}
	return err
}
