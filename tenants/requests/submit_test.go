package requests_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

func TestAGuestSubmitsAndFollows(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	got := w.submit(letter())
	r := got.Request
	if r.Number != "26-000001" || r.State != requests.StateReceived || got.Existing || got.ReceiptID == "" {
		t.Fatalf("submitted %+v", got)
	}
	if r.SilenceLastDay.String() != "2027-02-01" || r.DueOn != r.SilenceLastDay || r.ReceivedOn.String() != "2026-12-01" || !r.Regular {
		t.Errorf("last day %s, due %s, received %s", r.SilenceLastDay, r.DueOn, r.ReceivedOn)
	}
	code := strings.ReplaceAll(got.TrackingCode, "-", "")
	if len(code) != 12 || strings.ContainsAny(code, "ILOU") {
		t.Fatalf("code %q", got.TrackingCode)
	}
	// However it is copied, the code opens the request, and nothing else does.
	wrong := "0" + code[1:]
	if wrong == code {
		wrong = "1" + code[1:]
	}
	for typed, ok := range map[string]bool{
		got.TrackingCode: true, strings.ToLower(code): true, " " + code[:4] + " " + code[4:] + " ": true,
		strings.ReplaceAll(strings.ReplaceAll(code, "0", "o"), "1", "l"): true,
		wrong: false, "": false, code[:11]: false, code + "0": false, strings.Repeat("A", 4000): false, "\xff": false,
	} {
		err := w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.GetByTracking(ctx, tx, "26-1", typed)
			return err
		})
		if ok && err != nil || !ok && !fault.Is(err, "request_or_code_unknown") {
			t.Errorf("code %q: %v", typed, err)
		}
	}
	d := w.see(requests.GuestOf(r), r.Number)
	if !slices.Equal(kinds(d), []string{"submitted", "receipt_issued"}) || len(d.Summary) == 0 || d.Notes != nil || d.Notifications != nil {
		t.Errorf("what a guest sees: %v", kinds(d))
	}
	if !slices.Equal(d.Actions, []requests.Action{requests.ActionWithdraw}) {
		t.Errorf("what a guest may do: %v", d.Actions)
	}
}

func TestTheReceiptHoldsEveryMentionAndItsProof(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	got := w.submit(letter())
	d := w.get(got.Request.Number)
	if len(d.Receipts) != 1 {
		t.Fatalf("%d receipts", len(d.Receipts))
	}
	rc := d.Receipts[0]
	if rc.ID != got.ReceiptID || rc.Regime != "electronic" || !rc.Complete || rc.IssuedOn.String() != "2026-12-01" {
		t.Errorf("receipt %+v", rc)
	}
	for _, want := range []string{got.Request.Number, got.TrackingCode, "1er décembre 2026", "1er février 2027", "sous réserve", "Tribunal administratif de Toulouse", "05 61 71 70 00", "2 avril 2027"} {
		if !strings.Contains(strings.ReplaceAll(rc.Text, "\u00a0", " "), want) {
			t.Errorf("the text lacks %q:\n%s", want, rc.Text)
		}
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(rc.HTML, "&nbsp;", " "), "\u00a0", " "), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	sum := sha256.Sum256([]byte(rc.Text + "\n" + rc.HTML))
	if !bytes.Equal(sum[:], rc.SHA256) {
		t.Error("the hash is not that of the text and the page")
	}
	if len(d.Notifications) != 1 || d.Notifications[0].Template != "receipt" || d.Notifications[0].State != "queued" || !strings.Contains(d.Notifications[0].Subject, got.Request.Number) {
		t.Errorf("notifications %+v", d.Notifications)
	}
	var jobs []string
	for _, j := range w.Jobs(t) {
		jobs = append(jobs, j.Kind)
		for _, secret := range []string{"Dupont", "jeanne", "Lilas"} {
			if strings.Contains(string(j.Args), secret) {
				t.Errorf("a job holds %q", secret)
			}
		}
	}
	slices.Sort(jobs)
	if !slices.Equal(jobs, []string{"notify_send", "request_project"}) {
		t.Errorf("jobs %v", jobs)
	}
}

func TestEachChannelGetsTheReceiptThatIsDue(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	paper := letter()
	paper.Channel, paper.Applicant.Email = requests.ChannelPost, ""
	agreed := letter()
	agreed.Channel, agreed.Applicant.EmailAgreed = requests.ChannelCounter, true
	silent := letter()
	silent.Channel = requests.ChannelPhone
	texted := letter()
	texted.Applicant.Phone, texted.Applicant.SMS = "06 12 34 56 78", true
	for name, c := range map[string]struct {
		s      requests.Submission
		regime string
		mails  map[string]int
	}{
		"letter":                   {paper, "paper", map[string]int{}},
		"counter, agrees to mail":  {agreed, "paper", map[string]int{"receipt": 1}},
		"phone, does not agree":    {silent, "paper", map[string]int{}},
		"web, wants text messages": {texted, "electronic", map[string]int{"receipt": 1, "sms_received": 1}},
		"report without a name":    {pothole(), "electronic", map[string]int{}},
		"copy of a certificate":    {certificate(), "electronic", map[string]int{"receipt": 1}},
	} {
		actor := tenants.Guest()
		if c.s.Channel != requests.ChannelWeb {
			actor = w.front
		}
		got := w.submit(c.s, actor)
		d := w.get(got.Request.Number)
		if len(d.Receipts) != 1 || d.Receipts[0].Regime != c.regime {
			t.Errorf("%s: receipts %+v", name, d.Receipts)
		}
		if mails := w.mails(got.Request.Number); fmt.Sprint(mails) != fmt.Sprint(c.mails) {
			t.Errorf("%s: sent %v, want %v", name, mails, c.mails)
		}
	}
}

func TestAClosedProcedureTakesNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		return catalogue.SetOpen(ctx, tx, "courrier-maire", false)
	})
	for _, a := range []tenants.Actor{tenants.Guest(), w.citizen, w.admin} {
		err := w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.Submit(ctx, tx, letter())
			return err
		})
		if !fault.Is(err, "procedure_closed") {
			t.Errorf("%s: %v", a.Kind, err)
		}
	}
}

func TestNumbersHaveNoGapAndNoDouble(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-31")
	const clients, each = 16, 8
	numbers := make(chan string, clients*each)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := range each {
				// Every third submission fails after its number was given.
				err := w.DB.Write(t.Context(), w.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
					got, err := requests.Submit(t.Context(), tx, letter())
					if err != nil {
						return err
					}
					if i%3 == 2 {
						return errGivenUp
					}
					numbers <- got.Request.Number
					return nil
				})
				if err != nil && !errors.Is(err, errGivenUp) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	close(numbers)
	var got []string
	for n := range numbers {
		got = append(got, n)
	}
	slices.Sort(got)
	for i, n := range got {
		if want := fmt.Sprintf("26-%06d", i+1); n != want {
			t.Fatalf("number %d is %s, want %s", i, n, want)
		}
	}
	// A new civil year begins anew, and by the commune's clock.
	w.Clock.Set(time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC))
	if n := w.submit(letter()).Request.Number; n != "27-000001" {
		t.Errorf("the year's first number is %s", n)
	}
	// Another commune counts for itself.
	other := *w
	other.Tenant = w.Other
	other.furnish(w.Other)
	if n := other.submit(letter()).Request.Number; n != "27-000001" {
		t.Errorf("the other commune's first number is %s", n)
	}
}

var errGivenUp = errors.New("given up")

func TestTheSameKeyIsOneRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := letter()
	s.IdempotencyKey = "5f2c0a3e-0b7d-4a51"
	const clients = 16
	results := make([]requests.Submitted, clients)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			err := w.DB.Write(t.Context(), w.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
				results[i], err = requests.Submit(t.Context(), tx, s)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	first := 0
	for _, r := range results {
		if !r.Existing {
			first++
		}
		if r.Request.Number != "26-000001" || r.TrackingCode != results[0].TrackingCode || r.ReceiptID != results[0].ReceiptID || r.Request.ID != results[0].Request.ID {
			t.Errorf("another answer: %+v", r)
		}
	}
	if first != 1 {
		t.Errorf("%d of them made a request", first)
	}
	other := s
	other.Answers = forms.Answers{"nature": forms.Text("question"), "sujet": forms.Text("Autre"), "message": forms.Text("Autre")}
	err := w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Submit(ctx, tx, other)
		return err
	})
	if f := fault.Of(err); f == nil || f.Kind != fault.Conflict || f.Code != "idempotency_mismatch" {
		t.Errorf("another content: %v", err)
	}
	// The key is the caller's: another one's is another request.
	if got := w.submit(s, w.citizen); got.Existing {
		t.Error("a key of another caller was found")
	}
	// The next day the same is still the same.
	w.Clock.Set(w.Clock.Now().Add(24 * time.Hour))
	if got := w.submit(s); !got.Existing {
		t.Error("the repetition made another request")
	}
}

func TestWhoWritesElectronicallyIsIdentified(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for name, c := range map[string]struct {
		change  func(*requests.Submission)
		regular bool
		field   string // refused for it
	}{
		"complete":              {func(*requests.Submission) {}, true, ""},
		"no postal address":     {func(s *requests.Submission) { s.Applicant.PostalAddress = "" }, false, ""},
		"no e-mail":             {func(s *requests.Submission) { s.Applicant.Email = "" }, false, ""},
		"no way to be answered": {func(s *requests.Submission) { s.Applicant.Email, s.Applicant.PostalAddress = "", "" }, false, "applicant/email"},
		"no name":               {func(s *requests.Submission) { s.Applicant.FamilyName = " \u200b" }, false, "applicant/family_name"},
		"an association by its RNA": {func(s *requests.Submission) {
			s.Applicant = requests.Applicant{Organisation: "Amicale", OrganisationID: "w313012345", Email: "a@example.org"}
		}, true, ""},
		"a company by its SIRET": {func(s *requests.Submission) {
			s.Applicant = requests.Applicant{Organisation: "La Poste", OrganisationID: "356 000 000 00048", Email: "a@example.org"}
		}, true, ""},
		"a SIREN that is none":        {func(s *requests.Submission) { s.Applicant.OrganisationID = "123456789" }, false, "applicant/organisation_id"},
		"an e-mail that is none":      {func(s *requests.Submission) { s.Applicant.Email = "jeanne@@example" }, false, "applicant/email"},
		"a header in the e-mail":      {func(s *requests.Submission) { s.Applicant.Email = "a@b.fr\r\nBcc: x@y.fr" }, false, "applicant/email"},
		"a phone that is none":        {func(s *requests.Submission) { s.Applicant.Phone = "12" }, false, "applicant/phone"},
		"text messages without phone": {func(s *requests.Submission) { s.Applicant.SMS = true }, false, "applicant/phone"},
		"texts that cost a fortune":   {func(s *requests.Submission) { s.Applicant.SMS, s.Applicant.Phone = true, "+8801712345678" }, false, "applicant/phone"},
		"a name without end":          {func(s *requests.Submission) { s.Applicant.GivenName = strings.Repeat("a", 101) }, false, "applicant/given_name"},
		"a letter from anybody": {func(s *requests.Submission) {
			s.Channel = requests.ChannelPost
			s.Applicant = requests.Applicant{GivenName: "Paul", FamilyName: "Durand"}
		}, true, ""},
	} {
		s := letter()
		c.change(&s)
		var got requests.Submitted
		err := w.as(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
			got, err = requests.Submit(ctx, tx, s)
			return err
		})
		switch {
		case c.field == "" && (err != nil || got.Request.Regular != c.regular):
			t.Errorf("%s: regular %v, %v", name, got.Request.Regular, err)
		case c.field != "":
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Invalid || !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Path == c.field }) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestWhatCannotBeSubmitted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-10")
	for name, c := range map[string]struct {
		actor  tenants.Actor
		change func(*requests.Submission)
		code   string
	}{
		"answers missing":       {tenants.Guest(), func(s *requests.Submission) { s.Answers = forms.Answers{} }, "answers_invalid"},
		"a choice that is none": {tenants.Guest(), func(s *requests.Submission) { s.Answers["nature"] = forms.Text("x") }, "answers_invalid"},
		"somebody else's file": {tenants.Guest(), func(s *requests.Submission) {
			s.Answers["pieces_jointes"] = forms.Files(forms.FileRef{ID: string(tenants.NewID()), Name: "a.pdf", Size: 3})
		}, "answers_invalid"},
		"an unknown channel":          {tenants.Guest(), func(s *requests.Submission) { s.Channel = "fax" }, "channel_invalid"},
		"a guest at the counter":      {tenants.Guest(), func(s *requests.Submission) { s.Channel = requests.ChannelCounter }, "not_allowed"},
		"a citizen by letter":         {w.citizen, func(s *requests.Submission) { s.Channel = requests.ChannelPost }, "not_allowed"},
		"the hub":                     {tenants.Actor{Kind: tenants.ActorHub}, func(*requests.Submission) {}, "not_allowed"},
		"a guest who chooses the day": {tenants.Guest(), func(s *requests.Submission) { s.ReceivedOn = date(t, "2026-12-01") }, "received_on_invalid"},
		"a day to come":               {w.front, func(s *requests.Submission) { s.Channel, s.ReceivedOn = requests.ChannelPost, date(t, "2026-12-11") }, "received_on_invalid"},
		"two years ago":               {w.front, func(s *requests.Submission) { s.Channel, s.ReceivedOn = requests.ChannelPost, date(t, "2024-12-10") }, "received_on_invalid"},
		"transmitted before it came": {w.front, func(s *requests.Submission) {
			s.Channel, s.FirstReceivedOn = requests.ChannelPost, date(t, "2026-12-11")
		}, "received_on_invalid"},
		"an unknown procedure": {tenants.Guest(), func(s *requests.Submission) { s.ProcedureSlug = "rien" }, "procedure_unknown"},
		"an unknown version":   {tenants.Guest(), func(s *requests.Submission) { s.VersionID = tenants.NewID() }, "version_unknown"},
		"an unknown draft":     {tenants.Guest(), func(s *requests.Submission) { s.DraftID = tenants.NewID() }, "draft_unknown"},
		"a key without end":    {tenants.Guest(), func(s *requests.Submission) { s.IdempotencyKey = strings.Repeat("k", 256) }, "idempotency_key_invalid"},
	} {
		s := letter()
		c.change(&s)
		err := w.as(c.actor, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.Submit(ctx, tx, s)
			return err
		})
		if !fault.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

func TestAnEventThatComesTooSoonIsTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-10")
	got := w.submit(stall("2027-01-20")) // law.md §4: silence on 2027-02-10 is after the event
	if got.Request.SilenceLastDay.String() != "2027-02-10" || !strings.Contains(strings.Join(got.Warnings, " "), "20 janvier 2027") {
		t.Errorf("last day %s, warnings %q", got.Request.SilenceLastDay, got.Warnings)
	}
	late := w.submit(sale("2026-12-20"), w.front)
	if !strings.Contains(strings.Join(late.Warnings, " "), "hors délai") || !late.Request.SilenceLastDay.IsZero() {
		t.Errorf("late declaration: %q", late.Warnings)
	}
	if in := w.submit(sale("2027-03-20"), w.front); len(in.Warnings) != 0 {
		t.Errorf("declared in time: %q", in.Warnings)
	}
}
