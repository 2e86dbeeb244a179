package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
)

// PDFLook reads how a document of the transaction's commune looks, for [Deps.SendPDF].
func (d Deps) PDFLook(ctx context.Context, tx *tenants.Tx) (documents.Look, error) {
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return documents.Look{}, err
	}
	_, site, _ := strings.Cut(d.URL(d.Registry.HostOf(tx.Tenant())), "://")
	return documents.LookOf(ctx, tx, settings, site)
}

// SendPDF makes a document's PDF and sends it to be saved, under a name that holds no
// personal data. It is called outside any transaction.
func (d Deps) SendPDF(w http.ResponseWriter, r *http.Request, issued documents.Issued, look documents.Look) error {
	pdf, err := d.PDF.Render(r.Context(), issued.Content, look)
	if err != nil {
		return err
	}
	Attachment(w, pdfNames[issued.Kind]+"-"+issued.Content.Reference+".pdf", "application/pdf", int64(len(pdf)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(pdf) // the reader having gone away is nobody's fault
	return nil
}

var pdfNames = map[documents.Kind]string{
	documents.Receipt: "accuse-de-reception", documents.Letter: "lettre", documents.Notice: "pieces-demandees", documents.Complete: "dossier-complet",
	documents.Attestation: "attestation", documents.Reasons: "motifs", documents.Facts: "informations", documents.Mail: "courrier",
}
