package files

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Archives that are sent in wait here for the workers to take their communes in: they are
// nobody's yet.
const incomingFolder = "incoming/"

func incomingKey(id tenants.ID) string { return incomingFolder + string(id) + ".tar.zst" }

// KeepIncoming keeps what fill writes as an archive that was sent in. Where fill fails
// nothing is kept.
func (s *Store) KeepIncoming(ctx context.Context, id tenants.ID, fill func(io.Writer) error) (int64, error) {
	return s.keepArchive(ctx, incomingKey(id), fill)
}

// OpenIncoming reads an archive that was sent in; one that is gone is fault.NotFound
// "archive_unknown".
func (s *Store) OpenIncoming(ctx context.Context, id tenants.ID) (io.ReadCloser, error) {
	return s.openArchive(ctx, incomingKey(id))
}

// DropIncoming removes an archive that was sent in; one that is gone is no error.
func (s *Store) DropIncoming(ctx context.Context, id tenants.ID) error {
	return s.dropArchive(ctx, incomingKey(id))
}

// IncomingBefore lists the archives that were sent in before a moment.
func (s *Store) IncomingBefore(ctx context.Context, before time.Time) (ids []tenants.ID, err error) {
	for it := s.bucket.List(&blob.ListOptions{Prefix: incomingFolder}); ; {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return ids, nil
		}
		if err != nil {
			return ids, fault.Wrap(fault.Unavailable, "storage_away", err)
		}
		id, err := tenants.ParseID(strings.TrimSuffix(strings.TrimPrefix(o.Key, incomingFolder), ".tar.zst"))
		if err == nil && o.ModTime.Before(before) {
			ids = append(ids, id)
		}
	}
}
