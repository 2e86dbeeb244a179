package agent

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// textsPage is where a town writes what surrounds the questions of a draft: its words for
// citizens, the pieces to bring, the law it rests on and what it says of personal data.
type textsPage struct {
	web.Frame
	Name, URL, Edit  string
	Saved            string
	Tabs             web.Tabs
	Groups           []textGroup
	Pieces           []pieceBox
	PiecesLack       []string
	CanUndo, CanRedo bool
	Theirs           []change // what somebody else saved since this page was read
	Lost             bool
	Refused          string
}

// textGroup is a card of the page, with what is still missing there.
type textGroup struct {
	ID, Title, Hint string
	Inputs          []control
	Lacks           []string
}

// pieceBox is one piece to bring; the last one is empty, to be filled in.
type pieceBox struct {
	Legend string
	Inputs []control
}

var textsTemplate = web.MustParse[textsPage](web.Agent, pages, "texts.html")

const workTexts = "textes"

func (s *Server) texts(v visit) error { return s.showTexts(v, nil, nil) }

// showTexts shows the draft's texts; after a refusal typed is what was posted.
func (s *Server) showTexts(v visit, typed url.Values, refused error) error {
	page := textsPage{Refused: sentence(refused)}
	w, me, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		page.Theirs, page.Lost, err = savedSince(ctx, tx, w, typed, refused)
		return err
	})
	if err != nil {
		return err
	}
	if w.draft == nil {
		return s.done(v, "Commencez un brouillon pour écrire les textes.", w.url+"/"+workDraft)
	}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Textes", workTexts)
	page.Name, page.URL, page.Edit = w.shown().Title, w.url+"/"+workTexts, strconv.Itoa(w.draft.Edit)
	page.Saved = at(w.draft.SavedAt, v.scope.Tenant.Zone()) + ", par " + w.draft.SavedBy
	page.CanUndo, page.CanRedo = w.draft.CanUndo, w.draft.CanRedo
	page.lay(w.shown(), typed, refusalsOf(refused))
	for _, name := range inOrder(refused) {
		page.Errors = append(page.Errors, web.ErrorLink{ID: name, Message: refusalsOf(refused)[name]})
	}
	if len(page.Errors) > 0 {
		page.Refused = ""
	}
	return textsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// savedSince tells what somebody else saved between what was read and what was posted, where
// that is why it was refused.
func savedSince(ctx context.Context, tx *tenants.Tx, w workshop, posted url.Values, refused error) (theirs []change, lost bool, err error) {
	read, err := strconv.Atoi(posted.Get("edition"))
	if err != nil || w.draft == nil || read == w.draft.Edit || !fault.Is(refused, "procedure_draft_changed") {
		return nil, false, nil //nolint:nilerr // nobody else saved
	}
	list, kept, err := drafts.Since(ctx, tx, *w.draft, read)
	return changesOf(list), !kept, err
}

func (p *textsPage) lay(of *catalogue.Procedure, typed url.Values, wrong refusals) {
	lacks := of.Check()
	for _, g := range textGroups {
		group := textGroup{ID: g.id, Title: g.title, Hint: g.hint, Lacks: lackingOf(lacks, g.paths)}
		for _, b := range g.boxes {
			value := b.get(of)
			if typed != nil {
				value = typed.Get(b.name)
			}
			group.Inputs = append(group.Inputs, b.control(value, wrong[b.name]))
		}
		p.Groups = append(p.Groups, group)
	}
	p.PiecesLack = lackingOf(lacks, []string{"bring"})
	p.Pieces = pieceBoxes(of, typed, wrong)
}

// lackingOf says what the check finds under some paths.
func lackingOf(problems []forms.Problem, paths []string) []string {
	var out []string
	for _, problem := range problems {
		under := func(path string) bool {
			return problem.Path == path || strings.HasPrefix(problem.Path, path+"/")
		}
		if slices.ContainsFunc(paths, under) && !slices.Contains(out, problem.Message) {
			out = append(out, problem.Message)
		}
	}
	return out
}

// pieceBoxes shows the pieces, and one more to be filled in.
func pieceBoxes(of *catalogue.Procedure, typed url.Values, wrong refusals) []pieceBox {
	files := []web.Choice{{Label: "Aucun\u00a0: elle se présente au guichet"}}
	if of.Form != nil {
		for _, x := range of.Form.Privacy() {
			if f, ok := of.Form.Field(x.FieldID); ok && f.Kind == forms.KindFile {
				files = append(files, web.Choice{Value: f.ID, Label: f.Label})
			}
		}
	}
	var out []pieceBox
	for i := range min(len(of.Bring)+1, maxPieces) {
		var piece catalogue.Piece
		legend := "Ajouter une pièce"
		if i < len(of.Bring) {
			piece, legend = of.Bring[i], "Pièce "+strconv.Itoa(i+1)
		}
		value := func(name, kept string) string {
			if typed != nil {
				return typed.Get(pieceName(i, name))
			}
			return kept
		}
		ticked := ""
		if piece.Indispensable {
			ticked = "1"
		}
		label := pieceName(i, "nom")
		out = append(out, pieceBox{Legend: legend, Inputs: []control{
			inputOf(web.Input{Name: label, Label: "Nom de la pièce", Hint: "Effacez-le pour retirer la pièce.", Value: value("nom", piece.Label), MaxLength: 200, Optional: true, Error: wrong[label]}),
			inputOf(web.Input{Name: pieceName(i, "precision"), Label: "Précision", Value: value("precision", piece.Detail), MaxLength: 500, Optional: true}),
			inputOf(web.Input{Name: pieceName(i, "texte"), Label: "Texte qui l’exige", Hint: "Par exemple\u00a0: Code de l’urbanisme, article R.431-36. Sans texte, elle ne peut pas être demandée.", Value: value("texte", piece.LegalBasis), MaxLength: 300, Optional: true}),
			listOf(web.Select{Name: pieceName(i, "champ"), Label: "Envoyée par la question", Items: marked(slices.Clone(files), value("champ", piece.Field)), Optional: true}),
			boxOf(web.Checkbox{Name: pieceName(i, "indispensable"), Label: "Indispensable\u00a0: sans elle, la demande ne peut pas être instruite", Checked: value("indispensable", ticked) != ""}),
		}})
	}
	return out
}

func pieceName(i int, what string) string { return "piece-" + strconv.Itoa(i) + "-" + what }

// maxPieces bounds what a page shows and reads.
const maxPieces = 60

// changeTexts keeps the texts as a revision of the draft, or undoes one.
func (s *Server) changeTexts(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	slug, done := v.r.PathValue("slug"), "C’est enregistré dans le brouillon."
	if err == nil {
		read, _ := strconv.Atoi(form.Get("edition")) //nolint:errcheck // 0 is no edit: refused
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			switch form.Get("action") {
			case "annuler":
				done = "La dernière modification est annulée."
				_, err = drafts.Undo(ctx, tx, slug, read)
				return err
			case "retablir":
				done = "La modification est rétablie."
				_, err = drafts.Redo(ctx, tx, slug, read)
				return err
			}
			d, err := drafts.Get(ctx, tx, slug)
			if err != nil {
				return err
			}
			p, err := d.Procedure.Copy()
			if err != nil {
				return err
			}
			if err := takeTexts(p, form); err != nil {
				return err
			}
			_, err = drafts.Save(ctx, tx, slug, read, p)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showTexts(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, proceduresPath+"/"+slug+"/"+workTexts)
}

// takeTexts puts what was typed into the procedure. What cannot be read is the fault
// "question_invalid" with a field for each; what is missing is for the proof to say.
func takeTexts(p *catalogue.Procedure, form url.Values) error {
	var wrong []fault.Field
	for _, g := range textGroups {
		for _, b := range g.boxes {
			if said := b.set(p, strings.TrimSpace(strings.ReplaceAll(form.Get(b.name), "\r\n", "\n"))); said != "" {
				wrong = append(wrong, fault.Field{Path: b.name, Message: said})
			}
		}
	}
	pieces := []catalogue.Piece{}
	for i := range maxPieces {
		one := func(name string) string { return strings.TrimSpace(form.Get(pieceName(i, name))) }
		piece := catalogue.Piece{Label: one("nom"), Detail: one("precision"), LegalBasis: one("texte"), Field: one("champ"), Indispensable: one("indispensable") != ""}
		kept := i < len(p.Bring)
		switch {
		case piece.Label != "":
			pieces = append(pieces, piece)
		case !kept && piece.Detail+piece.LegalBasis != "":
			wrong = append(wrong, fault.Field{Path: pieceName(i, "nom"), Message: "Nommez la pièce."})
		}
	}
	p.Bring = pieces
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "question_invalid", wrong...)
	}
	return nil
}
