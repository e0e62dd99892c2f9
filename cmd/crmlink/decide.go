package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) decideVerb() *cobra.Command {
	var not, by, noteFile string
	var none, undo, note, asJSON bool
	cmd := &cobra.Command{
		Use:   "decide CRM_ID [ENTITY]",
		Short: "Says which entity a record is, or is not; a person's word always wins",
		Long: "Stores a person's word on one Account, Contact or Lead. It is checked against the latest publication, and the next run\n" +
			"applies it: crmlink run --decisions does so in seconds. CRM_ID is the record's Id with 15 or 18 characters, ENTITY an id\n" +
			"of the directory. A note is read from a file or stdin, because arguments can be seen by others on the machine.",
		Example: "  crmlink decide 0035g00000XyZabAAB m48213\n  crmlink decide 0035g00000XyZabAAB --not m48213\n" +
			"  crmlink decide 0035g00000XyZabAAB --none --note < why.txt\n  crmlink decide 0035g00000XyZabAAB --undo",
		Args: takes(1, 2, "CRM_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := judgement(args, not, none, undo)
			if err != nil {
				return err
			}
			if j.Note, err = readNote(cmd.InOrStdin(), note, noteFile); err != nil {
				return err
			}
			p, err := a.published(cmd.Context(), "latest")
			if err != nil {
				return err
			}
			defer p.Close()
			d, err := p.Decide(cmd.Context(), j, person(by), time.Now())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, d)
			}
			a.writeDecided(d)
			return nil
		},
	}
	cmd.Flags().StringVar(&not, "not", "", "it is not this entity")
	cmd.Flags().BoolVar(&none, "none", false, "the directory has no match for it")
	cmd.Flags().BoolVar(&undo, "undo", false, "take back all that was decided about it, or about it and ENTITY")
	cmd.Flags().BoolVar(&note, "note", false, "read a note from stdin")
	cmd.Flags().StringVar(&noteFile, "note-file", "", "read a note from this file")
	byFlag(cmd, &by)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was stored as JSON")
	return cmd
}

func byFlag(cmd *cobra.Command, by *string) {
	cmd.Flags().StringVar(by, "by", "", "who decides (default $CRMLINK_USER, else who is logged in)")
}

// judgement takes the one thing that is said of the arguments and flags.
func judgement(args []string, not string, none, undo bool) (pipeline.Judgement, error) {
	j := pipeline.Judgement{CRMID: args[0], Via: "decide"}
	if len(args) > 1 {
		j.Verdict, j.EntityID = "is", args[1]
	}
	said := 0
	for _, is := range []bool{len(args) > 1 && !undo, not != "", none, undo} {
		if is {
			said++
		}
	}
	next := "crmlink decide CRM_ID ENTITY, or with --not ENTITY, --none or --undo [ENTITY]"
	switch {
	case said == 0:
		return j, &usageError{problem: "crmlink decide: it is not said what is decided", next: next}
	case said > 1:
		return j, &usageError{problem: "crmlink decide takes one decision at a time", next: next}
	case not != "":
		j.Verdict, j.EntityID = "is_not", not
	case none:
		j.Verdict = "none"
	case undo:
		j.Verdict = "undo"
	}
	return j, nil
}

// readNote reads a note; never unasked from stdin, which may be the list of a loop around the command.
func readNote(stdin io.Reader, fromStdin bool, file string) (string, error) {
	var data []byte
	var err error
	switch {
	case fromStdin && file != "":
		return "", &usageError{problem: "--note and --note-file are two notes", next: "choose one of them"}
	case fromStdin:
		data, err = io.ReadAll(io.LimitReader(stdin, 1<<20))
	case file != "":
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return "", &pipeline.InputError{Problem: "the note cannot be read: " + err.Error(), Next: "name a text file with --note-file"}
	}
	return strings.TrimSpace(string(data)), nil
}

// person is who decides: as given, as the environment says, or who is logged in.
func person(by string) pipeline.Person {
	login := os.Getenv("USER")
	if u, err := user.Current(); err == nil {
		login = u.Username
	}
	login = cmp.Or(login, "unknown")
	return pipeline.Person{By: cmp.Or(by, os.Getenv("CRMLINK_USER"), login), Login: login}
}

func (a *app) writeDecided(d pipeline.Decided) {
	i := inkFor(a.out)
	said := map[string]string{"is": "is", "is_not": "is not", "none": "has no match", "undo": "is open again"}[d.Verdict]
	if d.Verdict != "undo" {
		said += " " + d.EntityID
		if d.EntityName != "" {
			said += "  " + line(d.EntityName)
		}
	} else if d.EntityID != "" {
		said = "and " + d.EntityID + ": " + said
	}
	fmt.Fprintf(a.out, "%s  %s  %s %s\n", i.dim(padded("decided", 10)), d.Object+" "+d.CRMID, line(d.Name), i.bold(strings.TrimSpace(said)))
	fmt.Fprintf(a.out, "%s  %s\n", i.dim(padded("now", 10)), line(d.Now))
	for _, w := range d.TakenBack {
		fmt.Fprintf(a.out, "%s  %s\n", i.dim(padded("taken back", 10)), saidIn(w))
	}
	fmt.Fprintf(a.out, "%s  %s\n", i.dim(padded("next run", 10)), line(d.Then))
	fmt.Fprintf(a.out, "Try: %s%s run --decisions\n", command(), a.flag())
}

// saidIn writes a decision in a few words.
func saidIn(d pipeline.Decision) string {
	text := decisionName(d.Seq) + ": " + d.CRMID + " " + words(d.Verdict)
	if d.EntityID != "" {
		text += " " + d.EntityID
	}
	if d.By != "" {
		text += ", by " + line(d.By)
	}
	return text
}

// decisionName tells a decision of the control database by its number, and one of the file by its seq.
func decisionName(seq int64) string {
	n, controlled := pipeline.Decision{Seq: seq}.Number()
	if controlled {
		return "#" + number(n)
	}
	return "file " + number(n)
}
