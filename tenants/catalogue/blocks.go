package catalogue

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

//go:embed blocks/*.json
var blockFiles embed.FS

// SharedBlock is a group of questions that several procedures ask, kept by the town or by the library. A form that is published
// holds the questions themselves: changing a block changes no version.
type SharedBlock struct {
	Name      string // by which forms name it
	Title     string
	Library   bool      // ours, and not the town's
	ChangedAt time.Time // of the town's
	ChangedBy string    // the actor's name

	Content *forms.Block
}

const sqlBlocks = `select name, title, version, size, changed_at, changed_by, content from catalogue_part where kind = 'block' order by title, name`

type blockRow struct {
	Name, Title string
	Version     tenants.ID
	Size        int
	ChangedAt   time.Time
	ChangedBy   string
	Content     json.RawMessage
}

// libraryBlocks are the blocks of the library, by title.
var libraryBlocks = sync.OnceValue(func() []SharedBlock {
	names, err := fs.Glob(blockFiles, "blocks/*.json")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var all []SharedBlock
	for _, name := range names {
		text, err := blockFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded: it is there
		}
		b, err := forms.ParseBlock(text)
		if err != nil {
			panic("catalogue: " + name + ": " + err.Error()) // held by a test over every block
		}
		all = append(all, SharedBlock{Name: strings.TrimSuffix(path.Base(name), ".json"), Title: b.Title, Library: true, Content: b})
	}
	slices.SortFunc(all, func(a, b SharedBlock) int { return strings.Compare(a.Title, b.Title) })
	return all
})

// Blocks lists the town's blocks by title, then those of the library that the town has not made its own. Agents only.
func Blocks(ctx context.Context, tx *tenants.Tx) ([]SharedBlock, error) {
	if !tx.Actor().MayRead() && !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	rows, err := tenants.All[blockRow](ctx, tx, sqlBlocks)
	if err != nil {
		return nil, err
	}
	out := make([]SharedBlock, 0, len(rows))
	for _, r := range rows {
		b, err := forms.ParseBlock(r.Content)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, "block_unreadable", err)
		}
		out = append(out, SharedBlock{Name: r.Name, Title: r.Title, ChangedAt: r.ChangedAt, ChangedBy: r.ChangedBy, Content: b})
	}
	own := len(out)
	for _, b := range libraryBlocks() {
		if !slices.ContainsFunc(out[:own], func(o SharedBlock) bool { return o.Name == b.Name }) {
			out = append(out, b)
		}
	}
	return out, nil
}

// finder finds blocks by name among these.
func finder(all []SharedBlock) forms.FindBlock {
	return func(name string) *forms.Block {
		for _, b := range all {
			if b.Name == name {
				return b.Content
			}
		}
		return nil
	}
}

// PutBlock keeps a block under its name, or a new one under a name made of its title, and gives the name. A name of the library's
// makes the block the town's own. Administrators only. A block that cannot be put into forms, one that holds itself too, is
// fault.Invalid "block_questions" with what Check says; beyond MaxBlocks it is fault.TooLarge "blocks_full", without a title
// fault.Invalid "block_title".
func PutBlock(ctx context.Context, tx *tenants.Tx, name string, b forms.Block) (string, error) {
	if !tx.Actor().MayConfigure() {
		return "", fault.New(fault.Forbidden, "admin_only")
	}
	all, err := Blocks(ctx, tx)
	if err != nil {
		return "", err
	}
	var taken []string
	for _, o := range all {
		taken = append(taken, o.Name)
	}
	b.Version, b.Title = forms.FormatVersion, forms.Cell(b.Title)
	if b.Title == "" || len([]rune(b.Title)) > maxTitle || markup.MatchString(b.Title) {
		return "", fault.New(fault.Invalid, "block_title")
	}
	switch {
	case name == "" && len(taken) >= MaxBlocks:
		return "", fault.New(fault.TooLarge, "blocks_full")
	case name == "":
		name = free(named(b.Title), taken)
	case !slices.Contains(taken, name):
		return "", fault.New(fault.NotFound, "block_unknown")
	}
	text, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	own, err := forms.ParseBlock(text)
	if err != nil {
		return "", err
	}
	if problems := own.Check(name, finder(all)); len(problems) > 0 {
		f := fault.New(fault.Invalid, "block_questions")
		for _, p := range problems {
			f.Fields = append(f.Fields, fault.Field{Path: p.Path, Code: p.Code, Message: p.Message})
		}
		return "", f
	}
	if _, err := tx.Exec(ctx, sqlPutPart, partBlock, name, own.Title, tenants.NewID(), text, len(own.Fields), tx.Now(), tx.Actor().Name); err != nil {
		return "", err
	}
	return name, tx.Record(ctx, tenants.Event{SubjectKind: "block", SubjectID: "block:" + name, Kind: "block_changed", Data: map[string]any{"block": name}})
}

// DeleteBlock removes a block of the town's; what was published with its questions keeps them. Administrators only. One that
// another block holds is fault.Conflict "block_used", one that is not the town's fault.NotFound "block_unknown".
func DeleteBlock(ctx context.Context, tx *tenants.Tx, name string) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	all, err := Blocks(ctx, tx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if slices.ContainsFunc(o.Content.Fields, func(f forms.Field) bool { return f.Kind == forms.KindBlock && f.Block == name }) {
			return fault.New(fault.Conflict, "block_used")
		}
	}
	n, err := tx.Exec(ctx, sqlDropPart, partBlock, name)
	switch {
	case err != nil:
		return err
	case n == 0:
		return fault.New(fault.NotFound, "block_unknown")
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "block", SubjectID: "block:" + name, Kind: "block_deleted"})
}

// BlockUses gives, by the name of a block, the versions that hold its questions: those in force, those to come, and those
// that citizens have begun to fill in. Agents only.
func BlockUses(ctx context.Context, tx *tenants.Tx) (map[string][]Use, error) {
	return uses(ctx, tx, func(p *Procedure) []string { return p.Form.Blocks() })
}

// Expanded gives the procedure with the questions of its blocks in their place, as it is published; one without blocks is given
// back without a query. Problems say which block is not there, or holds itself: the procedure is then as it was. Agents only.
func Expanded(ctx context.Context, tx *tenants.Tx, p *Procedure) (*Procedure, []forms.Problem, error) {
	if p.Form == nil || len(p.Form.Blocks()) == 0 {
		return p, nil, nil
	}
	all, err := Blocks(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	form, problems := p.Form.Expand(finder(all))
	if form == p.Form || len(problems) > 0 {
		for i := range problems {
			problems[i].Path = "form/" + problems[i].Path
		}
		return p, problems, nil
	}
	out := *p
	out.Form, out.text = form, nil
	own, err := out.sealed()
	return own, nil, err
}

// selfContained gives the procedure as a version keeps it: without the tables of its file, with the questions of its blocks.
func selfContained(ctx context.Context, tx *tenants.Tx, p *Procedure) (*Procedure, error) {
	own, err := p.alone()
	if err != nil {
		return nil, err
	}
	own, problems, err := Expanded(ctx, tx, own)
	if err != nil {
		return nil, err
	}
	return own, refused(problems)
}

// BlockOf makes a block of the questions of a procedure's section. None such is fault.NotFound "block_source".
func BlockOf(p *Procedure, section, title string) (forms.Block, error) {
	if p.Form == nil {
		return forms.Block{}, fault.New(fault.NotFound, "block_source")
	}
	for _, step := range p.Form.Steps {
		for _, s := range step.Sections {
			if s.ID != section {
				continue
			}
			b := forms.Block{Title: title, Fields: slices.Clone(s.Fields)}
			for i := range b.Fields {
				b.Fields[i].Block = ""
			}
			return b, nil
		}
	}
	return forms.Block{}, fault.New(fault.NotFound, "block_source")
}

// WithBlock gives a copy of the procedure that asks a block's questions at the end of a section. No such section is fault.NotFound
// "block_source"; a block that is not there, or holds itself, is fault.Invalid "procedure_invalid". Administrators only.
func WithBlock(ctx context.Context, tx *tenants.Tx, p *Procedure, section, name string) (*Procedure, error) {
	if !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "admin_only")
	}
	out, err := p.Copy()
	if err != nil {
		return nil, err
	}
	id, last := strings.ReplaceAll(name, "-", "_"), (*forms.Section)(nil)
	var taken []string
	if out.Form != nil {
		for si := range out.Form.Steps {
			for ci := range out.Form.Steps[si].Sections {
				s := &out.Form.Steps[si].Sections[ci]
				if s.ID == section {
					last = s
				}
				for _, f := range s.Fields {
					taken = append(taken, f.ID)
				}
			}
		}
	}
	if last == nil {
		return nil, fault.New(fault.NotFound, "block_source")
	}
	place := id
	for n := 2; slices.ContainsFunc(taken, func(t string) bool { return strings.HasPrefix(t, place+"_") }); n++ {
		place = id + strconv.Itoa(n)
	}
	last.Fields = append(last.Fields, forms.Field{ID: place, Kind: forms.KindBlock, Block: name})
	if out.Form, err = forms.Build(*out.Form); err != nil {
		return nil, err
	}
	return selfContained(ctx, tx, out)
}

// SameBlock tells whether the questions that a form has of a block are still those that the block would give it, whatever they
// are named there and whatever they depend on.
func SameBlock(form *forms.Definition, b SharedBlock, all []SharedBlock) bool {
	place := forms.Field{ID: "x", Kind: forms.KindBlock, Block: b.Name}
	fresh, err := forms.Build(forms.Definition{Version: forms.FormatVersion, Steps: []forms.Step{{ID: "a", Sections: []forms.Section{{ID: "a", Fields: []forms.Field{place}}}}}})
	if err != nil || form == nil {
		return false
	}
	fresh, problems := fresh.Expand(finder(all))
	return len(problems) == 0 && maps.Equal(wordings(fresh, b.Name), wordings(form, b.Name))
}

// wordings are what the questions that come from a block ask.
func wordings(form *forms.Definition, name string) map[string]bool {
	out := map[string]bool{}
	for _, step := range form.Steps {
		for _, section := range step.Sections {
			for _, f := range section.Fields {
				if f.Block != name {
					continue
				}
				f.ID, f.If, f.Stop, f.Before, f.After, f.Table, f.Compute = "", nil, nil, "", "", nil, nil
				if text, err := json.Marshal(f); err == nil {
					out[string(text)] = true
				}
			}
		}
	}
	return out
}
