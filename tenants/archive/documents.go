package archive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
)

const sqlDocuments = `select blob_key, name, encode(sha256, 'hex') as received from document order by blob_key collate "C"`

// listedDocument is a document between the snapshot and the store.
type listedDocument struct{ Key, Name, Received string }

// list writes down, within the snapshot, which documents there are. Their bytes are read
// after it: a transaction that stays open for hours keeps every table of the cell from
// being tidied.
func list(ctx context.Context, tx *tenants.Tx, w io.Writer) error {
	rows, err := tx.Query(ctx, sqlDocuments)
	if err != nil {
		return err
	}
	defer rows.Close()
	buffered := bufio.NewWriter(w)
	lines := json.NewEncoder(buffered)
	for rows.Next() {
		var d listedDocument
		if err := rows.Scan(&d.Key, &d.Name, &d.Received); err != nil {
			return err
		}
		if err := lines.Encode(d); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return buffered.Flush()
}

// documents adds the bytes of every document, then the list of them.
func (e *export) documents(ctx context.Context, listed *os.File) error {
	if _, err := listed.Seek(0, io.SeekStart); err != nil {
		return err
	}
	account, err := os.Create(e.folder + "/account")
	if err != nil {
		return err
	}
	defer account.Close()
	lines, known := json.NewEncoder(account), json.NewDecoder(bufio.NewReader(listed))
	for {
		var d listedDocument
		if err := known.Decode(&d); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		n := e.manifest.Documents.Present + e.manifest.Documents.Altered
		e.options.Progress("documents", n, 0)
		line, err := e.document(ctx, d)
		if err != nil {
			return err
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return e.addFile(fileDocuments, func(w io.Writer) error {
		if _, err := account.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, account)
		return err
	})
}

// document adds one document's bytes. One whose bytes are gone is said to be missing,
// one whose bytes are others than those that came in is kept and said to be altered.
func (e *export) document(ctx context.Context, d listedDocument) (Document, error) {
	line := Document{Path: documents + files.RelativeKey(e.tenant, d.Key), Name: d.Name, Received: d.Received, State: docPresent}
	body, err := e.Files.Open(ctx, e.tenant, files.Document{BlobKey: d.Key})
	if fault.Is(err, "document_unknown") {
		line.State = docMissing
		e.manifest.Documents.Missing++
		return line, nil
	}
	if err != nil {
		return line, err
	}
	defer body.Close()
	f, err := e.add(line.Path, func(w io.Writer) error {
		_, err := io.Copy(w, body)
		return err
	})
	if err != nil {
		return line, err
	}
	line.Bytes, line.SHA256 = f.Bytes, f.SHA256
	e.manifest.Documents.Bytes += f.Bytes
	if f.SHA256 != d.Received {
		line.State = docAltered
		e.manifest.Documents.Altered++
		return line, nil
	}
	e.manifest.Documents.Present++
	return line, nil
}

// Documents puts the documents of an opened archive into the store, for the commune
// that it becomes. Run twice it ends the same.
func (o *Opened) Documents(ctx context.Context, store *files.Store, t tenants.Tenant) (int, error) {
	n := 0
	err := o.eachDocument(func(d Document) error {
		if d.State == docMissing {
			return nil
		}
		f, err := os.Open(o.at(d.Path))
		if err != nil {
			return err
		}
		defer f.Close()
		n++
		return store.Restore(ctx, t, d.Path[len(documents):], f)
	})
	return n, err
}

func (o *Opened) eachDocument(fn func(Document) error) error {
	f, err := os.Open(o.at(fileDocuments))
	if err != nil {
		return err
	}
	defer f.Close()
	lines := json.NewDecoder(bufio.NewReader(f))
	lines.DisallowUnknownFields()
	for {
		var d Document
		err := lines.Decode(&d)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Wrap(fault.Invalid, codeAltered, err)
		}
		if err := fn(d); err != nil {
			return err
		}
	}
}

// sumOf hashes a file.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, f)
	return hex.EncodeToString(hash.Sum(nil)), err
}
