package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/parts"
)

const (
	pdfAim   = 15 * time.Millisecond // half of the documents
	pdfTimes = 300
)

// benchPDF measures a refusal with its reasons and ways of appeal, one after the other in
// the process that makes them all.
func benchPDF(ctx context.Context, b *bench) error {
	node, dir, err := parts.Typst(ctx, func(line string) { b.note("%s", line) }, "")
	if err != nil {
		return err
	}
	r := documents.NewRenderer(documents.Config{Node: node, Dir: dir, Log: slog.New(slog.DiscardHandler)})
	defer r.Close()
	look := documents.Look{Colour: "#1f6b5c", Site: "castanet-tolosan.parvis.example"}
	var took timings
	size := 0
	for i := range pdfTimes + 20 {
		if i == 20 { // warm
			took = nil
		}
		letter := refusal(i)
		if err := took.measure(func() error {
			pdf, err := r.Render(ctx, letter, look)
			size = len(pdf)
			return err
		}); err != nil {
			return err
		}
	}
	b.table([]string{"a PDF/UA-1 letter of refusal, ms", "p50", "p95", "p99", "worst", "aim p50", ""}, [][]string{
		append(append([]string{fmt.Sprintf("%d letters, %d KB each", pdfTimes, size>>10)}, took.columns()...), ms(pdfAim), verdict(took.at(0.5), pdfAim)),
	})
	b.note("the process that makes them holds %d MB", r.Memory()>>20)
	return nil
}

// refusal is a letter as towns write it; each bears another number.
func refusal(n int) documents.Content {
	return documents.Content{
		Kind:      documents.Letter,
		Sender:    documents.Sender{Office: "Mairie de Castanet-Tolosan", Lines: []string{"29 avenue de Toulouse", "31320 Castanet-Tolosan", "05 61 00 00 00"}},
		Recipient: []string{"Madame Aminata Lefèvre", "3 rue des Lilas", "31320 Castanet-Tolosan"},
		Place:     "Castanet-Tolosan", Date: calendar.NewDate(2026, time.November, 22), Reference: fmt.Sprintf("26-%06d", n), Subject: "Votre demande de terrasse", Code: "K7QD2F-9XMPA4",
		Blocks: []documents.Block{
			{Text: "Bonjour Aminata Lefèvre,"},
			{Text: "Nous ne pouvons pas autoriser la terrasse que vous demandez place de la Mairie, du 1er décembre 2026 au 28 février 2027."},
			{Heading: "Les motifs", Text: "Cette décision repose sur\u00a0:", Items: []string{"la largeur du trottoir, de 2,10 mètres\u00a0;", "le passage de 1,40 mètre à laisser libre aux personnes à mobilité réduite."}},
			{Heading: "Vos recours", Text: "Si vous contestez cette décision, vous pouvez saisir le tribunal administratif de Toulouse dans un délai de deux mois à compter de sa notification (code de justice administrative, articles R.421-1 et R.421-2)."},
		},
		Signatory: []string{"Camille Exemple", "Maire"}, Footer: []string{"Dossier suivi par Jean Durand, service Vie associative."},
	}
}
