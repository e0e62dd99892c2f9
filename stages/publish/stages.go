package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// InputError is a setting that does not fit the CRM's data: the administrator's to repair, not a failure of ours.
type InputError struct {
	Setting string
	Problem string
	Next    string
}

func (e *InputError) Error() string { return fmt.Sprintf("settings.%s: %s", e.Setting, e.Problem) }

// Try is the next step.
func (e *InputError) Try() string { return e.Next }

// Input tells that the user's input is at fault: exit code 2.
func (e *InputError) Input() bool { return true }

func (s Settings) validate() error {
	for _, choice := range []struct {
		setting, value string
		valid          []string
	}{
		{"auto_sync", s.AutoSync, []string{"all", "none", "per_seat"}},
		{"saved_list_policy", s.SavedListPolicy, []string{"keep", "flag"}},
	} {
		if !slices.Contains(choice.valid, choice.value) {
			return &InputError{choice.setting, fmt.Sprintf("%q is not a choice", choice.value),
				"choose one of " + strings.Join(choice.valid, ", ")}
		}
	}
	return nil
}

// stage is one opportunity stage in its order. An opportunity may hold its label or its API name.
type stage struct {
	label, name string
	closed      *bool // nil where the source does not tell
}

func (s stage) isClosed() bool { return s.closed != nil && *s.closed }

// stages finds the order of stages and which of them lie strictly past the chosen one (F2, F3, Z11, Z18), as the step
// stage_order. Without a chosen stage every open opportunity counts, and no order is needed.
func (p *publication) stages(settings Settings) {
	if p.err != nil {
		return
	}
	if settings.PipelineStage == "" {
		p.bind(schemas.StageOrder.Name, schemas.StageOrder.Name, sql.Snapshot{})
		return
	}
	const name, file = "stage_order", "stages"
	follow := fmt.Sprintf("%q %q %s %s", settings.PipelineStage, settings.Stages, p.is["raw_opportunity_stage"], p.is["raw_opportunity"])
	if p.dry != nil {
		p.follow[file], p.is[name] = follow, p.dry.Stages
		return
	}
	order := func() {
		if p.err != nil {
			return
		}
		order, err := p.stageOrder(settings)
		if err == nil {
			err = p.saveStages(order, settings)
		}
		p.err = err
	}
	if p.was != nil && p.was.follow[file] == follow && p.was.is[name] != "" {
		p.is[name], p.late[name] = p.was.is[name], order
		return
	}
	order()
}

// stageOrder is OpportunityStage by SortOrder, inactive stages too because old opportunities are still in them; or the
// settings' own list where the source has none.
func (p *publication) stageOrder(settings Settings) (order []stage, err error) {
	p.query("publish/declared_stage", func(rows *sql.Rows) error {
		var s stage
		err := rows.Scan(&s.label, &s.name, &s.closed)
		order = append(order, s)
		return err
	})
	if p.err != nil || len(order) > 0 {
		return order, p.err
	}
	for _, label := range settings.Stages {
		order = append(order, stage{label: label, name: label})
	}
	if len(order) == 0 {
		return nil, &InputError{"stages", "pipeline_stage is set, but the source has no OpportunityStage and no order is given",
			"export OpportunityStage, or list all stages of your sales process in order under settings.stages"}
	}
	return order, nil
}

func (p *publication) saveStages(order []stage, settings Settings) error {
	open, closed := p.stagesInUse()
	if p.err != nil {
		return p.err
	}
	for i, s := range order {
		if s.closed == nil { // IsClosed follows from the stage, so the opportunities in it tell
			isClosed := closed[s.name]
			order[i].closed = &isClosed
		}
	}
	chosen := slices.IndexFunc(order, func(s stage) bool {
		return s.label == settings.PipelineStage || s.name == settings.PipelineStage
	})
	if chosen < 0 {
		return &InputError{"pipeline_stage", fmt.Sprintf("the CRM has no stage %q", settings.PipelineStage),
			"choose one of these stages: " + labels(order)}
	}
	if order[chosen].isClosed() {
		return &InputError{"pipeline_stage", fmt.Sprintf("stage %q is closed", order[chosen].label),
			"choose an open stage: " + labels(order)}
	}
	w, err := p.session.Writer(p.ctx, schemas.StageOrder)
	if err != nil {
		return err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.StageOrder.Arrow())
	defer b.Release()
	known := map[string]bool{}
	content := sha256.New()
	add := func(value string, position int) {
		fmt.Fprintf(content, "%q %d %t\n", value, position, position > chosen)
		if known[value] {
			return
		}
		known[value] = true
		b.Field(0).(*array.StringBuilder).Append(value)
		b.Field(1).(*array.Int64Builder).Append(int64(position + 1))
		b.Field(2).(*array.BooleanBuilder).Append(position > chosen)
	}
	// The API name is what an opportunity holds; a label counts only where no API name is spelled the same.
	for i, s := range order {
		add(s.name, i)
	}
	for i, s := range order {
		add(s.label, i)
	}
	for _, label := range open {
		if !known[label] {
			w.Discard(p.ctx) //nolint:errcheck // the other error is the one to tell
			return &InputError{"stages", fmt.Sprintf("open opportunities are in stage %q, which is not in the order of stages", label),
				"add it at its place; the order has " + labels(order)}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	if err := w.Write(p.ctx, batch); err != nil {
		return err
	}
	p.is[schemas.StageOrder.Name] = hex.EncodeToString(content.Sum(nil))
	return w.Step(p.ctx)
}

// stagesInUse lists the stages of open opportunities in alphabetical order, and those that only closed ones are in.
// The stages of closed opportunities need no place in the order: old processes leave stages behind that no one lists.
func (p *publication) stagesInUse() (open []string, closed map[string]bool) {
	closed = map[string]bool{}
	p.query("publish/used_stage", func(rows *sql.Rows) error {
		var label string
		var isClosed bool
		err := rows.Scan(&label, &isClosed)
		if isClosed {
			closed[label] = true
		} else {
			open = append(open, label)
		}
		return err
	})
	return open, closed
}

// labels lists the stages one may choose, in order.
func labels(order []stage) string {
	var names []string
	for _, s := range order {
		if !s.isClosed() {
			names = append(names, s.label)
		}
	}
	return strings.Join(names, ", ")
}
