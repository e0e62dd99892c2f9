package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/extract"
)

// withControl adds the decisions of the control database to those of the user's file. The run reads them here, once;
// what it read is in its snapshot raw_decision, and everything after follows from that.
func (r *run) withControl(ctx context.Context, lists extract.Source) (extract.Source, error) {
	db, err := control.OpenIfThere(ctx, r.store.Dir)
	if err != nil || db == nil {
		return lists, err
	}
	defer db.Close()
	decisions, err := db.Decisions(ctx)
	if err != nil || len(decisions) == 0 {
		return lists, err
	}
	return controlled{lists, decisions}, nil
}

// controlled is the source of the user's lists, with the control database as one more file of decisions.
type controlled struct {
	extract.Source
	decisions []control.Decision
}

const decisionObject = "decision"

func (c controlled) Tables(ctx context.Context) (objects, unclaimed []string, err error) {
	objects, unclaimed, err = c.Source.Tables(ctx)
	if !slices.Contains(objects, decisionObject) {
		objects = append(slices.Clone(objects), decisionObject)
	}
	return objects, unclaimed, err
}

// Contents says nothing of the decisions: they are few, and read each time.
func (c controlled) Contents(ctx context.Context, object string) (files map[string]string, how string, err error) {
	if object == decisionObject {
		return nil, "", nil
	}
	return c.Source.Contents(ctx, object)
}

func (c controlled) Read(ctx context.Context, object, cursor string, known func(file string, cells []string) bool, kept func(cells []string),
	emit func(table string, rows arrow.RecordBatch) error) (string, error) {
	objects, _, err := c.Source.Tables(ctx)
	if err != nil {
		return "", err
	}
	next := ""
	if slices.Contains(objects, object) {
		if next, err = c.Source.Read(ctx, object, cursor, known, kept, emit); err != nil {
			return "", err
		}
	}
	if object == decisionObject {
		err = c.emit(emit)
	}
	return next, err
}

// emit gives the decisions as rows of raw_decision, and accounts for them as for a file.
func (c controlled) emit(emit func(table string, rows arrow.RecordBatch) error) error {
	content, err := json.Marshal(c.decisions)
	if err != nil {
		return fmt.Errorf("read control database: %w", err)
	}
	place := []arrow.Field{{Name: "file", Type: schemas.Text}, {Name: "line", Type: schemas.Int}}
	rows := rowsOf(arrow.NewSchema(append(schemas.RawDecision.Arrow().Fields(), place...), nil))
	defer rows.Release()
	for _, d := range c.decisions {
		rows.add(map[string]any{"seq": schemas.ControlSeq + d.Seq, "object": d.Object, "crm_id": d.CRMID, "verdict": d.Verdict,
			"entity_id": d.EntityID, "by": d.By, "at": arrow.Timestamp(d.At.UnixMicro()), "note": d.Note,
			"file": schemas.ControlFile, "line": d.Seq})
	}
	if err := rows.emit(schemas.RawDecision.Name, emit); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	log := rowsOf(schemas.ExtractLog.Arrow())
	defer log.Release()
	n := int64(len(c.decisions))
	log.add(map[string]any{"object": decisionObject, "file": schemas.ControlFile, "rows_in": n, "kept": int64(0), "superseded": int64(0),
		"rejected": int64(0), "bytes": int64(len(content)), "sha256": hex.EncodeToString(sum[:])})
	return log.emit(schemas.ExtractLog.Name, emit)
}

// rowBuilder makes a batch of few rows, by column name; the empty text and what is not given are null.
type rowBuilder struct {
	*array.RecordBuilder
	schema *arrow.Schema
}

func rowsOf(schema *arrow.Schema) rowBuilder {
	return rowBuilder{array.NewRecordBuilder(memory.DefaultAllocator, schema), schema}
}

func (b rowBuilder) add(values map[string]any) {
	for i, f := range b.schema.Fields() {
		switch v := values[f.Name].(type) {
		case string:
			if v == "" {
				b.Field(i).AppendNull()
				continue
			}
			b.Field(i).(*array.StringBuilder).Append(v)
		case int64:
			b.Field(i).(*array.Int64Builder).Append(v)
		case arrow.Timestamp:
			b.Field(i).(*array.TimestampBuilder).Append(v)
		default:
			b.Field(i).AppendNull()
		}
	}
}

func (b rowBuilder) emit(table string, emit func(table string, rows arrow.RecordBatch) error) error {
	batch := b.NewRecordBatch()
	defer batch.Release()
	return emit(table, batch)
}

// checkControl reads the control database to its end. It is not repaired: nothing else knows what is in it.
func (v *verifier) checkControl(ctx context.Context) error {
	if v.options.Run != "" {
		return nil // what a run used of it is in its snapshot
	}
	db, err := control.OpenIfThere(ctx, v.store.Dir)
	if err == nil && db != nil {
		defer db.Close()
		err = db.Check(ctx)
	}
	var known *control.Error
	if errors.As(err, &known) && known.Damaged {
		v.damaged(control.FileName, "it is no whole database")
		return nil
	}
	return err
}
