package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
)

// Source is where an archive is made from.
type Source struct {
	DB    *tenants.DB
	Files *files.Store
	// Version gives the version of the commune's tables, which may be the one before
	// this program's.
	Version func(context.Context, tenants.Tenant) (int, error)
	// Codes gives each tracking code that this deployment can tell.
	Codes func(ctx context.Context, tx *tenants.Tx, give func(request tenants.ID, code string) error) error
}

// Options are how an archive is made.
type Options struct {
	Passphrase string // encrypts the tracking codes; empty: they stay behind
	Folder     string // for what has to lie somewhere meanwhile; empty: the system's
	// Progress is told each file as it is begun, and how many there are: of the tables
	// first, of the documents then.
	Progress func(what string, done, total int)
}

// Made is what an export gives beside the archive.
type Made struct {
	Manifest Manifest
	SHA256   string // of manifest.json, in hex: it stands for the whole archive
}

// Export writes a commune's archive, as a stream: its memory does not grow with the
// commune. An error leaves a cut archive, which [Open] refuses. A document that is not
// in the store is no error: the manifest counts it. Whoever calls has decided that the
// archive may be made.
func (s Source) Export(ctx context.Context, t tenants.Tenant, w io.Writer, o Options) (Made, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	own, err := newScratch(o.Folder, writtenBy)
	if err != nil {
		return Made{}, err
	}
	defer own.Close() //nolint:errcheck // what is left is swept at the next start
	compressed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return Made{}, err
	}
	version, err := s.Version(ctx, t)
	if err != nil {
		return Made{}, err
	}
	e := &export{Source: s, tenant: t, options: o, folder: own.path, version: version, tar: tar.NewWriter(compressed)}
	if err := e.run(ctx); err != nil {
		return Made{}, errors.Join(err, compressed.Close())
	}
	if err := e.tar.Close(); err != nil {
		return Made{}, err
	}
	return Made{Manifest: e.manifest, SHA256: e.last.SHA256}, compressed.Close()
}

type export struct {
	Source
	tenant   tenants.Tenant
	options  Options
	folder   string
	tar      *tar.Writer
	version  int
	manifest Manifest
	last     File
}

var system = tenants.System("archive de la commune")

func (e *export) run(ctx context.Context) error {
	listed, err := os.Create(e.folder + "/listed")
	if err != nil {
		return err
	}
	defer listed.Close()
	if err := e.DB.Snapshot(ctx, e.tenant, system, func(tx *tenants.Tx) error { return e.snapshot(ctx, tx, listed) }); err != nil {
		return err
	}
	if err := e.documents(ctx, listed); err != nil {
		return err
	}
	text, err := json.MarshalIndent(e.manifest, "", "  ")
	if err != nil {
		return err
	}
	e.last, err = e.add(fileManifest, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	return err
}

// snapshot writes all that the database holds, and lists the documents.
func (e *export) snapshot(ctx context.Context, tx *tenants.Tx, listed io.Writer) error {
	t := tx.Tenant()
	e.manifest = Manifest{
		Format: Format, SchemaVersion: e.version, ExportedAt: tx.Now(),
		Commune: Commune{INSEE: t.INSEE, SIREN: t.SIREN, Name: t.Name, Slug: t.Slug, Colour: t.Colour, Temple: t.Temple, Holidays: t.LocalHolidays, Tenant: t.ID},
	}
	var absent strings.Builder
	for _, what := range slices.Sorted(maps.Keys(withheld)) {
		e.manifest.Withheld = append(e.manifest.Withheld, withheld[what])
		fmt.Fprintf(&absent, "  – %s.\n", withheld[what])
	}
	err := e.addFile(fileReadme, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, readme, strings.ToUpper(t.Name), t.INSEE, tx.Now().Format("02/01/2006 à 15:04"), absent.String())
		return err
	})
	if err != nil {
		return err
	}
	tables, err := tablesOf(ctx, tx, t.Schema)
	if err != nil {
		return err
	}
	for i, table := range tables {
		e.options.Progress(table.name, i, len(tables))
		if err := e.table(ctx, tx, table); err != nil {
			return err
		}
	}
	if err := e.addFile(fileRequests, func(w io.Writer) error { return spreadsheet(ctx, tx, w) }); err != nil {
		return err
	}
	if err := e.codes(ctx, tx); err != nil {
		return err
	}
	return list(ctx, tx, listed)
}

func (e *export) table(ctx context.Context, tx *tenants.Tx, t table) error {
	entry := Table{Name: t.name, Columns: t.shown()}
	var err error
	entry.File, err = e.add(tablesFolder+t.name+tablesSuffix, func(w io.Writer) (err error) {
		entry.Rows, err = dump(ctx, tx, t, entry.Columns, w)
		return err
	})
	e.manifest.Tables = append(e.manifest.Tables, entry)
	return err
}

func (e *export) codes(ctx context.Context, tx *tenants.Tx) error {
	if e.options.Passphrase == "" {
		return nil
	}
	recipient, err := age.NewScryptRecipient(e.options.Passphrase)
	if err != nil {
		return fault.Wrap(fault.Invalid, "passphrase", err)
	}
	return e.addFile(fileCodes, func(w io.Writer) error {
		sealed, err := age.Encrypt(w, recipient)
		if err != nil {
			return err
		}
		lines := json.NewEncoder(sealed)
		if err := e.Codes(ctx, tx, func(request tenants.ID, code string) error { return lines.Encode(tracked{request, code}) }); err != nil {
			return err
		}
		return sealed.Close()
	})
}

// addFile adds a file that the manifest lists.
func (e *export) addFile(path string, fill func(io.Writer) error) error {
	f, err := e.add(path, fill)
	e.manifest.Files = append(e.manifest.Files, f)
	return err
}

// add writes a file of the archive. It lies on disk first: tar wants to know its size.
func (e *export) add(path string, fill func(io.Writer) error) (File, error) {
	lying, err := os.CreateTemp(e.folder, "file-")
	if err != nil {
		return File{}, err
	}
	defer func() { _ = os.Remove(lying.Name()) }()
	defer lying.Close()
	hash := sha256.New()
	buffered := bufio.NewWriterSize(io.MultiWriter(lying, hash), 64<<10)
	if err := fill(buffered); err != nil {
		return File{}, err
	}
	if err := buffered.Flush(); err != nil {
		return File{}, err
	}
	size, err := lying.Seek(0, io.SeekCurrent)
	if err != nil {
		return File{}, err
	}
	if _, err := lying.Seek(0, io.SeekStart); err != nil {
		return File{}, err
	}
	f := File{Path: path, Bytes: size, SHA256: hex.EncodeToString(hash.Sum(nil))}
	if err := e.header(path, size); err != nil {
		return f, err
	}
	_, err = io.Copy(e.tar, lying)
	return f, err
}

func (e *export) header(path string, size int64) error {
	return e.tar.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: path, Size: size, Mode: 0o600, ModTime: e.manifest.ExportedAt.Truncate(time.Second), Format: tar.FormatPAX,
	})
}
