package serve

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
)

// metrics answers in the Prometheus text format, version 0.0.4. Three kinds of lines are all there is to it, so it is
// written here: the client library would bring eight modules for them. Everything is read when it is asked for, from
// the store's small files and the control database, so counters go on where they were after a restart.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	overview, err := s.store.Overview()
	var counts map[[2]string]int64
	if err == nil {
		var db *control.DB
		if db, err = control.OpenIfThere(r.Context(), s.store.Dir); err == nil {
			counts, err = db.ScheduledCounts(r.Context())
			db.Close() //nolint:errcheck // it was only read
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	e := exposition{w}
	e.one("crmlink_build_info", "gauge", "The program.", 1, "version", s.version)
	e.one("crmlink_serve_start_time_seconds", "gauge", "When the server was started.", seconds(s.started))
	e.one("crmlink_store_readable", "gauge", "Whether the store could be read for this answer.", truth(err == nil))
	var disk syscall.Statfs_t
	if syscall.Statfs(s.store.Dir, &disk) == nil {
		e.one("crmlink_store_free_bytes", "gauge", "Room left where the store lies.", float64(disk.Bavail)*float64(disk.Bsize))
	}
	e.published(overview.Published)
	e.runs(overview)
	s.scheduleMetrics(e, counts)
}

func (e exposition) published(p *pipeline.Brief) {
	if p == nil {
		return
	}
	e.one("crmlink_publication_as_of_timestamp_seconds", "gauge", "The time that the published tables are of.", seconds(p.AsOf))
	if p.Finished != nil {
		e.one("crmlink_publication_timestamp_seconds", "gauge", "When the publication was made.", seconds(*p.Finished))
		e.one("crmlink_publication_duration_seconds", "gauge", "How long its run took, interruptions included.", p.Finished.Sub(p.Started).Seconds())
	}
	if p.Peak > 0 {
		e.one("crmlink_publication_peak_memory_bytes", "gauge", "The most memory that its run had.", float64(p.Peak))
	}
	for _, m := range []struct {
		name, help string
		of         func(pipeline.ObjectStats) int64
	}{
		{"crmlink_records", "Live records of the publication.", func(o pipeline.ObjectStats) int64 { return o.Records }},
		{"crmlink_records_matched", "Of these, with a match.", func(o pipeline.ObjectStats) int64 { return o.Matched }},
		{"crmlink_records_matched_sure", "Of the matched, sure.", func(o pipeline.ObjectStats) int64 { return o.Sure }},
		{"crmlink_records_duplicate", "Duplicates of a matched record.", func(o pipeline.ObjectStats) int64 { return o.Duplicates }},
		{"crmlink_records_unmatched", "Without a match.", func(o pipeline.ObjectStats) int64 { return o.Unmatched }},
	} {
		e.head(m.name, "gauge", m.help)
		for _, o := range p.Stats {
			e.line(m.name, float64(m.of(o)), "object", o.Object)
		}
	}
	e.head("crmlink_table_rows", "gauge", "Rows of each published table.")
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		e.line("crmlink_table_rows", float64(p.Tables[name]), "table", name)
	}
}

func (e exposition) runs(o pipeline.Overview) {
	last := o.Published
	if o.Latest != nil {
		last = o.Latest
	}
	if last != nil {
		e.head("crmlink_last_run_status", "gauge", "How the last run ended: 1 for that status.")
		for _, status := range []pipeline.Status{pipeline.Published, pipeline.Failed, pipeline.Stopped, pipeline.Interrupted} {
			e.line("crmlink_last_run_status", truth(last.Status == status), "status", string(status))
		}
		e.one("crmlink_last_run_start_timestamp_seconds", "gauge", "When it was started.", seconds(last.Started))
	}
	e.one("crmlink_store_held", "gauge", "Whether a run, or gc, holds the store.", truth(o.Holder > 0))
	e.one("crmlink_run_running", "gauge", "Whether a run is going on.", truth(o.Running != nil))
	if r := o.Running; r != nil {
		e.one("crmlink_run_start_timestamp_seconds", "gauge", "When it was first started.", seconds(r.Started))
		e.one("crmlink_run_step_timestamp_seconds", "gauge", "Since when it has been at its step.", seconds(r.Since), "step", r.Step)
	}
}

func (s *Server) scheduleMetrics(e exposition, counts map[[2]string]int64) {
	s.mu.Lock()
	now, running := s.now(), s.running
	next := upcoming(s.plan, s.last, now)
	states := maps.Clone(s.last)
	s.mu.Unlock()
	e.head("crmlink_schedule_next_timestamp_seconds", "gauge", "When the entry's next run starts.")
	for _, n := range next {
		if n.Next != nil {
			e.line("crmlink_schedule_next_timestamp_seconds", seconds(*n.Next), "entry", n.Entry)
		}
	}
	e.head("crmlink_schedule_failing", "gauge", "Whether the entry's last run failed, was stopped or missed, or waits to be tried again.")
	for _, name := range slices.Sorted(maps.Keys(states)) {
		bad := []string{control.Failed, control.Stopped, control.Missed, control.Again}
		e.line("crmlink_schedule_failing", truth(slices.Contains(bad, states[name].State)), "entry", name)
	}
	e.head("crmlink_schedule_running", "gauge", "Whether the server is running the entry.")
	for _, name := range slices.Sorted(maps.Keys(states)) {
		e.line("crmlink_schedule_running", truth(running != nil && running.entry.Name == name), "entry", name)
	}
	e.head("crmlink_scheduled_runs_total", "counter", "What became of scheduled runs, by entry and state, since the store was made.")
	for _, key := range slices.SortedFunc(maps.Keys(counts), byBoth) {
		if key[1] != control.Began && key[1] != control.First {
			e.line("crmlink_scheduled_runs_total", float64(counts[key]), "entry", key[0], "state", key[1])
		}
	}
	s.hooks.mu.Lock()
	told := maps.Clone(s.hooks.counts)
	s.hooks.mu.Unlock()
	e.head("crmlink_notices_total", "counter", "Notices of failed, stopped and missed runs since the server was started.")
	for _, key := range slices.SortedFunc(maps.Keys(told), byBoth) {
		e.line("crmlink_notices_total", float64(told[key]), "by", key[0], "result", key[1])
	}
}

func byBoth(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

// exposition writes samples.
type exposition struct{ w io.Writer }

func (e exposition) head(name, kind, help string) {
	fmt.Fprintf(e.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// escaped is a label's value as the format wants it.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (e exposition) line(name string, value float64, labels ...string) {
	var b strings.Builder
	for i := 0; i+1 < len(labels); i += 2 {
		fmt.Fprintf(&b, `,%s="%s"`, labels[i], escaped.Replace(labels[i+1]))
	}
	if b.Len() > 0 {
		name += "{" + b.String()[1:] + "}"
	}
	fmt.Fprintf(e.w, "%s %s\n", name, strconv.FormatFloat(value, 'f', -1, 64))
}

func (e exposition) one(name, kind, help string, value float64, labels ...string) {
	e.head(name, kind, help)
	e.line(name, value, labels...)
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
