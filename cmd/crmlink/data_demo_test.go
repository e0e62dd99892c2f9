package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
)

// data/demo is what `crmlink demo` writes by default; gzipped files are compared unpacked, because their bytes depend
// on the Go release.
func TestDataDemoIsTheGeneratorsOutput(t *testing.T) {
	dir := t.TempDir()
	config := demo.Default()
	config.Out = dir
	if _, err := demo.Generate(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	size, files := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files++
		made, kept := content(t, path), content(t, filepath.Join("..", "..", "data", "demo", name))
		size += len(made)
		if !bytes.Equal(made, kept) {
			t.Errorf("data/demo/%s is not what the generator writes now; run bin/crmlink demo --out data/demo", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 || size > 5<<20 {
		t.Errorf("%d files, %d bytes: want at least 20 files and less than 5 MB", files, size)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return data
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return data
}
