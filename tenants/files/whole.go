package files

import (
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
	if t.Schema == "" || relative == "" {
		return fault.New(fault.NotFound, "document_unknown")
	}
	return s.write(ctx, &stored, body)
}

// Erase removes every byte that a tenant ever stored, and gives how many files there
// were. Run twice it removes nothing more.
func (s *Store) Erase(ctx context.Context, t tenants.Tenant) (int, error) {
	if t.Schema == "" {
		return 0, fault.New(fault.Internal, "tenant_without_schema")
	}
	erased := 0
	it := s.bucket.List(&blob.ListOptions{Prefix: t.Schema + "/"})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return erased, nil
		}
		if err != nil {
			return erased, fault.Wrap(fault.Unavailable, "storage_away", err)
		}
		if err := s.bucket.Delete(ctx, o.Key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return erased, fault.Wrap(fault.Unavailable, "storage_away", err)
		}
		erased++
	}
}
