package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// ManifestName is the file in a pull's folder that says what the folder holds and how to go on.
const ManifestName = "pull.json"

const manifestFormat = 1

// manifest is that file. It is replaced as a whole, after the pages it names are durable.
type manifest struct {
	Format   int              `json:"format"`
	Instance string           `json:"instance"`
	Asked    asked            `json:"asked"`
	Version  string           `json:"version"`
	Started  time.Time        `json:"started"` // by the server's clock
	Upper    time.Time        `json:"upper"`   // where windows end, and the cursor that the pull leaves
	Limits   map[string]Limit `json:"limits"`
	Persons  bool             `json:"person_accounts"`
	Calls    map[string]int64 `json:"calls"`
	Objects  []*object        `json:"objects"`
}

// asked is what decides whether a folder belongs to a pull.
type asked struct {
	Fields  FieldNames           `json:"fields"`
	Since   map[string]time.Time `json:"since"`
	Overlap time.Duration        `json:"overlap"`
}

// object is how far the pull of one object is.
type object struct {
	Name  string    `json:"name"`
	API   string    `json:"api"` // bulk, rest or none
	Whole bool      `json:"whole"`
	From  time.Time `json:"from"` // start of the window
	selection
	Notes []string `json:"notes,omitempty"`
	Parts []*part  `json:"parts"`
	Files int      `json:"files"` // numbers given to page files so far
	Done  bool     `json:"done"`
}

// part is one query: all of an object, or a window of time or of Ids where all at once takes Salesforce too long.
type part struct {
	From  time.Time `json:"from,omitzero"` // SystemModstamp, from on
	To    time.Time `json:"to,omitzero"`   // and before
	First string    `json:"first,omitempty"`
	End   string    `json:"end,omitempty"` // Ids before it
	// Intent is when a job was about to be created, by the server's clock: if the process dies before the job's Id is
	// here, it is found by that.
	Intent  time.Time `json:"intent,omitzero"`
	Job     *job      `json:"job,omitempty"`
	Not     []string  `json:"not,omitempty"`    // jobs that are not this part's, or of no use any more
	Serial  bool      `json:"serial,omitempty"` // pages one after the other by locator
	Listed  bool      `json:"listed"`           // every page of the job is known
	More    string    `json:"more,omitempty"`
	Pages   []*page   `json:"pages,omitempty"`
	Counted bool      `json:"counted"` // asked how many rows there are
	Total   int64     `json:"total"`   // rows that Salesforce says there are
	Done    bool      `json:"done"`
	tried   int       // jobs of this process that came to nothing
}

type job struct {
	ID      string    `json:"id"`
	Version string    `json:"version"`
	Created time.Time `json:"created"`
	Adopted bool      `json:"adopted,omitempty"`
	Rows    int64     `json:"rows"`
	Ready   bool      `json:"ready"`   // JobComplete
	Deleted bool      `json:"deleted"` // at Salesforce
}

// page is one page of results. From is where it comes from: a locator's path.
type page struct {
	File  string `json:"file"`
	From  string `json:"from"`
	Next  string `json:"next,omitempty"` // the locator that came with it
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	Sum   string `json:"sha256,omitempty"`
	Kept  bool   `json:"kept"`
}

// errNoPull says that a folder holds no pull that can be gone on with.
var errNoPull = errors.New("no pull to go on with")

func readManifest(dir string) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoPull
	}
	if err != nil {
		return nil, &errDisk{err}
	}
	return parseManifest(text)
}

// parseManifest reads a manifest. One that is damaged names no page for certain: the pull starts again.
func parseManifest(text []byte) (*manifest, error) {
	m := &manifest{}
	if json.Unmarshal(text, m) != nil || m.Format != manifestFormat {
		return nil, errNoPull
	}
	for _, o := range m.Objects {
		if o == nil {
			return nil, errNoPull
		}
		for _, p := range o.Parts {
			if p == nil {
				return nil, errNoPull
			}
			for _, g := range p.Pages {
				if g == nil || g.File != filepath.Base(g.File) || !strings.HasSuffix(g.File, ".csv.gz") {
					return nil, errNoPull
				}
			}
		}
	}
	return m, nil
}

func (m *manifest) write(dir string) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, tempName(ManifestName))
	file, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return &errDisk{err}
	}
	_, err = file.Write(append(text, '\n'))
	for _, step := range []func() error{file.Sync, file.Close} {
		if e := step(); err == nil {
			err = e
		}
	}
	if err == nil {
		err = os.Rename(temp, filepath.Join(dir, ManifestName))
	}
	if err != nil {
		return &errDisk{err}
	}
	return syncDir(dir)
}

// same says whether a manifest is of the pull that is asked for.
func (m *manifest) same(instance string, a asked) bool {
	return m.Instance == instance && equalJSON(m.Asked, a)
}

// equalJSON compares by what is written: times lose their zone and monotonic clock there.
func equalJSON(a, b any) bool {
	var left, right any
	for _, side := range []struct {
		from any
		to   *any
	}{{a, &left}, {b, &right}} {
		text, err := json.Marshal(side.from)
		if err != nil || json.Unmarshal(text, side.to) != nil {
			return false
		}
	}
	return reflect.DeepEqual(left, right)
}

// tidy removes every file of the folder that the manifest does not name as kept; all but the manifest where keep is nil.
func tidy(dir string, m *manifest) error {
	known := map[string]bool{}
	if m != nil {
		known[ManifestName] = true
		for _, o := range m.Objects {
			for _, p := range o.Parts {
				for _, g := range p.Pages {
					known[g.File] = known[g.File] || g.Kept
				}
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return &errDisk{err}
	}
	for _, e := range entries {
		ours := strings.HasSuffix(e.Name(), ".csv.gz") || strings.HasSuffix(e.Name(), ".part") || e.Name() == ManifestName
		if !ours || known[e.Name()] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return &errDisk{err}
		}
	}
	return nil
}

// newPage gives the next page of an object its file.
func (o *object) newPage(from string) *page {
	o.Files++
	return &page{File: fmt.Sprintf("%s-%d.csv.gz", o.Name, o.Files), From: from}
}

// rows is how many rows of an object, or bytes, are kept.
func (o *object) kept() (rows, bytes int64) {
	for _, p := range o.Parts {
		for _, g := range p.Pages {
			if g.Kept {
				rows += g.Rows
				bytes += g.Bytes
			}
		}
	}
	return rows, bytes
}

// total is how many rows the parts have whose jobs are ready.
func (o *object) total() (n int64) {
	for _, p := range o.Parts {
		n += p.Total
	}
	return n
}

// moveTo gives a part's job the API version that it has: results are told in no other.
func (p *part) moveTo(version string) {
	before, after := jobPath(p.Job.Version, p.Job.ID), jobPath(version, p.Job.ID)
	p.Job.Version = version
	p.More = strings.Replace(p.More, before, after, 1)
	for _, g := range p.Pages {
		g.From = strings.Replace(g.From, before, after, 1)
	}
}
