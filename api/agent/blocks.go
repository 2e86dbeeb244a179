package agent

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// blocksPage lists the groups of questions that several procedures ask, and makes another.
type blocksPage struct {
	web.Frame
	List web.Table
	Make blockMaker
}

// blockMaker is the form that makes a block of a procedure's section, on the list's page and on a block's own.
type blockMaker struct {
	Page          web.Frame
	Action, Label string
	Title         web.Input
	Source        web.Select
	Faults        []string // why its questions are no block
}

var blocksTemplate = web.MustParse[blocksPage](web.Agent, pages, "blocks.html")

const (
	blocksPath = "/agents/demarches/blocs"
	// blockPath is a block's own: below blocksPath a procedure might be meant.
	blockPath = "/agents/blocs"
)

func (s *Server) blockRoutes() {
	s.handle("GET "+blocksPath, s.blocks)
	s.handle("POST "+blocksPath, s.addBlock)
	s.handle("GET "+blockPath+"/{name}", s.block)
	s.handle("POST "+blockPath+"/{name}", s.changeBlock)
}

// blockReading is what the pages of blocks show.
type blockReading struct {
	blocks  []catalogue.SharedBlock
	uses    map[string][]catalogue.Use
	entries []catalogue.Entry
}

func (r *blockReading) read(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
	if err := mayConfigure(tx.Actor()); err != nil {
		return err
	}
	if r.blocks, err = catalogue.Blocks(ctx, tx); err != nil {
		return err
	}
	if r.uses, err = catalogue.BlockUses(ctx, tx); err != nil {
		return err
	}
	r.entries, err = catalogue.List(ctx, tx)
	return err
}

func (s *Server) blocks(v visit) error { return s.showBlocks(v, nil, nil) }

func (s *Server) showBlocks(v visit, typed url.Values, refused error) error {
	var r blockReading
	me, err := s.read(v, r.read)
	if err != nil {
		return err
	}
	page := blocksPage{
		Frame: s.frame(v, me, "Blocs de questions", proceduresPath),
		List:  web.Table{Caption: "Blocs", Columns: []web.Column{{Label: "Bloc"}, {Label: "Questions", Numeric: true}, {Label: "Démarches"}, {Label: "Origine"}}},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Blocs de questions"}}
	for _, b := range r.blocks {
		used, from := "Aucune", "La commune"
		if n := len(procedureLinks(r.uses[b.Name])); n > 0 {
			used = web.Number(n)
		}
		if b.Library {
			from = "La bibliothèque"
		}
		page.List.Rows = append(page.List.Rows, web.Row{Cells: []web.Cell{{Text: b.Title, URL: blockPath + "/" + b.Name}, {Text: web.Number(len(b.Content.Fields))}, {Text: used}, {Text: from}}})
	}
	page.Make = r.maker(page.Frame, typed, refused)
	page.Make.Action, page.Make.Label = blocksPath, "Créer ce bloc"
	page.Errors = page.Make.errors()
	return blocksTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// maker offers every section of the commune's procedures.
func (r *blockReading) maker(page web.Frame, typed url.Values, refused error) blockMaker {
	m := blockMaker{
		Page:   page,
		Title:  web.Input{Name: "titre", Label: "Nom du bloc", Hint: "Par exemple «\u00a0Identité de l’enfant\u00a0».", Value: typed.Get("titre"), MaxLength: 120},
		Source: web.Select{Name: "rubrique", Label: "Rubrique dont le bloc reprend les questions"},
	}
	for _, e := range r.entries {
		if e.Procedure().Form == nil {
			continue
		}
		for _, step := range e.Procedure().Form.Steps {
			for _, section := range step.Sections {
				value := e.Slug + "/" + section.ID
				title := section.Title
				if title == "" {
					title = step.Title
				}
				m.Source.Items = append(m.Source.Items, web.Choice{Value: value, Label: e.Procedure().Title + "\u00a0: " + title + ", " + web.Plural(len(section.Fields), "question", "questions"), Checked: typed.Get("rubrique") == value})
			}
		}
	}
	switch f := fault.Of(refused); {
	case refused == nil:
	case f.Code == "block_title":
		m.Title.Error = web.Sentence(refused)
	default:
		m.Source.Error = web.Sentence(refused)
		for _, field := range f.Fields {
			if field.Message != "" && !slices.Contains(m.Faults, field.Message+".") {
				m.Faults = append(m.Faults, field.Message+".")
			}
		}
	}
	return m
}

func (m blockMaker) errors() web.ErrorSummary {
	switch {
	case m.Title.Error != "":
		return web.ErrorSummary{{ID: m.Title.Name, Message: m.Title.Error}}
	case m.Source.Error != "":
		return web.ErrorSummary{{ID: m.Source.Name, Message: m.Source.Error}}
	}
	return nil
}

// makeBlock keeps the questions of a section as a block: under its name, or a new one.
func makeBlock(ctx context.Context, tx *tenants.Tx, name string, form url.Values) (string, error) {
	if err := mayConfigure(tx.Actor()); err != nil {
		return "", err
	}
	slug, section, _ := strings.Cut(form.Get("rubrique"), "/")
	e, err := catalogue.BySlug(ctx, tx, slug)
	if fault.Is(err, "procedure_unknown") {
		return "", fault.New(fault.Invalid, "block_source")
	}
	if err != nil {
		return "", err
	}
	b, err := catalogue.BlockOf(e.Procedure(), section, form.Get("titre"))
	if err != nil {
		return "", err
	}
	return catalogue.PutBlock(ctx, tx, name, b)
}

func (s *Server) addBlock(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	name := ""
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			name, err = makeBlock(ctx, tx, "", form)
			return err
		})
	}
	switch {
	case form != nil && (web.ComesBack(err) || fault.Is(err, "blocks_full")):
		return s.showBlocks(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Le bloc est créé.", blockPath+"/"+name)
}

// blockPage shows a block, and where its questions are asked.
type blockPage struct {
	web.Frame
	Name, Title, Changed string
	Self                 string
	Library              bool
	Questions            web.Table
	Uses                 []blockUse
	Make                 blockMaker
	Into                 web.Select // the sections that may ask them too
	Refused              string
}

// blockUse is a procedure with a block's questions; Same tells that they are still those of the block.
type blockUse struct {
	Title, URL string
	Same       bool
}

var blockTemplate = web.MustParse[blockPage](web.Agent, pages, "block.html")

func (s *Server) block(v visit) error { return s.showBlock(v, nil, nil) }

func (s *Server) showBlock(v visit, typed url.Values, refused error) error {
	var r blockReading
	me, err := s.read(v, r.read)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.blocks, func(b catalogue.SharedBlock) bool { return b.Name == v.r.PathValue("name") })
	if i < 0 {
		return fault.New(fault.NotFound, "block_unknown")
	}
	b := r.blocks[i]
	page := blockPage{Frame: s.frame(v, me, b.Title, proceduresPath), Name: b.Name, Title: b.Title, Library: b.Library, Self: blockPath + "/" + b.Name}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Blocs de questions", URL: blocksPath}, {Label: b.Title}}
	if !b.Library {
		page.Changed = web.DateTime(b.ChangedAt.In(v.scope.Tenant.Zone())) + ", " + b.ChangedBy
	}
	page.Questions = web.Table{Caption: "Questions du bloc", Columns: []web.Column{{Label: "Question"}, {Label: "Réponse"}, {Label: "Pourquoi"}}}
	for _, f := range b.Content.Fields {
		must := "obligatoire"
		if f.Optional {
			must = "facultative"
		}
		page.Questions.Rows = append(page.Questions.Rows, web.Row{Cells: []web.Cell{{Text: f.Label}, {Text: must}, {Text: f.Purpose}}})
	}
	for _, l := range procedureLinks(r.uses[b.Name]) {
		use := blockUse{Title: l.Label, URL: l.URL}
		for _, e := range r.entries {
			if proceduresPath+"/"+e.Slug == l.URL {
				use.Same = catalogue.SameBlock(e.Procedure().Form, b, r.blocks)
			}
		}
		page.Uses = append(page.Uses, use)
	}
	made := refused
	if refused != nil && typed == nil {
		made, page.Refused = nil, sentence(refused)
	}
	if typed == nil {
		typed = url.Values{"titre": {b.Title}}
	}
	page.Make = r.maker(page.Frame, typed, made)
	page.Make.Action, page.Make.Label = page.Self, "Remplacer ses questions"
	page.Into = web.Select{Name: "vers", Label: "À la fin de la rubrique", Items: page.Make.Source.Items}
	page.Errors = page.Make.errors()
	return blockTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// askBlock puts a block's questions at the end of a section of a procedure's draft, which it begins where there is none.
func askBlock(ctx context.Context, tx *tenants.Tx, name, into string) error {
	slug, section, _ := strings.Cut(into, "/")
	d, err := drafts.Begin(ctx, tx, slug, 0)
	if err != nil {
		return err
	}
	p, err := catalogue.WithBlock(ctx, tx, d.Procedure, section, name)
	if err != nil {
		return err
	}
	_, err = drafts.Save(ctx, tx, slug, d.Edit, p)
	return err
}

func (s *Server) changeBlock(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	name, drop, slug := v.r.PathValue("name"), false, ""
	if err == nil {
		drop = form.Get("action") == "supprimer"
		if form.Get("action") == "ajouter" {
			slug, _, _ = strings.Cut(form.Get("vers"), "/")
		}
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			if drop {
				return catalogue.DeleteBlock(ctx, tx, name)
			}
			if form.Get("action") == "ajouter" {
				return askBlock(ctx, tx, name, form.Get("vers"))
			}
			_, err := makeBlock(ctx, tx, name, form)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err) && (drop || slug != ""):
		return s.showBlock(v, nil, err)
	case form != nil && web.ComesBack(err):
		return s.showBlock(v, form, err)
	case err != nil:
		return err
	case slug != "":
		return s.done(v, "Les questions sont dans le brouillon. Les habitants les verront quand vous le publierez.", proceduresPath+"/"+slug+"/"+workDraft)
	case drop:
		return s.done(v, "Le bloc est supprimé. Les démarches gardent leurs questions.", blocksPath)
	}
	return s.done(v, "Le bloc est enregistré. Les démarches publiées gardent leurs questions.", blockPath+"/"+name)
}
