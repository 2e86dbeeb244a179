package citizen

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (s *Server) receiptPDF(v *visit) error {
	return s.paperPDF(v, requests.Paper{Kind: documents.Receipt, ID: tenants.ID(v.r.PathValue("receipt"))})
}

func (s *Server) decisionPDF(v *visit) error {
	return s.paperPDF(v, requests.Paper{Kind: documents.Letter, ID: tenants.ID(v.r.PathValue("decision"))})
}

func (s *Server) noticePDF(v *visit) error {
	return s.paperPDF(v, requests.Paper{Kind: documents.Notice, ID: tenants.ID(v.r.PathValue("notice"))})
}

// paperPDF gives a paper as a PDF; the first time that anybody asks, it gets its code.
func (s *Server) paperPDF(v *visit, p requests.Paper) error {
	id, err := tenants.ParseID(string(p.ID))
	if err != nil {
		return err
	}
	if err := allow(s.pdfs, v); err != nil {
		return err
	}
	p.ID = id
	var issued documents.Issued
	var look documents.Look
	get := func(how func(context.Context, *tenants.Tx, string, requests.Paper) (documents.Issued, error)) func(context.Context, *tenants.Tx) error {
		return func(ctx context.Context, tx *tenants.Tx) error {
			tx, number, err := s.holder(ctx, tx, v)
			if err != nil {
				return err
			}
			if issued, err = how(ctx, tx, number, p); err != nil {
				return err
			}
			look, err = s.PDFLook(ctx, tx)
			return err
		}
	}
	err = s.read(v, get(requests.FindPaper))
	if fault.Is(err, "document_not_issued") {
		err = s.write(v, get(requests.IssuePaper))
	}
	if err != nil {
		return err
	}
	return s.SendPDF(v.w, v.r, issued, look)
}
