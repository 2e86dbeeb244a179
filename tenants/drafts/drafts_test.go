package drafts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

var (
	admin = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Camille Exemple", Role: tenants.RoleAdmin}
	other = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Sacha Second", Role: tenants.RoleAdmin}
	front = tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Jo Accueil", Role: tenants.RoleFront}
)

const slug = "terrasse"

// town is a commune with the starting catalogue.
type town struct {
	*pgtest.Env

	t *testing.T
}

func opened(t *testing.T) town {
	t.Helper()
	env := pgtest.Schema(t)
	env.Write(t, env.Tenant, tenants.System("drafts"), func(ctx context.Context, tx *tenants.Tx) error { return catalogue.Install(ctx, tx) })
	return town{env, t}
}

// try does something as somebody and gives its fault's code, "" where it went well.
func (w town) try(who tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx) error) string {
	w.t.Helper()
	err := w.DB.Write(w.t.Context(), w.Tenant, who, func(tx *tenants.Tx) error { return fn(w.t.Context(), tx) })
	if err == nil {
		return ""
	}
	return fault.Of(err).Code
}

func (w town) want(code string, who tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx) error) {
	w.t.Helper()
	if got := w.try(who, fn); got != code {
		w.t.Fatalf("%q; want %q", got, code)
	}
}

func (w town) begun() (d drafts.Draft) {
	w.t.Helper()
	w.want("", admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = drafts.Begin(ctx, tx, slug, 0)
		return err
	})
	return d
}

// titled gives a draft's procedure with another title.
func titled(t *testing.T, p *catalogue.Procedure, title string) *catalogue.Procedure {
	t.Helper()
	own, err := p.Copy()
	if err != nil {
		t.Fatal(err)
	}
	own.Title = title
	return own
}

func (w town) save(who tenants.Actor, d drafts.Draft, title, code string) (out drafts.Draft) {
	w.t.Helper()
	w.want(code, who, func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = drafts.Save(ctx, tx, slug, d.Edit, titled(w.t, d.Procedure, title))
		return err
	})
	return out
}

// Who saves second is told what the first one changed, and loses nothing.
func TestTwoWriteAtOnce(t *testing.T) {
	t.Parallel()
	w := opened(t)
	d := w.begun()
	if d.Base != 1 || d.Edit != 1 || d.CanUndo || d.CanRedo {
		t.Fatalf("begun as %+v", d)
	}
	saved := w.save(admin, d, "Première", "")
	if saved.Edit != 2 || !saved.CanUndo || saved.SavedBy != "Camille Exemple" {
		t.Errorf("saved as %+v", saved)
	}
	w.save(other, d, "Seconde", "procedure_draft_changed")
	w.save(other, d, "Première", "") // what is there already is no conflict
	w.want("", other, func(ctx context.Context, tx *tenants.Tx) error {
		now, err := drafts.Get(ctx, tx, slug)
		if err != nil {
			return err
		}
		changes, ok, err := drafts.Since(ctx, tx, now, d.Edit)
		if !ok || len(changes) != 1 || changes[0].After != "Première" {
			t.Errorf("told %v %+v", ok, changes)
		}
		return err
	})
	if mine := w.save(other, saved, "Seconde", ""); mine.Procedure.Title != "Seconde" {
		t.Errorf("kept %q", mine.Procedure.Title)
	}
	for _, who := range []tenants.Actor{front, tenants.Guest()} {
		w.want("admin_only", who, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := drafts.Get(ctx, tx, slug)
			return err
		})
	}
}

// Each save can be undone and done again, until another one takes its place; the oldest go.
func TestSavesAreUndone(t *testing.T) {
	t.Parallel()
	w := opened(t)
	first := w.begun()
	d := w.save(admin, first, "Un", "")
	d = w.save(admin, d, "Deux", "")
	move := func(do func(context.Context, *tenants.Tx, string, int) (drafts.Draft, error), want string) {
		t.Helper()
		w.want("", admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
			d, err = do(ctx, tx, slug, d.Edit)
			return err
		})
		if d.Procedure.Title != want {
			t.Errorf("%q; want %q", d.Procedure.Title, want)
		}
	}
	move(drafts.Undo, "Un")
	move(drafts.Undo, first.Procedure.Title)
	move(drafts.Undo, first.Procedure.Title)
	move(drafts.Redo, "Un")
	d = w.save(admin, d, "Trois", "")
	move(drafts.Redo, "Trois")
	move(drafts.Undo, "Un")
	w.want("procedure_draft_changed", admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := drafts.Undo(ctx, tx, slug, 1)
		return err
	})
	for i := range drafts.MaxRevisions + 5 {
		d = w.save(admin, d, "Titre "+strings.Repeat("x", i+1), "")
	}
	for d.CanUndo {
		w.want("", admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
			d, err = drafts.Undo(ctx, tx, slug, d.Edit)
			return err
		})
	}
	if d.Procedure.Title != "Titre xxxxxx" {
		t.Errorf("the oldest that is kept is %q", d.Procedure.Title)
	}
}

// now is the procedure as anybody finds it.
func (w town) now() (e catalogue.Entry) {
	w.t.Helper()
	w.want("", tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		e, err = catalogue.BySlug(ctx, tx, slug)
		return err
	})
	return e
}

func (w town) publish(d drafts.Draft, on calendar.Date, code string) (v catalogue.Version) {
	w.t.Helper()
	w.want(code, admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		v, err = drafts.Publish(ctx, tx, slug, d.Edit, on)
		return err
	})
	return v
}

func (w town) restore(number int, on calendar.Date) (v catalogue.Version) {
	w.t.Helper()
	w.want("", admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		v, err = drafts.Restore(ctx, tx, slug, number, on)
		return err
	})
	return v
}

// A draft becomes the version in force, unless the proof objects; what was made with the
// version before keeps it.
func TestADraftIsPublished(t *testing.T) {
	t.Parallel()
	w := opened(t)
	before := w.now()
	broken := w.save(admin, w.begun(), "", "")
	w.publish(broken, calendar.Date{}, "proof_blocks")
	second := w.publish(w.save(admin, broken, "Deuxième", ""), calendar.Date{}, "")
	if e := w.now(); e.Version.ID != second.ID || e.Version.Number != 2 || e.Procedure().Title != "Deuxième" {
		t.Errorf("in force: %+v", e.Version)
	}
	w.want("", tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		old, err := catalogue.VersionByID(ctx, tx, before.Version.ID)
		if old.Procedure.Title != before.Procedure().Title {
			t.Error("the version before changed")
		}
		return err
	})
	w.want("procedure_draft_unknown", admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := drafts.Get(ctx, tx, slug)
		return err
	})
}

// A version can wait for its day, from the first moment of which it is in force, everywhere.
func TestAVersionWaitsForItsDay(t *testing.T) {
	t.Parallel()
	w := opened(t)
	day := calendar.On(w.Clock.Now(), w.Tenant.Zone()).AddDays(3)
	second := w.publish(w.save(admin, w.begun(), "Deuxième", ""), day, "")
	if e := w.now(); e.Version.Number != 1 || e.Next.VersionID != second.ID || !e.Next.From.Equal(day.Start(w.Tenant.Zone())) {
		t.Errorf("planned: %+v %+v", e.Version, e.Next)
	}
	w.publish(w.save(admin, w.begun(), "Troisième", ""), calendar.Date{}, "version_planned")
	w.Clock.Set(day.Start(w.Tenant.Zone()).Add(-time.Second))
	if e := w.now(); e.Version.Number != 1 {
		t.Error("in force a second too early")
	}
	w.Clock.Set(day.Start(w.Tenant.Zone()))
	if e := w.now(); e.Version.Number != 2 || e.Next.VersionID != "" {
		t.Errorf("not in force: %+v %+v", e.Version, e.Next)
	}
	w.want("", tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		all, err := catalogue.List(ctx, tx)
		for _, e := range all {
			if e.Slug == slug && e.Version.Number != 2 {
				t.Error("the list knows another")
			}
		}
		return err
	})
}

// Going back publishes an older content anew; what is planned can be taken back, and what had
// taken effect before it stays in force.
func TestVersionsAreGoneBackTo(t *testing.T) {
	t.Parallel()
	w := opened(t)
	before := w.now()
	day := calendar.On(w.Clock.Now(), w.Tenant.Zone()).AddDays(3)
	w.publish(w.save(admin, w.begun(), "Deuxième", ""), day, "")
	w.Clock.Set(day.Start(w.Tenant.Zone()))
	third := w.restore(1, day.AddDays(10))
	if e := w.now(); e.Version.Number != 2 || e.Next.VersionID != third.ID || third.Restores != 1 {
		t.Errorf("%+v %+v", e.Version, e.Next)
	}
	w.want("", admin, func(ctx context.Context, tx *tenants.Tx) error { return catalogue.Withdraw(ctx, tx, slug) })
	w.want("version_not_planned", admin, func(ctx context.Context, tx *tenants.Tx) error { return catalogue.Withdraw(ctx, tx, slug) })
	w.Clock.Set(day.AddDays(20).Start(w.Tenant.Zone()))
	if e := w.now(); e.Version.Number != 2 {
		t.Errorf("what was taken back is in force: %+v", e.Version)
	}
	if v := w.restore(1, calendar.Date{}); v.Number != 4 || v.Procedure.Checksum() != before.Procedure().Checksum() {
		t.Errorf("restored %+v", v)
	}
	w.want("", admin, func(ctx context.Context, tx *tenants.Tx) error {
		all, err := catalogue.Versions(ctx, tx, slug)
		if len(all) != 4 || !all[1].Withdrawn || all[0].Withdrawn || all[0].Restores != 1 || !all[2].From.Equal(day.Start(w.Tenant.Zone())) {
			t.Errorf("%+v", all)
		}
		return err
	})
}

// A procedure of a file is a draft that nobody sees, until its first version.
func TestAFileBecomesADraft(t *testing.T) {
	t.Parallel()
	w := opened(t)
	model, _ := catalogue.Model("pacs")
	var name string
	add := func() {
		t.Helper()
		w.want("", admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
			name, err = drafts.Import(ctx, tx, model)
			return err
		})
	}
	add()
	if name != "pacs-2" {
		t.Errorf("it took a model's place: %s", name)
	}
	unseen := func() {
		t.Helper()
		w.want("procedure_unknown", admin, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := catalogue.BySlug(ctx, tx, name)
			return err
		})
	}
	unseen()
	w.want("", admin, func(ctx context.Context, tx *tenants.Tx) error {
		list, err := drafts.List(ctx, tx)
		if len(list) != 1 || list[0].Slug != name || !list[0].Only || list[0].Title != model.Title {
			t.Errorf("%+v", list)
		}
		return err
	})
	w.want("", admin, func(ctx context.Context, tx *tenants.Tx) error { return drafts.Discard(ctx, tx, name, 1) })
	w.want("procedure_draft_unknown", admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := drafts.Get(ctx, tx, name)
		return err
	})
	add()
	w.want("", admin, func(ctx context.Context, tx *tenants.Tx) error {
		v, err := drafts.Publish(ctx, tx, name, 1, calendar.Date{})
		if v.Number != 1 {
			t.Errorf("version %d", v.Number)
		}
		return err
	})
	w.want("", tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, name)
		if e.Open || e.Service.Name == "" {
			t.Errorf("%+v", e)
		}
		return err
	})
}
