package agent

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/exchange"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// importPage takes procedures of other systems, and of ours, as files, and shows what
// became of them.
type importPage struct {
	web.Frame
	Action string
	Files  web.File
	Gaps   []reason // why a file of ours cannot be read
	Done   *importDone
}

// importDone is what became of the files.
type importDone struct {
	Title, URL, Slug       string
	From                   string
	Tally                  exchange.Tally
	Lost, Changed, Missing []reason
	States                 []exchange.State
	Carried                int
	tables                 []forms.Problem // tables and columns that the commune does not have
}

// reason is something that holds for several parts, with some of them.
type reason struct {
	Text  string
	Count int
	Some  []string
}

var importTemplate = web.MustParse[importPage](web.Agent, pages, "import.html")

const (
	importPath = "/agents/demarches/importer"
	// importTime is how long a slow connection may take to send the files.
	importTime = time.Minute
	// maxSome is how many parts of one reason are named.
	maxSome = 6
)

var importNames = map[string]string{exchange.Publik: "Publik", exchange.DS: "démarches-simplifiées", exchange.FormIO: "form.io", "": "Parvis"}

func (s *Server) importPage(v visit) error { return s.showImport(v, nil, nil, nil) }

func (s *Server) showImport(v visit, done *importDone, gaps []reason, refused error) error {
	me, err := s.read(v, func(_ context.Context, tx *tenants.Tx, _ web.Visitor) error {
		return mayConfigure(tx.Actor())
	})
	if err != nil {
		return err
	}
	page := importPage{
		Frame: s.frame(v, me, "Importer une démarche", proceduresPath), Action: importPath, Gaps: gaps, Done: done,
		Files: web.File{Name: "fichiers", Label: "Les fichiers de la démarche", Hint: "Un export de Parvis, de démarches-simplifiées, d’Open Forms ou de form.io (.json, .zip)\u00a0; de Publik (.wcs), le formulaire avec ses blocs, ses listes et son circuit. 4\u00a0Mo au plus.", Accept: ".json,.wcs,.xml,.zip", Multiple: true},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Importer une démarche"}}
	if refused != nil {
		page.Files.Error = web.Sentence(refused)
		page.Errors = web.ErrorSummary{{ID: page.Files.Name, Message: page.Files.Error}}
	}
	return importTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// importFiles reads the files and makes a draft of the procedure, which citizens do not see. Administrators alone: it is
// asked before a byte is read.
func (s *Server) importFiles(v visit) error {
	if _, err := s.read(v, func(_ context.Context, tx *tenants.Tx, _ web.Visitor) error {
		return mayConfigure(tx.Actor())
	}); err != nil {
		return err
	}
	var end func()
	v.r, end = s.UI.Larger(v.w, v.r, exchange.MaxSource+web.MaxForm, importTime)
	defer end()
	var files []exchange.File
	_, err := s.UI.Upload(v.w, v.r, func(p web.Part) error {
		if len(files) == exchange.MaxFiles {
			return fault.New(fault.TooLarge, "import_too_large")
		}
		data, err := io.ReadAll(io.LimitReader(p, exchange.MaxSource+1))
		files = append(files, exchange.File{Name: p.Filename, Data: data})
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return fault.Wrap(fault.TooLarge, "import_too_large", err)
		}
		return err
	})
	done, gaps := &importDone{}, []reason(nil)
	var p *catalogue.Procedure
	if err == nil {
		p, gaps, err = done.read(files)
	}
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			if done.Slug, err = drafts.Import(ctx, tx, p); err != nil {
				return err
			}
			if p, _, err = catalogue.Expanded(ctx, tx, p); err != nil {
				return err
			}
			done.tables, err = catalogue.TableProblems(ctx, tx, p)
			return err
		})
	}
	if err != nil {
		if f := fault.Of(err); f.Kind != fault.Invalid && f.Kind != fault.TooLarge && f.Code != "form_expired" {
			return err
		}
		return s.showImport(v, nil, gaps, err)
	}
	done.Title, done.URL = p.Title, proceduresPath+"/"+done.Slug+"/"+workDraft
	for _, problem := range append(p.Check(), done.tables...) {
		done.Missing = counted(done.Missing, problem.Message, "")
	}
	return s.showImport(v, done, nil, nil)
}

// read makes a procedure of files: another system's, or one of ours.
func (d *importDone) read(files []exchange.File) (*catalogue.Procedure, []reason, error) {
	if len(files) == 0 {
		return nil, nil, fault.New(fault.Invalid, "import_missing")
	}
	if len(files) == 1 && exchange.Ours(files[0]) {
		p, problems := exchange.Check(files[0].Data)
		if p != nil {
			d.From = importNames[""]
			return p, nil, nil
		}
		var gaps []reason
		for _, problem := range problems {
			gaps = counted(gaps, problem.Message, problem.Path)
		}
		return nil, gaps, fault.New(fault.Invalid, "procedure_unreadable")
	}
	from := exchange.Guess(files[0])
	report, err := exchange.Read(from, files...)
	if err != nil {
		return nil, nil, err
	}
	d.From, d.Tally, d.Carried, d.States = importNames[from], report.Questions, len(report.Carried), report.States
	for _, i := range report.Lost {
		d.Lost = counted(d.Lost, i.Reason, part(i))
	}
	for _, i := range report.Changed {
		d.Changed = counted(d.Changed, i.Reason, part(i))
	}
	for _, list := range [][]reason{d.Lost, d.Changed} {
		slices.SortStableFunc(list, func(a, b reason) int { return a.Count - b.Count }) // what is rare matters most
	}
	return report.Procedure, nil, nil
}

// part names what a line of the report is about.
func part(i exchange.Item) string {
	switch name := i.Path[strings.LastIndexByte(i.Path, '/')+1:]; {
	case i.What != "" && i.Text != "" && i.Text != i.What:
		return i.What + " (" + name + "\u00a0: " + i.Text + ")"
	case i.What != "":
		return i.What + " (" + name + ")"
	case i.Text != "":
		return name + "\u00a0: " + i.Text
	default:
		return name
	}
}

// counted adds a part to the reason that holds for it.
func counted(list []reason, text, some string) []reason {
	i := slices.IndexFunc(list, func(r reason) bool { return r.Text == text })
	if i < 0 {
		list, i = append(list, reason{Text: text}), len(list)
	}
	if list[i].Count++; some != "" && len(list[i].Some) < maxSome {
		list[i].Some = append(list[i].Some, some)
	}
	return list
}

// exportProcedure gives a version of a procedure as a file in our own format: the current
// one, or the one whose number is asked for.
func (s *Server) exportProcedure(v visit) error {
	slug := v.r.PathValue("slug")
	var whole *catalogue.Procedure
	number := v.r.URL.Query().Get("version")
	if _, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		if err := mayConfigure(tx.Actor()); err != nil {
			return err
		}
		e, err := catalogue.BySlug(ctx, tx, slug)
		if err != nil {
			return err
		}
		chosen := e.Version
		if number != "" {
			all, err := catalogue.Versions(ctx, tx, slug)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(all, func(x catalogue.Version) bool { return strconv.Itoa(x.Number) == number })
			if i < 0 {
				return fault.New(fault.NotFound, "version_unknown")
			}
			chosen = all[i]
		}
		number = strconv.Itoa(chosen.Number)
		whole, err = catalogue.WithTables(ctx, tx, chosen.Procedure)
		return err
	}); err != nil {
		return err
	}
	return export(v, whole, slug+"-v"+number)
}

// exportDraft gives the draft of a procedure as a file, with the tables that it draws from.
func (s *Server) exportDraft(v visit) error {
	var whole *catalogue.Procedure
	w, _, err := s.workshop(v, func(ctx context.Context, tx *tenants.Tx, w workshop) (err error) {
		if w.draft == nil {
			return fault.New(fault.NotFound, "procedure_draft_unknown")
		}
		whole, err = catalogue.WithTables(ctx, tx, w.draft.Procedure)
		return err
	})
	if err != nil {
		return err
	}
	return export(v, whole, w.slug+"-brouillon")
}

func export(v visit, p *catalogue.Procedure, name string) error {
	text, err := exchange.Export(p)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.json"`)
	h.Set("Cache-Control", "no-store")
	_, err = v.w.Write(text)
	return err
}
