package salesforce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// bigPages answers for the Account job of an org with pages far larger than the org's, made while they are sent.
type bigPages struct {
	next     http.Handler
	now      func() time.Time
	mu       sync.Mutex
	job      string
	columns  []string
	pages    int
	rows     int // of each page
	perBlock int
}

func (b *bigPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	job := b.job
	b.mu.Unlock()
	at := "/services/data/v66.0/jobs/query/" + job
	w.Header().Set("Date", b.now().UTC().Format(http.TimeFormat))
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/jobs/query"):
		b.create(w, r)
	case job != "" && r.URL.Path == at+"/resultPages":
		var list []map[string]string
		for i := range b.pages {
			list = append(list, map[string]string{"resultUrl": fmt.Sprintf("%s/results?locator=p%d", at, i)})
		}
		json.NewEncoder(w).Encode(map[string]any{"resultPages": list, "done": true, "nextRecordsUrl": nil}) //nolint:errcheck // a test
	case job != "" && r.URL.Path == at+"/results":
		b.page(w, r)
	case job != "" && r.URL.Path == at && r.Method == http.MethodGet:
		fmt.Fprintf(w, `{"id":%q,"state":"JobComplete","apiVersion":66.0,"numberRecordsProcessed":%d}`, job, b.pages*b.rows)
	default:
		b.next.ServeHTTP(w, r)
	}
}

func (b *bigPages) create(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	b.next.ServeHTTP(answer, r)
	var asked struct{ Query string }
	var made jobInfo
	if json.Unmarshal(body, &asked) == nil && json.Unmarshal(answer.Body.Bytes(), &made) == nil && made.Object == schemas.Account {
		names, _, _ := strings.Cut(strings.TrimPrefix(asked.Query, "SELECT "), " FROM ")
		b.mu.Lock()
		b.job, b.columns = made.ID, strings.Split(names, ", ")
		b.mu.Unlock()
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes()) //nolint:errcheck // a test
}

// page sends rows with line ends and quotes in their cells; every fourth page is not packed.
func (b *bigPages) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Sforce-NumberOfRecords", fmt.Sprint(b.rows))
	w.Header().Set("Sforce-Locator", "null")
	w.Header().Set("Content-Type", "text/csv")
	var out io.Writer = w
	if !strings.HasSuffix(r.URL.RawQuery, "0") {
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		defer z.Close()
		out = z
	}
	out.Write(appendRow(nil, b.columns)) //nolint:errcheck // a test
	cells := make([]string, len(b.columns))
	for i := range cells {
		cells[i] = strings.Repeat("text, \"quoted\"\nand over lines ", 2)
	}
	block := bytes.Repeat(appendRow(nil, cells), b.perBlock)
	for range b.rows / b.perBlock {
		out.Write(block) //nolint:errcheck // a test
	}
}

// A large export needs no more memory than a small one: what a pull holds is buffers. (A 14 GB export within 1 GiB.)
func TestPull_Memory(t *testing.T) {
	o := bare(t, simulator.Switches{})
	big := &bigPages{next: o.Server, now: o.clock.now, pages: 4, rows: 40_000, perBlock: 100}
	server := httptest.NewServer(big)
	defer server.Close()
	dir := t.TempDir()
	client := o.client(func(c *Options) { c.Instance = server.URL })

	defer debug.SetGCPercent(debug.SetGCPercent(100)) // what is measured is garbage as well
	var stop, stopped = make(chan bool), make(chan uint64)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base := m.HeapInuse
	go func() {
		most := uint64(0)
		for {
			select {
			case <-stop:
				stopped <- most
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	done, err := client.Pull(t.Context(), PullIn{Dir: dir})
	close(stop)
	most := <-stopped
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(done.Objects, func(o PulledObject) bool { return o.Name == schemas.Account })
	plain := int64(0)
	for _, f := range done.Objects[i].Files {
		plain += int64(len(unzipped(t, dir+"/"+f.Name)))
	}
	t.Logf("%d MB in %d rows; the heap grew by %d MB", plain>>20, done.Objects[i].Rows, (most-base)>>20)
	if plain < 300<<20 || done.Objects[i].Rows != 160_000 || most > base && most-base > 64<<20 {
		t.Errorf("%d MB in %d rows; the heap grew by %d MB", plain>>20, done.Objects[i].Rows, (most-base)>>20)
	}
}
