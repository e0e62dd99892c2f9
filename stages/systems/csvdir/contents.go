package csvdir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
)

// Contents hashes the files of an object as Read does, without parsing them, and describes how Read would read them.
// files is nil where a file cannot be read to its end: what is wrong with it is Read's to tell.
func (s *Source) Contents(ctx context.Context, object string) (files map[string]string, how string, err error) {
	if _, _, err := s.Tables(ctx); err != nil {
		return nil, "", err
	}
	i := slices.IndexFunc(s.sheets, func(sh *sheet) bool { return sh.object == object })
	if i < 0 {
		return nil, "", nil
	}
	files = map[string]string{}
	var total, done int64
	for _, f := range s.sheets[i].files {
		total += f.size
	}
	for _, f := range s.sheets[i].files {
		sum, err := f.hash(ctx, func(bytes int64) {
			if done += bytes; s.progress != nil {
				s.progress(object, 0, done, total)
			}
		})
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if err != nil {
			return nil, "", nil
		}
		files[f.name] = sum
	}
	how, err = s.sheets[i].how()
	return files, how, err
}

// hash is the SHA-256 of a file as it is stored.
func (f *file) hash(ctx context.Context, progress func(bytes int64)) (string, error) {
	in, err := f.open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	sum, buffer := sha256.New(), make([]byte, 1<<20)
	for ctx.Err() == nil {
		n, err := in.Read(buffer)
		sum.Write(buffer[:n])
		progress(int64(n))
		if err == io.EOF {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", ctx.Err()
}

// how describes all of a sheet that decides what a file's rows become.
func (s *sheet) how() (string, error) {
	type place struct {
		Column, Header string
		Required       bool
	}
	how := struct {
		Delimiter string
		Empty     bool
		Columns   []place
	}{string(s.delim), s.empty, nil}
	for _, c := range s.columns {
		how.Columns = append(how.Columns, place{c.Name, c.header, c.required})
	}
	text, err := json.Marshal(how)
	return string(text), err
}
