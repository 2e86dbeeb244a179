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

// set changes the commune's settings, after its procedures were opened.
func (w *town) set(change func(*tenants.Settings)) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		s, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		change(&s)
		return tenants.PutSettings(ctx, tx, s, version)
	})
}

func (w *town) issue(a tenants.Actor, number string) error {
	return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.IssueReceipt(ctx, tx, number, w.version(ctx, tx, number))
		return err
	})
}

func abouts(d requests.Detail) (out []string) {
	for _, r := range d.Receipts {
		out = append(out, r.About())
	}
	return out
}

// The court is taken out after the procedure was opened. The request is taken in with a
// registration notice, its receipt is awaited, and leaves whole with one action.
func TestAReceiptThatWouldLackAMentionIsAwaited(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.set(func(s *tenants.Settings) { s.Court = tenants.Court{} })
	w.on("2026-12-24")
	got := w.submit(letter())
	number := got.Request.Number
	d := w.get(number)
	if !slices.Equal(abouts(d), []string{requests.AboutRegistration}) || d.Receipts[0].Complete || got.ReceiptID != d.Receipts[0].ID {
		t.Fatalf("receipts %+v", d.Receipts)
	}
	aee := d.Receipts[0]
	if !strings.Contains(aee.Text, number) || !strings.Contains(aee.Text, got.TrackingCode) || strings.Contains(aee.Text, "silence") || w.mails(number)["receipt"] != 1 {
		t.Errorf("the registration notice, mailed %v:\n%s", w.mails(number), aee.Text)
	}
	s := d.Standing
	if len(s.Awaited) != 1 || s.Awaited[0].DueOn.String() != "2027-01-11" || s.Awaited[0].About != requests.AboutRequest { // A2 of law.md
		t.Fatalf("awaited %+v", s.Awaited)
	}
	if len(s.Lacking) != 2 || s.Lacking[0].Code != "court_name" {
		t.Errorf("lacking %+v", s.Lacking)
	}
	if !strings.Contains(s.Consequence, "non opposable") || !strings.Contains(s.Consequence, "L.112-12") || s.Advice == "" {
		t.Errorf("consequence %q, advice %q", s.Consequence, s.Advice)
	}
	if owner := w.see(requests.GuestOf(got.Request), number); len(owner.Standing.Awaited) != 0 || slices.Contains(kinds(owner), "receipt_awaited") {
		t.Error("the person is told of the town hall's own affairs")
	}
	if err := w.issue(w.front, number); !fault.Is(err, "mentions_missing") || len(fault.Of(err).Fields) != 2 || fault.Of(err).Fields[0].Path != "settings/court_name" {
		t.Errorf("issued without a court: %v", err)
	}
	if err := w.issue(requests.GuestOf(got.Request), number); !fault.Is(err, "not_allowed") {
		t.Errorf("issued by the person: %v", err)
	}
	w.set(func(s *tenants.Settings) { s.Court = settings.Court })
	w.on("2027-01-05")
	if err := w.issue(w.front, number); err != nil {
		t.Fatal(err)
	}
	d = w.get(number)
	if !slices.Equal(abouts(d), []string{requests.AboutRegistration, requests.AboutRequest}) || !d.Receipts[1].Complete || d.Receipts[1].IssuedOn.String() != "2027-01-05" {
		t.Fatalf("receipts %+v", d.Receipts)
	}
	for _, want := range []string{number, got.TrackingCode, "24 décembre 2026", "24 février 2027", "Tribunal administratif de Toulouse"} {
		if !strings.Contains(d.Receipts[1].Text, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, d.Receipts[1].Text)
		}
	}
	if len(d.Standing.Awaited) != 0 || d.Standing.Consequence != "" || w.mails(number)["receipt"] != 2 {
		t.Errorf("standing %+v, mails %v", d.Standing, w.mails(number))
	}
	if err := w.issue(w.front, number); !fault.Is(err, "receipt_unknown") {
		t.Errorf("twice: %v", err)
	}
	// No number was lost, and what needs no court never waited.
	if got := w.submit(certificate()); got.Request.Number != "27-000001" || len(w.get(got.Request.Number).Standing.Awaited) != 0 {
		t.Errorf("number %s", got.Request.Number)
	}
}

func TestAFreeLetterIsRegisteredAndAcknowledgedLater(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-11-02")
	mail := letter()
	mail.Channel, mail.ReceiptLater, mail.ReceivedOn = requests.ChannelEmail, true, date(t, "2026-10-30") // A1 of law.md
	number := w.submit(mail, w.front).Request.Number
	d := w.get(number)
	if !slices.Equal(abouts(d), []string{requests.AboutRegistration}) || len(d.Standing.Awaited) != 1 || !d.Standing.Awaited[0].Sorting() ||
		d.Standing.Awaited[0].DueOn.String() != "2026-11-16" || len(d.Standing.Lacking) != 0 {
		t.Fatalf("receipts %v, standing %+v", abouts(d), d.Standing)
	}
	// A letter on paper has no registration notice; only its receipt is awaited.
	paper := letter()
	paper.Channel, paper.ReceiptLater, paper.Applicant.Email = requests.ChannelPost, true, ""
	posted := w.submit(paper, w.front).Request.Number
	if d := w.get(posted); len(d.Receipts) != 0 || len(d.Standing.Awaited) != 1 || !strings.Contains(d.Standing.Consequence, "L.112-6") {
		t.Errorf("on paper: %v, %+v", abouts(d), d.Standing)
	}
	// Nobody else can put a receipt off.
	web := letter()
	web.ReceiptLater = true
	if d := w.get(w.submit(web).Request.Number); !slices.Equal(abouts(d), []string{requests.AboutRequest}) {
		t.Errorf("on the web: %v", abouts(d))
	}
	var list []requests.Awaited
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
		list, err = requests.AwaitedReceipts(ctx, tx)
		return err
	})
	if len(list) != 2 || list[0].Number != posted && list[0].Number != number {
		t.Errorf("awaited %+v", list)
	}
	if err := w.issue(w.front, posted); err != nil {
		t.Fatal(err)
	}
	d = w.get(posted)
	if !slices.Equal(abouts(d), []string{requests.AboutRequest}) || d.Receipts[0].Regime != "paper" {
		t.Fatalf("issued on paper: %+v", d.Receipts)
	}
	if l := w.letters(w.front, requests.LettersToPost); len(l) != 1 || l[0].Kind != requests.LetterReceipt || l[0].About != d.Receipts[0].ID || !strings.Contains(d.Receipts[0].Text, strings.TrimSpace(l[0].Body)) || l[0].Awaited {
		t.Errorf("to post: %+v", l)
	}
	// Pieces that were asked for before stand in it, with the date that they give (R.112-11-4).
	w.on("2026-11-10")
	if err := w.ask(number, "2026-11-25"); err != nil {
		t.Fatal(err)
	}
	if err := w.issue(w.front, number); err != nil {
		t.Fatal(err)
	}
	d = w.get(number)
	if text := d.Receipts[1].Text; !strings.Contains(text, "Attestation d’assurance") || !strings.Contains(text, d.SilenceLastDay.French()) || !strings.Contains(text, "25 novembre 2026") {
		t.Errorf("the receipt reads\n%s", text)
	}
}

func TestAwaitedReceiptsAreWatchedAndInTheDigest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.set(func(s *tenants.Settings) { s.Court = tenants.Court{} })
	w.on("2026-11-30")
	number := w.submit(letter()).Request.Number // due on Monday 2026-12-14
	var want []string
	for _, c := range []struct{ day, alert string }{
		{"2026-12-09", ""}, {"2026-12-10", "receipt_near"}, {"2026-12-11", ""}, {"2026-12-14", ""}, {"2026-12-15", "receipt_late"}, {"2026-12-16", ""},
	} {
		w.on(c.day)
		for range 2 {
			w.watch()
		}
		if c.alert != "" {
			want = append(want, c.alert)
		}
		if got := w.alerts(number); !slices.Equal(got, want) {
			t.Fatalf("on %s: %v, want %v", c.day, got, want)
		}
	}
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Digest(ctx, tx)
		return err
	})
	for _, m := range w.outbox("digest") {
		if !strings.Contains(m.Text, "Accusés de réception à délivrer : 1") || !strings.Contains(m.Text, "14 décembre 2026") {
			t.Errorf("the digest reads\n%s", m.Text)
		}
	}
	// Once silence has refused, a receipt has nothing to announce, and the refusal binds nobody.
	w.on("2027-02-01")
	w.lapse()
	w.on("2027-02-02")
	w.lapse()
	w.set(func(s *tenants.Settings) { s.Court = settings.Court })
	if err := w.issue(w.front, number); !fault.Is(err, "action_not_possible") {
		t.Errorf("issued after the silence: %v", err)
	}
	d := w.get(number)
	if d.Decisions[0].AppealLastDay.String() != "" || d.Appeal.Opposable || !strings.Contains(d.Standing.Consequence, "L.112-12") || d.Standing.Advice == "" {
		t.Errorf("appeal %+v, standing %+v", d.Appeal, d.Standing)
	}
}

// A document and a message are sendings too (L.112-11): each has its receipt, or is awaited.
func TestEverySendingIsAcknowledged(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	guest := requests.GuestOf(r)
	write := func() {
		w.must(guest, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.Write(ctx, tx, r.Number, "Le bruit continue.")
			return err
		})
	}
	write()
	if err := w.upload(guest, r.Number, ""); err != nil {
		t.Fatal(err)
	}
	d := w.get(r.Number)
	if !slices.Equal(abouts(d), []string{requests.AboutRequest, requests.AboutMessage, requests.AboutDocument}) {
		t.Fatalf("receipts %v", abouts(d))
	}
	for _, x := range d.Receipts[1:] {
		if !x.Complete || x.Regime != "electronic" || len(x.SHA256) != 32 || !strings.Contains(x.Text, "1er décembre 2026") || !strings.Contains(x.Text, "05 61 71 70 00") || strings.Contains(x.Text, "silence") {
			t.Errorf("%s reads\n%s", x.About(), x.Text)
		}
	}
	if strings.Contains(d.Receipts[1].Text, "Le bruit continue") {
		t.Error("the receipt of a message repeats it")
	}
	w.set(func(s *tenants.Settings) { s.Phone = "" })
	write()
	if err := w.upload(guest, r.Number, ""); err != nil {
		t.Fatal(err)
	}
	d = w.get(r.Number)
	if !slices.Equal(abouts(d)[3:], []string{requests.AboutRegistration, requests.AboutRegistration}) || len(d.Standing.Awaited) != 2 || len(d.Standing.Lacking) != 1 {
		t.Fatalf("receipts %v, standing %+v", abouts(d), d.Standing)
	}
	if d.Standing.Consequence != "" {
		t.Errorf("the receipt of the request is complete, and yet %q", d.Standing.Consequence)
	}
	w.set(func(s *tenants.Settings) { s.Phone = settings.Phone })
	if err := w.issue(w.front, r.Number); err != nil {
		t.Fatal(err)
	}
	if d = w.get(r.Number); !slices.Equal(abouts(d)[5:], []string{requests.AboutMessage, requests.AboutDocument}) || !strings.Contains(d.Receipts[6].Text, "assurance.pdf") {
		t.Errorf("receipts %v", abouts(d))
	}
}

// On paper an exemption is said with its reason (R.112-4); electronically there is none (B1, B2).
func TestAnExemptionSaysItsReason(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	byPost := certificate()
	byPost.Channel, byPost.Applicant.Email = requests.ChannelPost, ""
	for name, c := range map[string]struct {
		s    requests.Submission
		want string
	}{
		"a certificate by letter":      {byPost, "R.112-4, 2°"},
		"a certificate on the web":     {certificate(), ""},
		"a declaration at the counter": {sale("2027-03-20"), "L.112-3"},
		"a letter to the mayor":        {letter(), ""},
	} {
		actor := tenants.Guest()
		if c.s.Channel != requests.ChannelWeb {
			actor = w.front
		}
		got := w.get(w.submit(c.s, actor).Request.Number).Standing.Exempt
		if c.want == "" && got != "" || !strings.Contains(strings.ReplaceAll(got, "\u00a0", " "), c.want) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
	// What is given all the same waits to be posted, as it was kept.
	if l := w.letters(w.front, requests.LettersToPost); len(l) != 1 || !strings.Contains(l[0].Body, l[0].Number) || strings.Contains(l[0].Body, "répondre à ce message") {
		t.Errorf("to post: %+v", l)
	}
	// Without a postal address no receipt on paper can be made: of what is exempt none is awaited.
	w.set(func(s *tenants.Settings) { s.PostalAddress = "" })
	if d := w.get(w.submit(byPost, w.front).Request.Number); len(d.Receipts) != 0 || len(d.Standing.Awaited) != 0 || d.Standing.Exempt == "" {
		t.Errorf("exempt: %v, %+v", abouts(d), d.Standing)
	}
	paper := letter()
	paper.Channel, paper.Applicant.Email = requests.ChannelCounter, ""
	if d := w.get(w.submit(paper, w.front).Request.Number); len(d.Receipts) != 0 || len(d.Standing.Awaited) != 1 || d.Standing.Lacking[0].Code != "service_postal_address" {
		t.Errorf("due: %v, %+v", abouts(d), d.Standing)
	}
}

// An e-mail that was recorded, and whose receipt came back, was not acknowledged (R4): until it is
// handed over otherwise. What a page has shown is only doubtful.
func TestAReceiptThatCameBackDoesNotBind(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	mail := letter()
	mail.Channel = requests.ChannelEmail
	first, second := w.submit(mail, w.front).Request, w.submit(mail, w.front).Request
	shown := w.submit(letter()).Request
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `update notification set state = 'bounced'`)
		return err
	})
	d := w.get(first.Number)
	if d.Standing.Returned == "" || !strings.Contains(d.Standing.Consequence, "non opposable") {
		t.Fatalf("standing %+v", d.Standing)
	}
	if s := w.get(shown.Number).Standing; s.Returned == "" || strings.Contains(s.Consequence, "non opposable") || s.Consequence == "" {
		t.Errorf("shown on a page: %+v", s)
	}
	hand := func(a tenants.Actor, receipt tenants.ID) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.HandOverReceipt(ctx, tx, first.Number, receipt, w.version(ctx, tx, first.Number))
			return err
		})
	}
	if err := hand(w.front, w.get(second.Number).Standing.Returned); !fault.Is(err, "receipt_unknown") {
		t.Errorf("another request's receipt: %v", err)
	}
	if err := hand(requests.GuestOf(first), d.Standing.Returned); !fault.Is(err, "not_allowed") {
		t.Errorf("by the person: %v", err)
	}
	if err := hand(w.front, d.Standing.Returned); err != nil {
		t.Fatal(err)
	}
	if s := w.get(first.Number).Standing; s.Returned != "" || s.Consequence != "" {
		t.Errorf("handed over: %+v", s)
	}
	w.on("2027-02-02")
	w.lapse()
	for number, want := range map[string]string{first.Number: "2027-04-02", second.Number: "", shown.Number: "2027-04-02"} {
		d := w.get(number)
		if got := d.Decisions[0].AppealLastDay.String(); got != want || d.Appeal.Opposable != (want != "") {
			t.Errorf("%s: appeal until %q, %+v", number, got, d.Appeal)
		}
	}
	if d := w.get(first.Number); d.Decisions[0].Outcome != catalogue.OutcomeImplicitRejection {
		t.Errorf("decided %+v", d.Decisions)
	}
}

// A receipt on paper that lies in the print queue was transmitted to nobody: the time for
// appeal runs only once it was posted (or handed over), and only if that came before the
// silence refused (CRPA L.112-6; law.md R4).
func TestAReceiptCountsFromTheDayItIsPosted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	paper := letter()
	paper.Channel, paper.Applicant.Email = requests.ChannelPost, ""
	numbers := map[string]string{}
	for _, what := range []string{"posted", "handed over", "late", "never"} {
		numbers[what] = w.submit(paper, w.front).Request.Number
	}
	d := w.get(numbers["posted"])
	if len(d.Receipts) != 1 || !d.Receipts[0].ToPost || d.Standing.ToPost != d.Receipts[0].ID {
		t.Fatalf("receipts %+v, standing %+v", d.Receipts, d.Standing)
	}
	if c := d.Standing.Consequence; !strings.Contains(c, "recours non opposable") || !strings.Contains(c, "posté") || !strings.Contains(c, "L.112-6") || d.Standing.Advice == "" {
		t.Errorf("consequence %q, advice %q", c, d.Standing.Advice)
	}
	queue := func(number string) (out []requests.Letter) {
		for _, l := range w.letters(w.front, requests.LettersToPost) {
			if l.Number == number && l.Kind == requests.LetterReceipt {
				out = append(out, l)
			}
		}
		return out
	}
	w.on("2027-02-01") // the last day
	if err := w.post(queue(numbers["posted"]), "2027-02-01"); err != nil {
		t.Fatal(err)
	}
	handed := numbers["handed over"]
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.HandOverReceipt(ctx, tx, handed, w.get(handed).Receipts[0].ID, w.version(ctx, tx, handed))
		return err
	})
	if len(queue(handed)) != 0 || len(queue(numbers["late"])) != 1 {
		t.Error("what was handed over still waits to be posted, or what was not does not")
	}
	for _, what := range []string{"posted", "handed over"} {
		d := w.get(numbers[what])
		if d.Standing.Consequence != "" || d.Standing.ToPost != "" || d.Receipts[0].SentOn.String() != "2027-02-01" {
			t.Errorf("%s: %+v, %+v", what, d.Standing, d.Receipts[0])
		}
	}
	w.on("2027-02-02")
	w.lapse()
	if err := w.post(queue(numbers["late"]), "2027-02-02"); err != nil {
		t.Fatal(err)
	}
	for what, last := range map[string]string{"posted": "2027-04-02", "handed over": "2027-04-02", "late": "", "never": ""} {
		var why requests.Why
		w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
			why, err = requests.GetWhy(ctx, tx, numbers[what])
			return err
		})
		if why.Appeal.Opposable != (last != "") || why.Appeal.LastDay != date(t, last) || why.Decisions[0].AppealLastDay != date(t, last) || why.Dates.Appeal.LastDay != date(t, last) {
			t.Errorf("%s: appeal %+v, decision until %s, why until %s; want %q", what, why.Appeal, why.Decisions[0].AppealLastDay, why.Dates.Appeal.LastDay, last)
		}
		if said := strings.Contains(why.Standing.Consequence, "recours non opposable"); said != (last == "") {
			t.Errorf("%s: %q", what, why.Standing.Consequence)
		}
	}
}

// A receipt on paper is among those awaited, printed or not, until its posting is noted.
func TestAReceiptOnPaperIsAwaitedUntilItIsPosted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := letter()
	s.Channel, s.Applicant.Email = requests.ChannelPost, ""
	number := w.submit(s, w.front).Request.Number
	awaited := func() (list []requests.Awaited, a requests.Attention) {
		w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
			if list, err = requests.AwaitedReceipts(ctx, tx); err == nil {
				a, err = requests.NeedsAttention(ctx, tx)
			}
			return err
		})
		return list, a
	}
	list, a := awaited()
	if len(list) != 1 || list[0].Number != number || !list[0].Posting() || list[0].DueOn != date(t, "2026-12-15") || a.ToPost != 1 || a.PostOn != list[0].DueOn || a.Receipts != 0 {
		t.Fatalf("awaited %+v, attention %+v", list, a)
	}
	w.on("2026-12-03")
	if err := w.post(w.letters(w.front, requests.LettersToPost), "2026-12-03"); err != nil {
		t.Fatal(err)
	}
	if list, a = awaited(); len(list) != 0 || a.ToPost != 0 {
		t.Errorf("posted: awaited %+v, attention %+v", list, a)
	}
}

// A receipt that another one replaces before it is posted does not leave.
func TestAReplacedReceiptIsNotPosted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := question()
	s.Channel, s.Applicant.Email = requests.ChannelPost, ""
	number := w.submit(s, w.front).Request.Number
	w.on("2026-12-02")
	if err := w.reclassify(number, requests.Reclassification{Kind: requests.KindRequest, Reason: "C’est une réclamation."}); err != nil {
		t.Fatal(err)
	}
	var receipts []requests.Letter
	for _, l := range w.letters(w.front, requests.LettersToPost) {
		if l.Kind == requests.LetterReceipt {
			receipts = append(receipts, l)
		}
	}
	if len(receipts) != 1 || !strings.Contains(receipts[0].Body, "1er février 2027") {
		t.Errorf("to be posted: %+v", receipts)
	}
}
