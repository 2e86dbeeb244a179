package files

import (
	"context"
	"errors"
	"io"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// orphanAge is how old bytes without a row must be before they go: a transaction
// that is to give them one never lasts a day.
const orphanAge = 24 * time.Hour

const (
	sqlRemoveOrphans = `delete from document where draft_id is null and request_id is null`
	sqlKnownBlobs    = `select blob_key from document where blob_key = any($1)`
)

// Sweep removes what belongs to nothing: the rows that their draft left behind, and
// the bytes older than a day that no row names. It gives the number of files whose
// bytes it removed. Run twice it removes nothing more.
func (s *Store) Sweep(ctx context.Context, db *tenants.DB, t tenants.Tenant) (int, error) {
	var before time.Time
	err := db.Write(ctx, t, tenants.System("file_sweep"), func(tx *tenants.Tx) error {
		before = tx.Now().Add(-orphanAge)
		_, err := tx.Exec(ctx, sqlRemoveOrphans)
		return err
	})
	if err != nil {
		return 0, err
	}
	removed := 0
	it := s.bucket.List(&blob.ListOptions{Prefix: t.Schema + "/"})
	for {
		old, more, err := oldKeys(ctx, it, before)
		if err != nil {
			return removed, err
		}
		n, err := s.removeUnknown(ctx, db, t, old)
		removed += n
		if err != nil || !more {
			return removed, err
		}
	}
}

const sweepBatch = 500

// oldKeys gives the next keys that are old enough, and whether there are more.
func oldKeys(ctx context.Context, it *blob.ListIterator, before time.Time) (keys []string, more bool, err error) {
	for len(keys) < sweepBatch {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return keys, false, nil
		}
		if err != nil {
			return nil, false, fault.Wrap(fault.Unavailable, "storage_away", err)
		}
		if !o.IsDir && o.ModTime.Before(before) {
			keys = append(keys, o.Key)
		}
	}
	return keys, true, nil
}

func (s *Store) removeUnknown(ctx context.Context, db *tenants.DB, t tenants.Tenant, keys []string) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	known := map[string]bool{}
	err := db.Read(ctx, t, tenants.System("file_sweep"), func(tx *tenants.Tx) error {
		found, err := tenants.All[string](ctx, tx, sqlKnownBlobs, keys)
		for _, key := range found {
			known[key] = true
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, key := range keys {
		if known[key] {
			continue
		}
		if err := s.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return removed, fault.Wrap(fault.Unavailable, "storage_away", err)
		}
		removed++
	}
	return removed, nil
}
