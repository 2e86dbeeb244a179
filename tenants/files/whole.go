package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// RelativeKey is a document's key without its tenant's part, as archives name it; ""
// for a key that is not the tenant's.
func RelativeKey(t tenants.Tenant, key string) string {
	if !ownKey(t, key) {
		return ""
	}
	return strings.TrimPrefix(key, t.Schema+"/")
}

// Restore keeps the bytes of a document that comes back with an archive, under the
// same key in another tenant. What is there already is written over. The caller has
// verified the bytes, and that the key is a plain one.
func (s *Store) Restore(ctx context.Context, t tenants.Tenant, relative string, body io.Reader) error {
	stored := Stored{BlobKey: t.Schema + "/" + relative}
	if !ownKey(t, stored.BlobKey) {
		return fault.New(fault.NotFound, "document_unknown")
	}
	return s.write(ctx, &stored, body)
}

// Copy keeps a document's bytes a second time, under a new key, in another tenant to which
// its request goes. Each tenant's are reached as that tenant's. Bytes that are gone, or are
// no longer those of the document's hash, are fault.Conflict "document_damaged", and
// nothing is kept.
func (s *Store) Copy(ctx context.Context, from tenants.Tenant, d Document, to tenants.Tenant) (Stored, error) {
	if !to.Whole() {
		return Stored{}, errMixed
	}
	body, err := s.Open(ctx, from, d)
	if fault.Is(err, "document_unknown") {
		return Stored{}, fault.Wrap(fault.Conflict, "document_damaged", err)
	}
	if err != nil {
		return Stored{}, err
	}
	stored := Stored{BlobKey: newKey(to), Name: d.Name, MediaType: d.MediaType}
	if err := errors.Join(s.write(ctx, &stored, body), body.Close()); err != nil {
		return Stored{}, err
	}
	if stored.Size != d.Size || !bytes.Equal(stored.SHA256, d.SHA256) {
		return Stored{}, errors.Join(fault.New(fault.Conflict, "document_damaged"), s.Discard(ctx, stored))
	}
	return stored, nil
}

// Erase removes every byte that a tenant ever stored, its archives too. Run twice it
// removes nothing more.
func (s *Store) Erase(ctx context.Context, t tenants.Tenant) error {
	if !t.Whole() {
		return errMixed
	}
	return errors.Join(s.eraseBelow(ctx, t.Schema+"/"), s.eraseBelow(ctx, "archives/"+t.Schema+"/"))
}

// Count tells how many documents a tenant has in the store.
func (s *Store) Count(ctx context.Context, t tenants.Tenant) (int, error) {
	n := 0
	for it := s.bucket.List(&blob.ListOptions{Prefix: t.Schema + "/"}); ; n++ {
		if _, err := it.Next(ctx); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, fault.Wrap(fault.Unavailable, "storage_away", err)
		}
	}
}

func (s *Store) eraseBelow(ctx context.Context, prefix string) error {
	it := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Wrap(fault.Unavailable, "storage_away", err)
		}
		if err := s.bucket.Delete(ctx, o.Key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fault.Wrap(fault.Unavailable, "storage_away", err)
		}
	}
}

// archiveKey places a tenant's archives apart from its documents, where no sweep looks.
func archiveKey(t tenants.Tenant, id tenants.ID) string {
	return "archives/" + t.Schema + "/" + string(id) + ".tar.zst"
}

// KeepArchive keeps what fill writes as one of a tenant's archives, and gives its size in
// bytes. Where fill fails nothing is kept.
func (s *Store) KeepArchive(ctx context.Context, t tenants.Tenant, id tenants.ID, fill func(io.Writer) error) (int64, error) {
	return s.keepArchive(ctx, archiveKey(t, id), fill)
}

func (s *Store) keepArchive(ctx context.Context, key string, fill func(io.Writer) error) (int64, error) {
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.bucket.NewWriter(writing, key, &blob.WriterOptions{ContentType: "application/zstd", DisableContentTypeDetection: true})
	if err != nil {
		return 0, fault.Wrap(fault.Unavailable, "storage_away", err)
	}
	counted := &counter{w: w}
	if err := fill(counted); err != nil {
		cancel() // before Close: the object is then never made
		return 0, errors.Join(err, ignoreCanceled(w.Close()))
	}
	if err := w.Close(); err != nil {
		return 0, fault.Wrap(fault.Unavailable, "storage_away", err)
	}
	return counted.n, nil
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type counter struct {
	w io.Writer
	n int64
}

// Write writes and counts.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// OpenArchive reads one of a tenant's archives; one that is gone is fault.NotFound
// "archive_unknown".
func (s *Store) OpenArchive(ctx context.Context, t tenants.Tenant, id tenants.ID) (io.ReadCloser, error) {
	return s.openArchive(ctx, archiveKey(t, id))
}

func (s *Store) openArchive(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fault.Wrap(fault.NotFound, "archive_unknown", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "storage_away", err)
	}
	return r, nil
}

// DropArchive removes one of a tenant's archives; one that is gone is no error.
func (s *Store) DropArchive(ctx context.Context, t tenants.Tenant, id tenants.ID) error {
	return s.dropArchive(ctx, archiveKey(t, id))
}

func (s *Store) dropArchive(ctx context.Context, key string) error {
	err := s.bucket.Delete(ctx, key)
	if err == nil || gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return fault.Wrap(fault.Unavailable, "storage_away", err)
}
