package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// cursor is what a nextRecordsUrl stands for.
type cursor struct {
	id   string
	plan *plan
	rows []row
	size int // rows of a page
	last time.Time
}

func (x *exchange) query() failure {
	text := x.r.URL.Query().Get("q")
	if text == "" {
		return refuse(http.StatusBadRequest, "MALFORMED_QUERY", "unexpected token: <EOF>")
	}
	q, err := parse(text)
	if err != nil {
		return err
	}
	st := &x.s.store
	st.mu.RLock()
	defer st.mu.RUnlock()
	pl, err := st.plan(q)
	if err != nil {
		return err
	}
	if x.r.URL.Query().Get("columns") == "true" {
		return x.json(pl.metadata())
	}
	rows, err := st.run(pl, x.parts[0] == "queryAll" || q.allRows)
	if err != nil {
		return err
	}
	if q.count {
		return x.json(map[string]any{"totalSize": len(rows), "done": true, "records": []any{}})
	}
	c := &cursor{plan: pl, rows: rows, size: x.pageSize(), last: x.now}
	if len(rows) > c.size {
		x.s.mu.Lock()
		for id, old := range x.s.cursors {
			if x.now.Sub(old.last) > x.set.cursorLife() {
				delete(x.s.cursors, id)
			}
		}
		x.s.serial++
		c.id = newID("01g", x.s.serial)
		x.s.cursors[c.id] = c
		x.s.mu.Unlock()
	}
	return x.page(c, 0)
}

// pageSize takes the hint of Sforce-Query-Options, 200 to 2,000.
func (x *exchange) pageSize() int {
	size := 2000
	for _, part := range strings.Split(x.r.Header.Get("Sforce-Query-Options"), ",") {
		if name, value, _ := strings.Cut(strings.TrimSpace(part), "="); strings.EqualFold(name, "batchSize") {
			if n, err := strconv.Atoi(value); err == nil {
				size = min(max(n, 200), 2000)
			}
		}
	}
	if x.set.RESTRows > 0 {
		size = min(size, x.set.RESTRows)
	}
	return size
}

func (s *Switches) cursorLife() time.Duration {
	if s.CursorLife > 0 {
		return s.CursorLife
	}
	return 15 * time.Minute
}

// more gives a further page of a query.
func (x *exchange) more() failure {
	id, at, _ := strings.Cut(x.parts[1], "-")
	from, bad := strconv.Atoi(at)
	x.s.mu.Lock()
	c := x.s.cursors[id]
	if c == nil || bad != nil || from <= 0 || from >= len(c.rows) || x.now.Sub(c.last) > x.set.cursorLife() {
		x.s.mu.Unlock()
		return refuse(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	c.last = x.now
	x.s.mu.Unlock()
	x.s.store.mu.RLock()
	defer x.s.store.mu.RUnlock()
	return x.page(c, from)
}

// page writes rows as JSON. The store must be locked for reading.
func (x *exchange) page(c *cursor, from int) failure {
	to := min(from+c.size, len(c.rows))
	x.rows = to - from
	x.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	body := fmt.Appendf(nil, `{"totalSize":%d,"done":%t`, len(c.rows), to == len(c.rows))
	if to < len(c.rows) {
		body = fmt.Appendf(body, `,"nextRecordsUrl":"/services/data/v%s/query/%s-%d"`, x.version, c.id, to)
	}
	body = append(body, `,"records":[`...)
	var cells []string
	for i, r := range c.rows[from:to] {
		if i > 0 {
			body = append(body, ',')
		}
		cells = r.cells(cells, len(c.plan.table.fields))
		body = c.plan.json(body, x.version, cells)
		if len(body) > 1<<16 {
			x.w.Write(body) //nolint:errcheck // the client is gone
			body = body[:0]
		}
	}
	x.w.Write(append(body, "]}"...)) //nolint:errcheck // the client is gone
	return nil
}

func attributes(t *table, version, id string) map[string]string {
	return map[string]string{"type": t.name, "url": "/services/data/v" + version + "/sobjects/" + t.name + "/" + id}
}

func appendAttributes(to []byte, t *table, version, id string) []byte {
	return fmt.Appendf(to, `"attributes":{"type":"%s","url":"/services/data/v%s/sobjects/%[1]s/%[3]s"}`, t.name, version, id)
}

// json writes one record: fields of a parent are an object under the relationship's name.
func (pl *plan) json(to []byte, version string, cells []string) []byte {
	to = append(to, '{')
	to = appendAttributes(to, pl.table, version, cells[pl.table.places["id"]])
	done := map[string]bool{}
	for i := range pl.columns {
		c := &pl.columns[i]
		relation, _, dotted := strings.Cut(c.name, ".")
		if !dotted {
			to = fmt.Appendf(to, `,"%s":`, c.name)
			to = pl.table.value(to, c.field, cells, c.last)
			continue
		}
		if done[relation] {
			continue
		}
		done[relation] = true
		to = fmt.Appendf(to, `,"%s":`, relation)
		to = pl.parent(to, version, cells, relation, 0)
	}
	return append(to, '}')
}

// parent writes the record that a look-up leads to, with the selected fields of it; null where there is none.
func (pl *plan) parent(to []byte, version string, cells []string, prefix string, depth int) []byte {
	var first *path
	for i := range pl.columns {
		if strings.HasPrefix(pl.columns[i].name, prefix+".") {
			first = &pl.columns[i]
			break
		}
	}
	t := first.tables[depth]
	r, ok := t.find(cells[first.steps[depth]])
	if !ok {
		return append(to, "null"...)
	}
	cells = r.cells(nil, len(t.fields))
	to = append(to, '{')
	to = appendAttributes(to, t, version, cells[t.places["id"]])
	done := map[string]bool{}
	for i := range pl.columns {
		c := &pl.columns[i]
		rest, ok := strings.CutPrefix(c.name, prefix+".")
		if !ok {
			continue
		}
		relation, _, dotted := strings.Cut(rest, ".")
		if !dotted {
			to = fmt.Appendf(to, `,"%s":`, rest)
			to = t.value(to, c.field, cells, c.last)
		} else if !done[relation] {
			done[relation] = true
			to = fmt.Appendf(to, `,"%s":`, relation)
			to = pl.parent(to, version, cells, prefix+"."+relation, depth+1)
		}
	}
	return append(to, '}')
}

// value writes a cell as JSON, typed as describe says.
func (t *table) value(to []byte, f *field, cells []string, at int) []byte {
	if f.parts != nil {
		to = append(to, '{')
		for i, part := range f.parts {
			if i > 0 {
				to = append(to, ',')
			}
			name := addressParts[i]
			to = fmt.Appendf(to, `"%s":`, strings.ToLower(name[:1])+name[1:])
			to = t.value(to, &field{kind: "string"}, cells, t.place(part))
		}
		return append(to, '}')
	}
	v := cells[at]
	switch {
	case f.kind == "boolean":
		return append(to, orFalse(v)...)
	case v == "":
		return append(to, "null"...)
	case f.number() && json.Valid([]byte(v)):
		return append(to, v...)
	case f.kind == "datetime":
		v = strings.TrimSuffix(v, "Z") + "+0000"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(v) //nolint:errcheck // text has JSON
	return append(to, bytes.TrimRight(b.Bytes(), "\n")...)
}

// metadata is the answer with columns=true, from which sf makes the columns of its CSV.
func (pl *plan) metadata() map[string]any {
	list := []any{}
	ids := false
	for i := range pl.columns {
		c := &pl.columns[i]
		ids = ids || c.field.name == "Id" && len(c.steps) == 0
		d := pl.table.describe(c.field)
		relation := any(nil)
		if dot := strings.LastIndexByte(c.name, '.'); dot >= 0 {
			relation = c.name[:dot]
		}
		list = append(list, map[string]any{"aggregate": false, "apexType": strings.TrimPrefix(strings.TrimPrefix(d["soapType"].(string), "xsd:"), "tns:"),
			"booleanType": c.field.kind == "boolean", "columnName": c.field.name, "custom": c.field.custom(), "displayName": c.field.name, "foreignKeyName": relation,
			"insertable": d["createable"], "joinColumns": []any{}, "numberType": c.field.number(), "textType": d["textType"], "updatable": d["updateable"]})
	}
	return map[string]any{"columnMetadata": list, "entityName": pl.table.name, "groupBy": false, "idSelected": ids, "keyPrefix": pl.table.prefix}
}

// limits tells what is left of the day's allowances.
func (x *exchange) limits() failure {
	if x.set.NoLimits {
		return refuse(http.StatusForbidden, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
	}
	type limit struct{ Max, Remaining int64 }
	used, most := x.s.apiCalls()
	x.s.mu.Lock()
	jobs, jobsMax, stored, storage := x.s.bulkUse()
	x.s.mu.Unlock()
	left := func(most, used int64) limit { return limit{most, max(0, most-used)} }
	return x.json(map[string]limit{
		"DailyApiRequests": left(most, used), "DailyBulkV2QueryJobs": left(jobsMax, jobs), "DailyBulkV2QueryFileStorageMB": left(storage, stored),
		"DailyBulkApiBatches": {15000, 15000}, "DailyAsyncApexExecutions": {250000, 250000}, "ConcurrentAsyncGetReportInstances": {200, 200},
		"DailyStreamingApiEvents": {10000, 10000}, "DataStorageMB": {1024, 1000}, "FileStorageMB": {1024, 1024}, "HourlyTimeBasedWorkflow": {1000, 1000},
		"MassEmail": {5000, 5000}, "SingleEmail": {5000, 5000}, "PermissionSets": {1500, 1499},
	})
}

// bulkUse is how much Bulk did today, jobs and MB of results. s.mu must be held.
func (s *Server) bulkUse() (jobs, jobsMax, stored, storage int64) {
	jobsMax, storage = s.switches.JobsMax, s.switches.StorageMax
	if jobsMax == 0 {
		jobsMax = 10_000
	}
	if storage == 0 {
		storage = 976_562
	}
	return s.jobsUsed + s.switches.JobsUsed, jobsMax, s.storage>>20 + s.switches.StorageUsed, storage
}
