package exchange

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// The systems that files are read of.
const (
	Publik = "wcs"    // Publik: forms, workflows, blocks and reference tables (.wcs, XML)
	DS     = "ds"     // démarches-simplifiées: a procedure's schema (JSON)
	FormIO = "formio" // form.io: a form (JSON), or an export of Open Forms (ZIP)
)

// Limits of what is given at once.
const (
	MaxFiles   = 20
	maxEntries = 100 // files in an archive
)

// File is one file to be read. Its name is told back in the report, and never opened.
type File struct {
	Name string
	Data []byte
}

type file struct {
	name string
	data []byte
}

// named is a tree with the name of the file that it comes from.
type named struct {
	file string
	root *source
}

// Read makes a procedure of a system's files, and tells what became of every part of
// them. A form of Publik may come with its blocks, tables and workflow. It fails only
// where nothing could be read: Invalid "import_unreadable", "import_unknown" for a system
// that we do not know, TooLarge "import_too_large".
func Read(from string, files ...File) (*Report, error) {
	if len(files) == 0 {
		return nil, fault.New(fault.Invalid, "import_missing")
	}
	if len(files) > MaxFiles {
		return nil, tooLarge()
	}
	total := 0
	var list []file
	for _, f := range files {
		if total += len(f.Data); total > MaxSource {
			return nil, tooLarge()
		}
		list = append(list, file{safeName(f.Name), f.Data})
	}
	switch from {
	case Publik:
		return readWCS(list)
	case DS:
		return readDS(list)
	case FormIO:
		return readFormIO(list)
	}
	return nil, fault.New(fault.Invalid, "import_unknown")
}

// safeName keeps what a report may show of a file's name.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError {
			return -1
		}
		return r
	}, path.Base(strings.ReplaceAll(name, `\`, "/")))
	return shortened(name, 100)
}

// Guess tells of which system a file is by what it begins with; "" for none that we know.
func Guess(f File) string {
	head := bytes.TrimSpace(bytes.TrimPrefix(f.Data[:min(len(f.Data), 64<<10)], []byte("\xef\xbb\xbf")))
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(head, []byte(w)) })
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return FormIO
	case bytes.HasPrefix(head, []byte("<")):
		return Publik
	case !bytes.HasPrefix(head, []byte("{")) && !bytes.HasPrefix(head, []byte("[")):
		return ""
	case has(`ChampDescriptor`, `"champDescriptors"`, `"type_champ"`):
		return DS
	case has(`"components"`):
		return FormIO
	}
	return ""
}

// unzipped gives the files of an archive. What it unfolds to is bounded while it is read,
// whatever its directory says; names are labels, nothing is written.
func unzipped(data []byte) ([]file, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, noSource()
	}
	if len(z.File) > maxEntries {
		return nil, tooLarge()
	}
	var out []file
	room := int64(MaxSource)
	for _, entry := range z.File {
		if strings.HasSuffix(entry.Name, "/") {
			continue
		}
		r, err := entry.Open()
		if err != nil {
			return nil, noSource()
		}
		text, err := io.ReadAll(io.LimitReader(r, room+1))
		_ = r.Close()
		if room -= int64(len(text)); room < 0 {
			return nil, tooLarge()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, noSource()
		}
		out = append(out, file{safeName(entry.Name), text})
	}
	return out, nil
}
