package files

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Document is a file with its place: in a draft, or in a request, perhaps as the
// answer to an item that was asked for.
type Document struct {
	ID        tenants.ID
	DraftID   tenants.ID
	RequestID tenants.ID
	ItemID    tenants.ID
	Field     string // of the form, "" where it was added later
	Name      string // harmless, to be shown
	MediaType string
	Size      int64 // bytes
	SHA256    []byte
	BlobKey   string
	Incoming  bool // from the citizen; otherwise from the town
	CreatedBy string
	CreatedAt time.Time
}

const (
	sqlInsertDocument = `insert into document (id, draft_id, request_id, item_id, field, name, media_type, size, sha256, blob_key, incoming, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	sqlCountDraft       = `select count(*) from document where draft_id = $1`
	sqlDocumentsDraft   = `select id, draft_id, request_id, item_id, field, name, media_type, size, sha256, blob_key, incoming, created_by, created_at from document where draft_id = $1 order by created_at, id`
	sqlDocumentsRequest = `select id, draft_id, request_id, item_id, field, name, media_type, size, sha256, blob_key, incoming, created_by, created_at from document where request_id = $1 order by created_at, id`
	sqlDocument         = `select id, draft_id, request_id, item_id, field, name, media_type, size, sha256, blob_key, incoming, created_by, created_at from document where id = $1`
	sqlRemoveDocument   = `delete from document where id = $1 and request_id is null`
)

// AttachToDraft gives a stored file its row in a draft, under a field of the form.
// More than [MaxPerDraft] are fault.TooLarge "too_many_files". The caller has
// checked whose draft it is.
func AttachToDraft(ctx context.Context, tx *tenants.Tx, draft tenants.ID, field string, s Stored) (Document, error) {
	n, err := tenants.One[int64](ctx, tx, sqlCountDraft, draft)
	if err != nil {
		return Document{}, err
	}
	if n >= MaxPerDraft {
		return Document{}, fault.New(fault.TooLarge, "too_many_files")
	}
	return insert(ctx, tx, Document{DraftID: draft, Field: field, Incoming: true}, s)
}

// AttachToRequest gives a stored file its row in a request, for the item of a
// notice or (none) outside of any. The caller has checked who may add it.
func AttachToRequest(ctx context.Context, tx *tenants.Tx, request, item tenants.ID, s Stored, incoming bool) (Document, error) {
	return insert(ctx, tx, Document{RequestID: request, ItemID: item, Incoming: incoming}, s)
}

// QueueCopy queues the row of a document that came with a request from another tenant: its
// place and what is known of it are the document's, its bytes those that [Store.Copy] kept
// in this tenant. A file of another tenant is fault.NotFound "document_unknown".
func QueueCopy(batch *pgx.Batch, tx *tenants.Tx, d Document, s Stored) error {
	if !ownKey(tx.Tenant(), s.BlobKey) {
		return fault.New(fault.NotFound, "document_unknown")
	}
	batch.Queue(sqlInsertDocument, d.ID, nil, d.RequestID.OrNull(), d.ItemID.OrNull(), d.Field, s.Name, s.MediaType, s.Size, s.SHA256, s.BlobKey, d.Incoming, d.CreatedBy, d.CreatedAt)
	return nil
}

func insert(ctx context.Context, tx *tenants.Tx, d Document, s Stored) (Document, error) {
	if !ownKey(tx.Tenant(), s.BlobKey) {
		return Document{}, fault.New(fault.NotFound, "document_unknown")
	}
	d.ID = tenants.NewID()
	d.Name, d.MediaType, d.Size, d.SHA256, d.BlobKey = s.Name, s.MediaType, s.Size, s.SHA256, s.BlobKey
	d.CreatedBy, d.CreatedAt = string(tx.Actor().Kind), tx.Now()
	_, err := tx.Exec(ctx, sqlInsertDocument, d.ID, d.DraftID.OrNull(), d.RequestID.OrNull(), d.ItemID.OrNull(),
		d.Field, d.Name, d.MediaType, d.Size, d.SHA256, d.BlobKey, d.Incoming, d.CreatedBy, d.CreatedAt)
	return d, err
}

// ForDraft gives a draft's files, oldest first.
func ForDraft(ctx context.Context, tx *tenants.Tx, draft tenants.ID) ([]Document, error) {
	return tenants.All[Document](ctx, tx, sqlDocumentsDraft, draft)
}

// ForRequest gives a request's files, oldest first.
func ForRequest(ctx context.Context, tx *tenants.Tx, request tenants.ID) ([]Document, error) {
	return tenants.All[Document](ctx, tx, sqlDocumentsRequest, request)
}

// Get gives a file by its key; none is fault.NotFound "document_unknown".
func Get(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Document, error) {
	d, err := tenants.One[Document](ctx, tx, sqlDocument, id)
	if fault.Is(err, "not_found") {
		return d, fault.New(fault.NotFound, "document_unknown")
	}
	return d, err
}

// Remove takes a file out of a draft; its bytes go with the next sweep. A file of a
// request is evidence and stays: fault.NotFound "document_unknown".
func Remove(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	n, err := tx.Exec(ctx, sqlRemoveDocument, id)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "document_unknown")
	}
	return err
}
