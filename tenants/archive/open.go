package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/klauspost/compress/zstd"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
)

// What an archive may be refused for, as codes of fault.Invalid.
const (
	codeUnreadable = "archive_unreadable" // no archive at all
	codeCut        = "archive_cut"        // its end is missing
	codeAltered    = "archive_altered"    // a checksum, a count or a list does not agree
	codeUnsafe     = "archive_unsafe"     // a name or a kind of file that none of ours has
	codeTooLarge   = "archive_too_large"  // beyond the limits
	codeLater      = "archive_later"      // made by a later version
)

// Limits bound what an archive may unpack to.
type Limits struct {
	Bytes int64 // of all files together
	Files int
	Ratio int64 // unpacked bytes to packed ones, beyond the first 256 MB
}

// DefaultLimits are wide enough for a large town with its documents.
var DefaultLimits = Limits{Bytes: 256 << 30, Files: 5_000_000, Ratio: 1000}

const (
	ratioFree   = 256 << 20
	maxManifest = 16 << 20
	maxWindow   = 64 << 20 // bytes of memory that unpacking may take
)

// names are those that a file of an archive may have: nothing else is ever opened.
var names = regexp.MustCompile(`^(README\.txt|manifest\.json|requests\.csv|codes\.age|documents\.jsonl|tables/[a-z][a-z0-9_]{0,62}\.jsonl|documents/[0-9]{1,4}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// Opened is an archive that was verified and lies unpacked in a folder of its own.
type Opened struct {
	Manifest Manifest
	SHA256   string // of its manifest
	scratch  *scratch
	found    map[string]bool
}

// Close removes the folder.
func (o *Opened) Close() error { return o.scratch.Close() }

// at is where a file of the archive lies: the name was matched against [names].
func (o *Opened) at(name string) string {
	return filepath.Join(o.scratch.path, filepath.FromSlash(name))
}

// Open unpacks an archive below a folder (empty: the system's for temporary files) and
// verifies it whole: names, sizes, checksums, counts and versions. What is wrong with
// it is fault.Invalid "archive_unreadable", "archive_cut", "archive_altered",
// "archive_unsafe", "archive_too_large" or "archive_later", and nothing is left behind.
func Open(ctx context.Context, r io.Reader, folder string, limits Limits) (*Opened, error) {
	own, err := newScratch(folder, unpackedIn)
	if err != nil {
		return nil, err
	}
	o := &Opened{scratch: own, found: map[string]bool{}}
	if err = o.unpack(ctx, r, limits); err == nil {
		err = o.verify()
	}
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// counted counts what was read of the packed archive.
type counted struct {
	r io.Reader
	n int64
}

// Read reads on.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (o *Opened) unpack(ctx context.Context, r io.Reader, limits Limits) error {
	packed := &counted{r: r}
	plain, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fault.Wrap(fault.Invalid, codeUnreadable, err)
	}
	defer plain.Close()
	in := tar.NewReader(plain)
	left := limits.Bytes
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return o.broken(err)
		}
		if h.Typeflag != tar.TypeReg || !names.MatchString(h.Name) || o.found[h.Name] {
			return fault.New(fault.Invalid, codeUnsafe)
		}
		o.found[h.Name] = true
		left -= h.Size
		unpacked := limits.Bytes - left
		if h.Size < 0 || left < 0 || len(o.found) > limits.Files || unpacked > ratioFree && unpacked/limits.Ratio > packed.n+h.Size {
			return fault.New(fault.Invalid, codeTooLarge)
		}
		if err := o.keep(h, &bounded{in, packed, limits, unpacked - h.Size}); err != nil {
			return err
		}
	}
}

// bounded stops a file that grows out of next to nothing.
type bounded struct {
	r      io.Reader
	packed *counted
	limits Limits
	before int64 // bytes unpacked before
}

// Read reads on, as long as the packed bytes account for it.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.before += int64(n)
	if b.before > ratioFree && b.before/b.limits.Ratio > b.packed.n {
		return n, fault.New(fault.Invalid, codeTooLarge)
	}
	return n, err
}

// keep writes one file below the folder.
func (o *Opened) keep(h *tar.Header, body io.Reader) error {
	path := o.at(h.Name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, body); err != nil {
		f.Close()
		return o.broken(err)
	}
	return f.Close()
}

// broken words what reading the archive stumbled over. Before its first file it is no
// archive; an end in the middle is a cut; anything else was altered.
func (o *Opened) broken(err error) error {
	switch _, known := errors.AsType[*fault.Error](err); {
	case known, errors.Is(err, context.Canceled), errors.Is(err, os.ErrPermission), errors.Is(err, os.ErrExist):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Wrap(fault.Invalid, codeCut, err)
	case len(o.found) == 0:
		return fault.Wrap(fault.Invalid, codeUnreadable, err)
	}
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path // the disk is full
	}
	return fault.Wrap(fault.Invalid, codeAltered, err)
}

// verify holds the manifest against what was unpacked.
func (o *Opened) verify() error {
	if len(o.found) == 0 {
		return fault.New(fault.Invalid, codeUnreadable)
	}
	if !o.found[fileManifest] {
		return fault.New(fault.Invalid, codeCut)
	}
	if err := o.readManifest(); err != nil {
		return err
	}
	expected := map[string]bool{fileManifest: true}
	check := func(f File) error {
		if expected[f.Path] || !o.found[f.Path] {
			return fault.New(fault.Invalid, codeAltered)
		}
		expected[f.Path] = true
		sum, err := sumOf(o.at(f.Path))
		if err == nil && sum != f.SHA256 {
			err = fault.New(fault.Invalid, codeAltered)
		}
		return err
	}
	for _, f := range o.Manifest.Files {
		if err := check(f); err != nil {
			return err
		}
	}
	for _, t := range o.Manifest.Tables {
		if t.Path != tablesFolder+t.Name+tablesSuffix {
			return fault.New(fault.Invalid, codeAltered)
		}
		if err := check(t.File); err != nil {
			return err
		}
		if n, err := lines(o.at(t.Path)); err != nil || n != t.Rows {
			return errors.Join(err, fault.New(fault.Invalid, codeAltered))
		}
	}
	if !expected[fileDocuments] || len(o.Manifest.Tables) == 0 {
		return fault.New(fault.Invalid, codeAltered)
	}
	if err := o.verifyDocuments(check); err != nil {
		return err
	}
	if len(expected) != len(o.found) {
		return fault.New(fault.Invalid, codeAltered) // a file that nothing speaks of
	}
	return nil
}

func (o *Opened) readManifest() error {
	info, err := os.Stat(o.at(fileManifest))
	if err != nil {
		return err
	}
	if info.Size() > maxManifest {
		return fault.New(fault.Invalid, codeTooLarge)
	}
	text, err := os.ReadFile(o.at(fileManifest))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &o.Manifest); err != nil {
		return fault.Wrap(fault.Invalid, codeAltered, err)
	}
	if o.SHA256, err = sumOf(o.at(fileManifest)); err != nil {
		return err
	}
	switch m := o.Manifest; {
	case m.Format > Format, m.SchemaVersion > migrations.Tenant.Version():
		return fault.New(fault.Invalid, codeLater)
	case m.Format < 1, m.SchemaVersion < 1:
		return fault.New(fault.Invalid, codeAltered)
	}
	return nil
}

// verifyDocuments holds the list of documents against their bytes.
func (o *Opened) verifyDocuments(check func(File) error) error {
	var sum Documents
	err := o.eachDocument(func(d Document) error {
		switch d.State {
		case docMissing:
			sum.Missing++
			return nil
		case docPresent:
			sum.Present++
		case docAltered:
			sum.Altered++
		default:
			return fault.New(fault.Invalid, codeAltered)
		}
		sum.Bytes += d.Bytes
		if d.Bytes > files.MaxSize || d.State == docPresent && d.Received != d.SHA256 {
			return fault.New(fault.Invalid, codeAltered)
		}
		return check(File{Path: d.Path, Bytes: d.Bytes, SHA256: d.SHA256})
	})
	if err == nil && sum != o.Manifest.Documents {
		err = fault.New(fault.Invalid, codeAltered)
	}
	return err
}

// lines counts the lines of a file.
func lines(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in, n := bufio.NewReaderSize(f, 64<<10), int64(0)
	for {
		part, err := in.ReadSlice('\n')
		n += int64(bytes.Count(part, []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return n, err
		}
	}
}
