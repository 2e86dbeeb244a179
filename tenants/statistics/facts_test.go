package statistics_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/statistics"
)

var (
	system     = tenants.System("statistiques")
	instructor = tenants.Actor{Kind: tenants.ActorAgent, Role: tenants.RoleAdmin, ID: tenants.NewID(), Name: "Inès Truction"}
	jeanne     = requests.Applicant{GivenName: "Jeanne", FamilyName: "Dupont", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan"}
)

// certificate is a copy of a birth certificate: silence means nothing, the service
// promises an answer in five working days.
func certificate(channel string) requests.Submission {
	return requests.Submission{
		ProcedureSlug: "copie-acte-naissance", Channel: channel, Applicant: jeanne,
		Answers: forms.Answers{
			"type_acte": forms.Text("extrait_sans_filiation"), "exemplaires": forms.Number(1), "nom_naissance": forms.Text("Dupont"), "prenoms": forms.Text("Jeanne"),
			"date_naissance": forms.Text("1980-05-06"), "remise": forms.Text("courrier"),
		},
	}
}

// letter is a complaint to the mayor: silence means rejection after two months.
func letter() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text("Le bruit rue des Lilas ne cesse pas.")},
	}
}

// town is a commune whose clock a test moves.
type town struct {
	*pgtest.Env
	t *testing.T
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{Env: pgtest.Schema(t), t: t}
	w.do(system, func(ctx context.Context, tx *tenants.Tx) error {
		_, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{
			PostalAddress: "Place Jean Jaurès\n31320 Castanet-Tolosan", Email: "mairie@castanet.example", Phone: "05 61 71 70 00",
			Mayor: "Camille Martin", SignatoryName: "Camille Martin", SignatoryTitle: "Maire",
			Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse Cedex 7"},
			DPO:   tenants.DPO{Name: "Dominique Petit", Email: "dpo@sicoval.example"},
		}, version); err != nil {
			return err
		}
		if err := catalogue.Install(ctx, tx); err != nil {
			return err
		}
		for _, slug := range []string{"courrier-maire", "copie-acte-naissance"} {
			if err := catalogue.SetOpen(ctx, tx, slug, true); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *town) do(a tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx) error) {
	w.t.Helper()
	w.Write(w.t, w.Tenant, a, fn)
}

func (w *town) on(date string) {
	w.t.Helper()
	w.Clock.Set(day(w.t, date).Start(w.Tenant.Zone()).Add(10 * time.Hour))
}

func (w *town) submit(date string, a tenants.Actor, s requests.Submission) string {
	w.t.Helper()
	w.on(date)
	var out requests.Submitted
	w.do(a, func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = requests.Submit(ctx, tx, s)
		return err
	})
	return out.Request.Number
}

// act does something to a request as it stands.
func (w *town) act(date, number string, what func(ctx context.Context, tx *tenants.Tx, version int64) error) {
	w.t.Helper()
	w.on(date)
	w.do(instructor, func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		return what(ctx, tx, d.Version)
	})
}

func (w *town) decide(date, number string, o catalogue.Outcome) {
	w.t.Helper()
	w.act(date, number, func(ctx context.Context, tx *tenants.Tx, version int64) error {
		_, err := requests.Decide(ctx, tx, number, requests.DecisionInput{Outcome: o, Reasons: "Le bruit a cessé."}, version)
		return err
	})
}

func (w *town) lapse(date string) {
	w.t.Helper()
	w.on(date)
	w.do(system, func(ctx context.Context, tx *tenants.Tx) error {
		due, err := requests.LapseDue(ctx, tx)
		if err != nil {
			return err
		}
		for _, number := range due {
			if err := requests.Lapse(ctx, tx, number); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestFactsOfRealRequests(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	onTheLastDay := w.submit("2026-11-23", tenants.Guest(), certificate(requests.ChannelWeb)) // due on 30 November
	late := w.submit("2026-11-23", tenants.Guest(), certificate(requests.ChannelWeb))
	atTheCounter := w.submit("2026-11-24", instructor, certificate(requests.ChannelCounter))
	withdrawn := w.submit("2026-11-25", tenants.Guest(), letter())
	w.submit("2026-11-25", tenants.Guest(), letter())             // silence rejects it on 25 January
	answered := w.submit("2026-11-25", tenants.Guest(), letter()) // so too, then it is answered
	w.decide("2026-11-26", atTheCounter, catalogue.OutcomeAccept)
	w.decide("2026-11-30", onTheLastDay, catalogue.OutcomeAccept)
	w.decide("2026-12-01", late, catalogue.OutcomeAccept)
	w.act("2026-12-02", withdrawn, func(ctx context.Context, tx *tenants.Tx, version int64) error {
		_, err := requests.Withdraw(ctx, tx, withdrawn, "Le bruit a cessé.", version)
		return err
	})
	inTime := w.submit("2026-12-02", tenants.Guest(), letter()) // due on 2 February
	w.submit("2026-12-31", tenants.Guest(), letter())           // nobody has answered yet
	w.decide("2027-01-10", inTime, catalogue.OutcomeAnswer)
	w.lapse("2027-02-09")
	w.decide("2027-02-10", answered, catalogue.OutcomeAnswer)
	for range 2 { // counting anew changes nothing
		w.do(system, statistics.Refresh)
	}

	w.do(agent, func(ctx context.Context, tx *tenants.Tx) error {
		facts, err := statistics.Facts(ctx, tx, day(t, "2026-01-01"), day(t, "2027-12-01"))
		if err != nil {
			return err
		}
		var got []string
		for _, f := range facts {
			got = append(got, fmt.Sprintf("%s %s %s: %+v", f.Month, f.ProcedureSlug, f.Channel, f.Figures))
		}
		if want := factsWanted(); !slices.Equal(got, want) {
			t.Errorf("got\n%v\nwant\n%v", lines(got), lines(want))
		}
		report, err := statistics.Read(ctx, tx, day(t, "2026-11-01"), day(t, "2027-02-28"))
		if err != nil {
			return err
		}
		checkReport(t, report)
		return nil
	})
}

func factsWanted() []string {
	type f = statistics.Figures
	var want []string
	for _, line := range []struct {
		of string
		f
	}{
		{"2026-11-01 copie-acte-naissance counter", f{Received: 1, Closed: 1, Answered: 1, Due: 1, InTime: 1, Days: 2, Within5: 1, Within15: 1, Within30: 1, Within60: 1}},
		{"2026-11-01 copie-acte-naissance web", f{Received: 2, Closed: 1, Answered: 1, Due: 1, InTime: 1, Days: 7, Within15: 1, Within30: 1, Within60: 1}},
		{"2026-11-01 courrier-maire web", f{Received: 3}},
		{"2026-12-01 copie-acte-naissance web", f{Closed: 1, Answered: 1, Due: 1, Days: 8, Within15: 1, Within30: 1, Within60: 1}},
		{"2026-12-01 courrier-maire web", f{Received: 2, Closed: 1}},
		{"2027-01-01 courrier-maire web", f{Closed: 2, Answered: 1, Due: 2, InTime: 1, Silent: 1, Days: 39, Within60: 1}},
		{"2027-02-01 courrier-maire web", f{Closed: 1, Answered: 1, Due: 1, Days: 77}},
	} {
		want = append(want, fmt.Sprintf("%s: %+v", line.of, line.f))
	}
	return want
}

func checkReport(t *testing.T, r statistics.Report) {
	t.Helper()
	if want := (statistics.Figures{Received: 8, Closed: 7, Answered: 5, Due: 6, InTime: 3, Silent: 1, Days: 133, Within5: 1, Within15: 3, Within30: 3, Within60: 4}); r.Total != want {
		t.Errorf("total %+v, want %+v", r.Total, want)
	}
	if share, ok := r.Total.ShareInTime(); !ok || share != 50 {
		t.Errorf("in time: %v %%", share)
	}
	if mean, ok := r.Total.MeanDays(); !ok || mean != 26.6 {
		t.Errorf("mean: %v days", mean)
	}
	if r.RefreshedOn != day(t, "2027-02-10") {
		t.Errorf("counted on %s", r.RefreshedOn)
	}
	if len(r.Months) != 4 || len(r.Procedures) != 2 || r.Procedures[0].Key != "courrier-maire" || r.Procedures[0].Received != 5 || len(r.Channels) != 2 || r.Channels[0].Key != "web" || r.Channels[0].Received != 7 {
		t.Errorf("months %+v, procedures %+v, channels %+v", r.Months, r.Procedures, r.Channels)
	}
}

func lines(list []string) string {
	out := ""
	for _, l := range list {
		out += l + "\n"
	}
	return out
}

func TestOpinionsAreSummedAndSharesOfFormsGivenUp(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for i, r := range []requests.Rating{requests.RatingGood, requests.RatingGood, requests.RatingFair, requests.RatingPoor} {
		number := w.submit("2026-11-23", tenants.Guest(), letter())
		w.decide("2026-11-24", number, catalogue.OutcomeAnswer)
		w.on([]string{"2026-11-24", "2026-12-24"}[i%2])
		var of requests.Request
		w.do(instructor, func(ctx context.Context, tx *tenants.Tx) error {
			d, err := requests.Get(ctx, tx, number)
			of = d.Request
			return err
		})
		w.do(requests.GuestOf(of), func(ctx context.Context, tx *tenants.Tx) error { return requests.Rate(ctx, tx, number, r) })
	}
	w.do(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		d, _, err := requests.StartDraft(ctx, tx, "courrier-maire", "")
		if err == nil {
			err = requests.DropDraft(ctx, tx, d)
		}
		return err
	})
	w.do(system, statistics.Refresh)
	w.do(instructor, func(ctx context.Context, tx *tenants.Tx) error {
		all, err := statistics.Experiences(ctx, tx, day(t, "2026-11-01"), day(t, "2026-12-31"))
		if err != nil {
			return err
		}
		if len(all) != 1 || all[0].Good != 2 || all[0].Fair != 1 || all[0].Poor != 1 || all[0].Ratings() != 4 || len(all[0].Stops) != 1 || all[0].Stops[0].Question != "_applicant" {
			t.Errorf("got %+v", all)
		}
		if share, ok := all[0].ShareGivenUp(); !ok || share != 20 {
			t.Errorf("given up: %v %%", share)
		}
		return nil
	})
}
