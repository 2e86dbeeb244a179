package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

var (
	insurance = requests.NoticeItem{Label: "Attestation d’assurance", LegalBasis: "CRPA, article L.114-5", Indispensable: true}
	plan      = requests.NoticeItem{Label: "Plan", LegalBasis: "CRPA, article L.114-5", Indispensable: true}
	opinion   = requests.NoticeItem{Label: "Avis", LegalBasis: "CRPA, article L.114-5-1"}
)

func (w *town) notice(number string, limit string, items ...requests.NoticeItem) error {
	return w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AskDocuments(ctx, tx, number, requests.Notice{Items: items, LimitOn: date(w.t, limit), Text: "Merci."}, w.version(ctx, tx, number))
		return err
	})
}

func TestTheLastPaperCompletesTheFile(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(stall("2027-06-20")).Request
	guest := requests.GuestOf(r)
	w.on("2026-12-08")
	if err := w.notice(r.Number, "2026-12-23", insurance, plan, opinion); err != nil {
		t.Fatal(err)
	}
	d := w.see(guest, r.Number)
	if d.State != requests.StateWaiting || !d.Waiting || !d.SilenceLastDay.IsZero() || d.DueOn.String() != "2026-12-23" || !d.Deadline.NeverAcquired {
		t.Errorf("waiting: %s, last day %s, due %s", d.State, d.SilenceLastDay, d.DueOn)
	}
	if w.mails(r.Number)["letter_documents"] != 1 {
		t.Errorf("mails %v", w.mails(r.Number))
	}
	items := d.DocumentRequests[0].Items
	if err := w.upload(guest, r.Number, items[0].ID); err != nil {
		t.Fatal(err)
	}
	if d := w.get(r.Number); d.State != requests.StateWaiting || !d.DocumentRequests[0].Items[0].Received || d.DocumentRequests[0].Items[1].Received {
		t.Errorf("after the first paper: %s", d.State)
	}
	w.on("2026-12-18")
	if err := w.upload(w.front, r.Number, items[1].ID); err != nil { // brought to the counter, scanned
		t.Fatal(err)
	}
	d = w.get(r.Number)
	if d.State != requests.StateReview || d.Waiting || d.SilenceLastDay.String() != "2027-02-18" || d.DocumentRequests[0].CompletedOn.String() != "2026-12-18" {
		t.Errorf("complete: %s, last day %s", d.State, d.SilenceLastDay)
	}
	if len(d.Documents) != 2 || !d.Documents[0].Incoming || !d.Documents[1].Incoming {
		t.Errorf("documents %+v", d.Documents)
	}
	// What the person sent has its own receipt; what was scanned at the counter has none.
	if len(d.Receipts) != 2 || d.Receipts[1].Kind != "registration" || !strings.Contains(d.Receipts[1].Text, "assurance.pdf") || strings.Contains(d.Receipts[1].Text, "acceptation") || w.mails(r.Number)["receipt"] != 2 {
		t.Errorf("receipts %+v", d.Receipts)
	}
	for _, kind := range []string{"documents_asked", "document_added", "documents_completed", "deadline_moved"} {
		if !slices.Contains(kinds(d), kind) {
			t.Errorf("the history lacks %s: %v", kind, kinds(d))
		}
	}
	if err := w.upload(guest, r.Number, tenants.NewID()); !fault.Is(err, "document_unknown") {
		t.Errorf("an item of nowhere: %v", err)
	}
	// An agent's own document is for the person, who may read it.
	if err := w.upload(w.instructor, r.Number, ""); err != nil {
		t.Fatal(err)
	}
	d = w.see(guest, r.Number)
	out := d.Documents[len(d.Documents)-1]
	w.must(guest, func(ctx context.Context, tx *tenants.Tx) error {
		doc, err := requests.DocumentOf(ctx, tx, r.Number, out.ID)
		if err == nil && (doc.Incoming || doc.Name != "assurance.pdf") {
			t.Errorf("document %+v", doc)
		}
		return err
	})
	elsewhere := w.submit(letter()).Request
	err := w.as(requests.GuestOf(elsewhere), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.DocumentOf(ctx, tx, elsewhere.Number, out.ID)
		return err
	})
	if !fault.Is(err, "document_unknown") {
		t.Errorf("a document through another request: %v", err)
	}
}

func TestADispensablePaperStopsNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	for _, s := range []requests.Submission{stall("2027-06-20"), letter()} {
		r := w.submit(s).Request
		if err := w.notice(r.Number, "2026-12-23", opinion); err != nil {
			t.Fatal(err)
		}
		d := w.get(r.Number)
		if d.State != requests.StateReceived || d.Waiting || d.SilenceLastDay.String() != "2027-02-01" {
			t.Errorf("%s: %s, waiting %v, last day %s", s.ProcedureSlug, d.State, d.Waiting, d.SilenceLastDay)
		}
	}
}

func TestANoticeSaysWhatAndWhyAndUntilWhen(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	for name, c := range map[string]struct {
		items []requests.NoticeItem
		limit string
		code  string
	}{
		"nothing":         {nil, "2026-12-23", "items_required"},
		"no label":        {[]requests.NoticeItem{{LegalBasis: "x"}}, "2026-12-23", "items_required"},
		"no legal basis":  {[]requests.NoticeItem{{Label: "x", Indispensable: true}}, "2026-12-23", "items_required"},
		"too many":        {slices.Repeat([]requests.NoticeItem{plan}, 21), "2026-12-23", "items_required"},
		"limit today":     {[]requests.NoticeItem{plan}, "2026-12-01", "limit_invalid"},
		"no limit":        {[]requests.NoticeItem{plan}, "", "limit_invalid"},
		"limit in a year": {[]requests.NoticeItem{plan}, "2028-01-01", "limit_invalid"},
	} {
		if err := w.notice(r.Number, c.limit, c.items...); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAgentCompletesOnPaper(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	w.on("2026-12-08")
	if err := w.notice(r.Number, "2026-12-23", insurance); err != nil {
		t.Fatal(err)
	}
	complete := func(a tenants.Actor) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.CompleteDocuments(ctx, tx, r.Number, w.version(ctx, tx, r.Number))
			return err
		})
	}
	if err := complete(requests.GuestOf(r)); !fault.Is(err, "not_allowed") {
		t.Errorf("the person says that all is there: %v", err)
	}
	w.on("2026-12-18")
	if err := complete(w.front); err != nil {
		t.Fatal(err)
	}
	if d := w.get(r.Number); d.State != requests.StateReview || d.SilenceLastDay.String() != "2027-02-11" {
		t.Errorf("%s, last day %s", d.State, d.SilenceLastDay)
	}
	if err := complete(w.front); !fault.Is(err, "action_not_possible") {
		t.Errorf("twice: %v", err)
	}
}

func TestWithoutItsPapersAFileIsClosed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(stall("2027-06-20")).Request
	w.on("2026-12-08")
	closing := requests.DecisionInput{Outcome: catalogue.OutcomeClose, Reasons: "Les pièces demandées ne sont pas venues."}
	if err := w.decide(r.Number, closing); !fault.Is(err, "documents_limit_running") {
		t.Errorf("closed without having asked: %v", err)
	}
	if err := w.notice(r.Number, "2026-12-23", insurance); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-23")
	if err := w.decide(r.Number, closing); !fault.Is(err, "documents_limit_running") {
		t.Errorf("closed on the last day: %v", err)
	}
	w.on("2026-12-24")
	if err := w.decide(r.Number, closing); err != nil {
		t.Fatal(err)
	}
	if d := w.get(r.Number); d.State != requests.StateClosed || d.Decisions[0].Outcome != catalogue.OutcomeClose {
		t.Errorf("%s %+v", d.State, d.Decisions)
	}
}

func TestDecisionsBearALetter(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		l, err := requests.PreviewLetter(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: ""})
		if err == nil && !strings.Contains(l.Body, "[motifs à compléter]") {
			t.Errorf("preview: %s", l.Body)
		}
		return err
	})
	w.agree(r, true)
	w.on("2026-12-15")
	for name, c := range map[string]struct {
		in   requests.DecisionInput
		code string
	}{
		"no reasons":            {requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: " \n"}, "reasons_required"},
		"not of this procedure": {requests.DecisionInput{Outcome: catalogue.OutcomeRegister}, "outcome_invalid"},
		"of silence":            {requests.DecisionInput{Outcome: catalogue.OutcomeImplicitRejection}, "outcome_invalid"},
		"no such delivery":      {requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non.", Delivery: "pigeon"}, "delivery_invalid"},
		"a letter without end":  {requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non.", Letter: strings.Repeat("a", 20001)}, "body_too_long"},
	} {
		if err := w.decide(r.Number, c.in); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.decide(r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le bruit est licite à cette heure."}); err != nil {
		t.Fatal(err)
	}
	d := w.see(requests.GuestOf(r), r.Number)
	x := d.Decisions[0]
	for _, want := range []string{r.Number, "Le bruit est licite", "Tribunal administratif de Toulouse", "Camille Martin", "Inès Truction"} {
		if !strings.Contains(x.Letter, want) {
			t.Errorf("the letter lacks %q:\n%s", want, x.Letter)
		}
	}
	if d.State != requests.StateRefused || x.Delivery != requests.DeliveryEmail || x.NotifiedOn.String() != "2026-12-15" || x.AppealLastDay.String() != "2027-02-16" {
		t.Errorf("decision %+v", x)
	}
	if d.Appeal.LastDay != x.AppealLastDay || !d.Appeal.Opposable || w.mails(r.Number)["letter_decision"] != 1 {
		t.Errorf("appeal %+v, mails %v", d.Appeal, w.mails(r.Number))
	}
}

func TestAPostedDecisionRunsFromItsArrival(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := letter()
	s.Channel, s.Applicant.Email = requests.ChannelPost, ""
	r := w.submit(s, w.front).Request
	if err := w.decide(r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non.", Delivery: requests.DeliveryEmail}); !fault.Is(err, "delivery_invalid") {
		t.Errorf("mailed to whom did not agree: %v", err)
	}
	if err := w.decide(r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}); err != nil {
		t.Fatal(err)
	}
	d := w.get(r.Number)
	x := d.Decisions[0]
	if x.Delivery != requests.DeliveryPost || !x.NotifiedOn.IsZero() || !x.AppealLastDay.IsZero() || len(d.Notifications) != 0 {
		t.Fatalf("decision %+v", x)
	}
	w.on("2026-12-20")
	confirm := func(id tenants.ID, day string) error {
		return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.ConfirmNotified(ctx, tx, r.Number, id, date(t, day), w.version(ctx, tx, r.Number))
			return err
		})
	}
	for _, day := range []string{"2026-11-30", "2026-12-21"} {
		if err := confirm(x.ID, day); !fault.Is(err, "notified_on_invalid") {
			t.Errorf("%s: %v", day, err)
		}
	}
	if err := confirm(x.ID, "2026-12-15"); err != nil {
		t.Fatal(err)
	}
	if got := w.get(r.Number).Decisions[0]; got.NotifiedOn.String() != "2026-12-15" || got.AppealLastDay.String() != "2027-02-16" {
		t.Errorf("decision %+v", got)
	}
	if err := confirm(x.ID, "2026-12-16"); !fault.Is(err, "decision_unknown") {
		t.Errorf("twice: %v", err)
	}
}

func TestADeclarationIsRegisteredAndAReportAnswered(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	declared := w.submit(sale("2027-03-20"), w.front).Request
	if err := w.decide(declared.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRegister, Delivery: requests.DeliveryCounter}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(declared.Number); d.State != requests.StateRegistered || d.Decisions[0].NotifiedOn.IsZero() || d.Deadline.LastDay != d.SilenceLastDay || !d.SilenceLastDay.IsZero() {
		t.Errorf("declaration: %s %+v", d.State, d.Decisions)
	}
	report := w.submit(pothole()).Request
	if err := w.decide(report.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Le trou est rebouché."}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(report.Number); d.State != requests.StateAnswered || len(d.Notifications) != 0 {
		t.Errorf("report: %s %+v", d.State, d.Notifications)
	}
}
