package web

import (
	"io"
	"net/http"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/files"
)

// ServeDocument sends a document to be saved, never shown. The caller has found it
// by the domain, which says who may have it.
func ServeDocument(w http.ResponseWriter, r *http.Request, store *files.Store, t tenants.Tenant, d files.Document) error {
	body, err := store.Open(r.Context(), t, d)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	Attachment(w, d.Name, d.MediaType, d.Size)
	w.WriteHeader(http.StatusOK)
	_, _ = io.Copy(w, body) // the reader having gone away is nobody's fault
	return nil
}
