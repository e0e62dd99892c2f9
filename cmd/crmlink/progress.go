package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

// progress shows a run's events: on a terminal one line that moves and one that stays per step, else plain lines.
type progress struct {
	w       io.Writer
	live    bool
	width   int
	ink     ink
	started map[string]time.Time
	drawn   time.Time
	open    bool // a moving line stands there
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, started: map[string]time.Time{}, ink: inkFor(w)}
	p.width, p.live = terminal(w)
	return p
}

func (p *progress) report(e pipeline.Event) {
	switch e.State {
	case "start":
		p.started[e.Step] = e.At
		p.draw(e)
	case "progress":
		// More often than this the eye does not follow.
		if p.live && e.At.Sub(p.drawn) >= 80*time.Millisecond {
			p.draw(e)
		}
	case "note":
		p.clear()
		fmt.Fprintf(p.w, "%s %s %s\n", p.ink.dim("·"), padded(e.Step, stepWidth), line(e.Detail))
	case "done", "failed":
		p.clear()
		fmt.Fprintln(p.w, p.finished(e))
	}
}

// draw paints the moving line: the step, a bar where the step knows how far it is, and rows so far.
func (p *progress) draw(e pipeline.Event) {
	if !p.live {
		return
	}
	p.drawn = e.At
	text := fmt.Sprintf("  %s", padded(e.Step, stepWidth))
	if e.Total > 0 {
		const size = 24
		done := min(int(size*e.Done/e.Total), size)
		text += fmt.Sprintf("  %s%s %3d %%", p.ink.green(strings.Repeat("━", done)), p.ink.dim(strings.Repeat("─", size-done)), min(100*e.Done/e.Total, 100))
	}
	if e.Rows > 0 {
		text += fmt.Sprintf("  %s", count(e.Rows, "row", "rows"))
	}
	if e.Step == "pull" {
		text += "  " + p.ink.dim(line(e.Detail))
	}
	p.clear()
	fmt.Fprint(p.w, text)
	p.open = true
}

func (p *progress) clear() {
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.open = false
	}
}

// end leaves the terminal clean, also after an error in the middle of a step.
func (p *progress) end() { p.clear() }

const stepWidth = 23

func (p *progress) finished(e pipeline.Event) string {
	took := time.Duration(-1)
	if at, ok := p.started[e.Step]; ok {
		took = e.At.Sub(at)
	}
	mark, what := p.ink.green("✓"), lasted(took)
	if e.Reused {
		mark, what = p.ink.dim("="), "reused"
	}
	rows := fmt.Sprintf("%15s", count(e.Rows, "row", "rows"))
	if e.Rows == 0 {
		rows = fmt.Sprintf("%15s", "")
	}
	if e.State == "failed" {
		mark, what, rows = p.ink.red("✗"), "failed", fmt.Sprintf("%15s", "")
	}
	text := fmt.Sprintf("%s %s %s  %9s", mark, padded(e.Step, stepWidth), rows, what)
	if e.Detail != "" {
		text += "  " + p.ink.dim(line(e.Detail))
	}
	return text
}
