package catalogue_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Every block of the library can be put into a form, and a version that is published with it holds the questions.
func TestAVersionHoldsTheQuestionsOfItsBlocks(t *testing.T) {
	t.Parallel()
	env := installed(t)
	m, _ := catalogue.Model("salle-association")
	p, err := m.Copy()
	if err != nil {
		t.Fatal(err)
	}
	d := *p.Form
	var names []string
	err = as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error {
		blocks, err := catalogue.Blocks(ctx, tx)
		if err != nil {
			return err
		}
		find := func(string) *forms.Block { return nil }
		for _, b := range blocks {
			names = append(names, b.Name)
			if problems := b.Content.Check(b.Name, find); len(problems) > 0 || !b.Library {
				t.Errorf("%s: %+v", b.Name, problems)
			}
			d.Steps[0].Sections[0].Fields = append(d.Steps[0].Sections[0].Fields, forms.Field{ID: strings.ReplaceAll(b.Name, "-", "_"), Kind: forms.KindBlock, Label: b.Title, Block: b.Name})
		}
		if p.Form, err = forms.Build(d); err != nil {
			return err
		}
		v, err := catalogue.Publish(ctx, tx, p.Slug, p)
		if err != nil {
			return err
		}
		if f, ok := v.Procedure.Form.Field("identite_enfant_nom"); !ok || f.Block != "identite-enfant" || !slices.Equal(v.Procedure.Form.Blocks(), names) {
			t.Errorf("published with %v of %v", v.Procedure.Form.Blocks(), names)
		}
		uses, err := catalogue.BlockUses(ctx, tx)
		if err != nil || len(uses["identite-enfant"]) != 1 || !catalogue.SameBlock(v.Procedure.Form, blocks[slices.Index(names, "identite-enfant")], blocks) {
			t.Errorf("used by %+v, %v", uses, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error {
		p.Form.Steps[0].Sections[0].Fields[0].Kind, p.Form.Steps[0].Sections[0].Fields[0].Block = forms.KindBlock, "aucun"
		_, err := catalogue.Publish(ctx, tx, p.Slug, p)
		return err
	})
	if f := fault.Of(err); f == nil || f.Code != "procedure_invalid" || f.Fields[0].Path != "form/steps/0/sections/0/fields/0/block" {
		t.Errorf("published without its block: %+v", err)
	}
}

// A town changes a block of the library's, and cannot make one hold itself.
func TestATownKeepsItsBlocks(t *testing.T) {
	t.Parallel()
	env := installed(t)
	put := func(name string, b forms.Block) (string, error) {
		err := as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
			name, err = catalogue.PutBlock(ctx, tx, name, b)
			return err
		})
		return name, err
	}
	text := forms.Field{ID: "rue", Kind: forms.KindText, Label: "Rue", Purpose: "Situer", LegalBasis: "CGCT"}
	street, err := put("", forms.Block{Title: "Rue du chantier", Fields: []forms.Field{text}})
	if err != nil || street != "rue-du-chantier" {
		t.Fatal(street, err)
	}
	outer, err := put("", forms.Block{Title: "Chantier", Fields: []forms.Field{{ID: "ou", Kind: forms.KindBlock, Label: "Où", Block: street}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put(street, forms.Block{Title: "Rue", Fields: []forms.Field{{ID: "ou", Kind: forms.KindBlock, Label: "Où", Block: outer}}}); !fault.Is(err, "block_questions") || fault.Of(err).Fields[0].Code != "block_cycle" {
		t.Errorf("a block holds itself: %+v", err)
	}
	if _, err := put("", forms.Block{Title: "Vide"}); !fault.Is(err, "block_questions") {
		t.Errorf("an empty block: %v", err)
	}
	if _, err := put("identite-enfant", forms.Block{Title: "Identité", Fields: []forms.Field{text}}); err != nil {
		t.Error(err)
	}
	drop := func(name string) error {
		return as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error { return catalogue.DeleteBlock(ctx, tx, name) })
	}
	for _, c := range [][2]string{{street, "block_used"}, {"personne-a-prevenir", "block_unknown"}} {
		if err := drop(c[0]); !fault.Is(err, c[1]) {
			t.Errorf("deleting %s: %v", c[0], err)
		}
	}
	for _, name := range []string{outer, street, "identite-enfant"} {
		if err := drop(name); err != nil {
			t.Errorf("deleting %s: %v", name, err)
		}
	}
	if err := as(t, env, front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := catalogue.PutBlock(ctx, tx, "", forms.Block{Title: "x", Fields: []forms.Field{text}})
		return err
	}); !fault.Is(err, "admin_only") {
		t.Errorf("the front desk made a block: %v", err)
	}
}
