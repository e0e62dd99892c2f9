package csvdir

import (
	"fmt"
	"strings"
)

// FileError says what is wrong with one file as a whole and what to do about it. It names the file, the line where
// that makes sense, and columns crmlink knows; it never holds what a cell or an unknown header says, because a file
// without a header row would put a person's data there.
type FileError struct {
	File    string // as in extract_log; empty where the fault lies in the configuration
	Line    int    // 0 where no single line is at fault
	Problem string
	Next    string
}

func (e *FileError) Error() string {
	switch {
	case e.File == "":
		return e.Problem
	case e.Line == 0:
		return e.File + ": " + e.Problem
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
}

// Try is the next step.
func (e *FileError) Try() string { return e.Next }

// Input marks the error as one the user can mend in the input.
func (e *FileError) Input() bool { return true }

// Errors are all file errors found, so that one look at the message is enough to mend them all.
type Errors []*FileError

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Try joins the next steps, each once.
func (e Errors) Try() string {
	var steps []string
	seen := map[string]bool{}
	for _, one := range e {
		if !seen[one.Next] && one.Next != "" {
			seen[one.Next] = true
			steps = append(steps, one.Next)
		}
	}
	return strings.Join(steps, "; ")
}

// Input marks the errors as ones the user can mend in the input.
func (e Errors) Input() bool { return true }

// Unwrap gives errors.As and errors.Is the single errors.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// orNil avoids an error value that holds no error.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// listed is "A", "A and B", "A, B and C".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
