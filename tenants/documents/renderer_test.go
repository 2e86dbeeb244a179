package documents_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// renderer is one with the real compiler.
func renderer(t testing.TB, change func(*documents.Config)) *documents.Renderer {
	t.Helper()
	node, dir, err := parts.Typst(t.Context(), func(line string) { t.Log(line) }, "")
	if err != nil {
		t.Fatal(err)
	}
	c := documents.Config{Node: node, Dir: dir}
	if change != nil {
		change(&c)
	}
	r := documents.NewRenderer(c)
	t.Cleanup(r.Close)
	return r
}

func content(kind documents.Kind) documents.Content {
	return documents.Content{
		Kind:      kind,
		Sender:    documents.Sender{Office: "Mairie de Castanet-Tolosan", Lines: []string{"29 avenue de Toulouse", "31320 Castanet-Tolosan", "05 61 00 00 00", "mairie@castanet-tolosan.example"}},
		Recipient: []string{"Madame Aminata Lefèvre", "Appartement 12", "3 rue des Lilas", "31320 Castanet-Tolosan"},
		Place:     "Castanet-Tolosan", Date: calendar.NewDate(2026, 11, 22), Reference: "26-000123", Subject: "Votre demande de buvette est acceptée", Code: "K7QD2F-9XMPA4",
		Blocks: []documents.Block{
			{Text: "Bonjour Aminata Lefèvre,"},
			{Text: "Votre demande d’ouverture d’une buvette temporaire, reçue le 3 octobre 2026, est acceptée.\nElle vaut pour le 12 décembre 2026."},
			{Heading: "Ce que vous devez savoir", Text: "Respectez\u00a0:", Items: []string{"les heures d’ouverture\u00a0;", "le niveau sonore."}},
			{Facts: []documents.Fact{{Label: "Lieu", Value: "Place de la Mairie"}, {Label: "Horaires", Value: "de 10 h à 22 h"}}},
		},
		Signatory: []string{"Camille Exemple", "Maire"}, Footer: []string{"Dossier suivi par Jean Durand, service Vie associative."},
	}
}

func TestEveryKindIsSet(t *testing.T) {
	t.Parallel()
	r := renderer(t, nil)
	for _, k := range []documents.Kind{documents.Letter, documents.Receipt, documents.Attestation, documents.Facts} {
		pdf, err := r.Render(t.Context(), content(k), documents.Look{Colour: "#f7e017", Site: "castanet-tolosan.parvis.example"})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(pdf), "%PDF-") {
			t.Error("no PDF")
		}
	}
}
