package pipeline

import (
	"reflect"

	"github.com/crmlink/crmlink/sql"
)

// resume takes up the latest run where it was killed, if it was asked for the same thing with the same configuration
// and nothing was published since: same id, same time, and what it had read (invariant 3). Otherwise that run is
// closed as failed, and a new one begins.
func (r *run) resume(current string, request Request, config Config) (bool, error) {
	killed, err := r.store.unfinished(current)
	if err != nil || killed == nil {
		return false, err
	}
	why := ""
	switch {
	case killed.Previous != current:
		why = "another run was published since"
	case !sameRequest(killed.Request, request):
		why = "the next run was asked for something else"
	case !reflect.DeepEqual(values(killed.Config), values(config.Recorded())):
		why = "the next run had another configuration"
	}
	r.record = *killed
	if why != "" {
		r.record.Status, r.record.Problem = Failed, "killed, and not taken up again: "+why
		finished := r.now().UTC()
		r.record.Finished = &finished
		err := r.write()
		r.record = Record{}
		return false, err
	}
	r.record.Status, r.record.Problem, r.record.Try, r.record.Finished = Running, "", "", nil
	r.record.Program, r.record.Engine = r.program[:12], r.engine
	r.record.Resumed++
	r.record.Steps, r.record.Notices, r.record.Checks = nil, nil, nil
	r.record.Tables, r.record.Changes, r.record.Effects, r.record.Stats, r.record.ROI, r.record.Gains = nil, nil, nil, nil, nil, nil
	if r.record.Extract != nil && !r.hasAll(*r.record.Extract) {
		r.record.Extract, r.record.Pull = nil, nil
	}
	if err := r.openLog(); err != nil {
		return false, err
	}
	return true, r.write()
}

func (r *run) hasAll(extracted any) bool {
	complete := true
	eachSnapshot(reflect.ValueOf(extracted), func(snap sql.Snapshot) {
		complete = complete && len(r.session.Missing(snap)) == 0
	})
	return complete
}

// unfinished is the latest run if it was killed, before or while it was published. A run that readers see already was
// not killed too early.
func (s Store) unfinished(current string) (*Record, error) {
	records, err := s.Runs()
	if err != nil || len(records) == 0 {
		return nil, err
	}
	last := records[len(records)-1]
	onTheWay := last.unfinished() || last.Status == Published && last.Previous == current
	if last.ID == current || !onTheWay {
		return nil, nil
	}
	return &last, nil
}

// sameRequest compares what was asked for. A run that took its time from the clock keeps it.
func sameRequest(a, b Request) bool {
	sameTime := a.AsOf == nil && b.AsOf == nil || a.AsOf != nil && b.AsOf != nil && a.AsOf.Equal(*b.AsOf)
	a.AsOf, b.AsOf = nil, nil
	return sameTime && a == b
}

// values are a configuration's values without where they came from and what they mean.
func values(config []Value) map[string][]string {
	all := map[string][]string{}
	for _, v := range config {
		if outside(v.Path) {
			continue // older programs recorded them
		}
		all[v.Path] = append([]string{v.Value}, v.List...)
	}
	return all
}
