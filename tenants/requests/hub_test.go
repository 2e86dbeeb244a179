package requests_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// doors are all that this package exports to be done in a transaction: those that the
// test below does not name fail it, so that a new one is tried too.
func doors(t *testing.T) []string {
	t.Helper()
	var names []string
	source := os.DirFS(".")
	list, err := fs.Glob(source, "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range list {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || len(f.Type.Params.List) < 2 {
				continue
			}
			if p, ok := f.Type.Params.List[1].Type.(*ast.StarExpr); ok {
				if s, ok := p.X.(*ast.SelectorExpr); ok && s.Sel.Name == "Tx" {
					names = append(names, f.Name.Name)
				}
			}
		}
	}
	return names
}

// The hub reads no file and acts on none, whatever is delegated to it; whom the commune
// let in reads, and acts on nothing.
func TestNoDoorOpensToTheHub(t *testing.T) { //nolint:funlen // one line a door
	t.Parallel()
	w := newTown(t)
	n := w.submit(letter(), w.citizen).Request.Number
	id := tenants.NewID()
	var own requests.Draft
	w.must(w.citizen, func(ctx context.Context, tx *tenants.Tx) (err error) {
		own, _, err = requests.StartDraft(ctx, tx, letter().ProcedureSlug, w.citizen.ID)
		return err
	})
	type try = func(ctx context.Context, tx *tenants.Tx) error
	last := func(_ any, err error) error { return err }
	tries := map[string]try{
		"AgreeDecision": func(ctx context.Context, tx *tenants.Tx) error { return requests.AgreeDecision(ctx, tx, n, true) },
		"Transmit": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Transmit(ctx, tx, n, requests.Transmittal{To: requests.Party{Code: "31446"}, Reason: "a"}, 1))
		},
		"TransmitOutside": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.TransmitOutside(ctx, tx, n, requests.OutsideTransmittal{Reason: "a"}, 1))
		},
		"Reclassify": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Reclassify(ctx, tx, n, requests.Reclassification{Kind: requests.KindRequest, Reason: "a"}, 1))
		},
		"ForeseeKind": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.ForeseeKind(ctx, tx, n, requests.KindRequest))
		},
		"KnownOutside": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.KnownOutside(ctx, tx)) },
		"DateTransmission": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.DateTransmission(ctx, tx, n, id, tx.Today(), 1))
		},
		"OpenFile": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.OpenFile(ctx, tx, id, "x")) },
		"Recall":   func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Recall(ctx, tx, n, 1)) },
		"Outbound": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Outbound(ctx, tx, id)) },
		"ClaimTransmission": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.ClaimTransmission(ctx, tx, id)
		},
		"HoldTransmission": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.HoldTransmission(ctx, tx, id, "", true)
		},
		"FailTransmission": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.FailTransmission(ctx, tx, id, "")
		},
		"RequeueTransmissions": requests.RequeueTransmissions,
		"Arrived": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.Arrived(ctx, tx, requests.Parcel{}, requests.Arrival{})
		},
		"Receive": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Receive(ctx, tx, requests.Parcel{}, nil))
		},
		"Found": func(ctx context.Context, tx *tenants.Tx) error {
			_, _, err := requests.Found(ctx, tx, requests.Parcel{})
			return err
		},
		"Take":         func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Take(ctx, tx, n, 1)) },
		"Assign":       func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Assign(ctx, tx, n, id, 1)) },
		"SetService":   func(ctx context.Context, tx *tenants.Tx) error { return last(requests.SetService(ctx, tx, n, id, 1)) },
		"Withdraw":     func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Withdraw(ctx, tx, n, "", 1)) },
		"Changes":      func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Changes(ctx, tx, n, 0)) },
		"Get":          func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Get(ctx, tx, n)) },
		"Inherit":      func(ctx context.Context, tx *tenants.Tx) error { return requests.Inherit(ctx, tx, id) },
		"MarkRead":     func(ctx context.Context, tx *tenants.Tx) error { return requests.MarkRead(ctx, tx, n) },
		"Write":        func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Write(ctx, tx, n, "a")) },
		"AddNote":      func(ctx context.Context, tx *tenants.Tx) error { return last(requests.AddNote(ctx, tx, n, "a")) },
		"TrackingCode": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.TrackingCode(ctx, tx, n)) },
		"Claim":        func(ctx context.Context, tx *tenants.Tx) error { return requests.Claim(ctx, tx, n, "1111-1111-1111") },
		"Lapse":        func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, n) },
		"LapseDue":     func(ctx context.Context, tx *tenants.Tx) error { return last(requests.LapseDue(ctx, tx)) },
		"Watch":        func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Watch(ctx, tx)) },
		"Digest":       func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Digest(ctx, tx)) },
		"NextMorning":  func(ctx context.Context, tx *tenants.Tx) error { return last(requests.NextMorning(ctx, tx)) },
		"Simulate": func(ctx context.Context, tx *tenants.Tx) error { // what is published is anybody's to compute; what is not, agents' alone
			return last(requests.Simulate(ctx, tx, requests.Simulation{Procedure: "permis-construire"}))
		},
		"Mine": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Mine(ctx, tx)) },
		"List": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.List(ctx, tx, requests.Filter{}))
		},
		"ListCounts":      func(ctx context.Context, tx *tenants.Tx) error { return last(requests.ListCounts(ctx, tx)) },
		"Attest":          func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Attest(ctx, tx, n)) },
		"MailAttestation": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.MailAttestation(ctx, tx, n)) },
		"AskReasons":      func(ctx context.Context, tx *tenants.Tx) error { return last(requests.AskReasons(ctx, tx, n)) },
		"GiveReasons": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.GiveReasons(ctx, tx, n, requests.ReasonsInput{Reasons: "a"}, 1))
		},
		"FindPaper": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.FindPaper(ctx, tx, n, requests.Paper{Kind: documents.Receipt, ID: id}))
		},
		"IssuePaper": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.IssuePaper(ctx, tx, n, requests.Paper{Kind: documents.Receipt, ID: id}))
		},
		"Verify": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Verify(ctx, tx, "K7QD2F-9XMPA4"))
		},
		"ProjectionOf": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.ProjectionOf(ctx, tx, id)) },
		"PurgeDrafts":  func(ctx context.Context, tx *tenants.Tx) error { return last(requests.PurgeDrafts(ctx, tx)) },
		"DraftsOf":     func(ctx context.Context, tx *tenants.Tx) error { return last(requests.DraftsOf(ctx, tx, w.citizen.ID)) },
		"DraftByID":    func(ctx context.Context, tx *tenants.Tx) error { return last(requests.DraftByID(ctx, tx, own.ID)) },
		"DraftByToken": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.DraftByToken(ctx, tx, "x")) },
		"LockDraft":    func(ctx context.Context, tx *tenants.Tx) error { return last(requests.LockDraft(ctx, tx, "x")) },
		"Rate":         func(ctx context.Context, tx *tenants.Tx) error { return requests.Rate(ctx, tx, n, requests.RatingGood) },
		"DropDraft":    func(ctx context.Context, tx *tenants.Tx) error { return requests.DropDraft(ctx, tx, own) },
		"GetByTracking": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.GetByTracking(ctx, tx, n, "1111-1111-1111"))
		},
		"SaveDraft": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.SaveDraft(ctx, tx, own, nil, "x"))
		},
		"ClaimDraft": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.ClaimDraft(ctx, tx, own, id)) },
		"MailDraftCode": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.MailDraftCode(ctx, tx, own, "x", "a@b.fr")
		},
		"DetachFromDraft": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.DetachFromDraft(ctx, tx, own, id))
		},
		"SubmitLast": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.SubmitLast(ctx, tx, letter())) },
		"Submit":     func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Submit(ctx, tx, letter())) },
		"StartDraft": func(ctx context.Context, tx *tenants.Tx) error {
			_, _, err := requests.StartDraft(ctx, tx, letter().ProcedureSlug, "")
			return err
		},
		"SaveDraftApplicant": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.SaveDraftApplicant(ctx, tx, own, requests.Applicant{}))
		},
		"AttachToDraft": func(ctx context.Context, tx *tenants.Tx) error {
			_, _, err := requests.AttachToDraft(ctx, tx, own, "x", files.Stored{})
			return err
		},
		"CorrectApplicant": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.CorrectApplicant(ctx, tx, n, requests.Applicant{}, 1))
		},
		"Decide": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Decide(ctx, tx, n, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "a"}, 1))
		},
		"PreviewLetter": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.PreviewLetter(ctx, tx, n, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "a"}))
		},
		"ConfirmNotified": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.ConfirmNotified(ctx, tx, n, id, calendar.Date{}, 1))
		},
		"ConfirmNotice": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.ConfirmNotice(ctx, tx, n, id, calendar.Date{}, 1))
		},
		"AskDocuments": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.AskDocuments(ctx, tx, n, requests.Notice{}, 1))
		},
		"AddDocument": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.AddDocument(ctx, tx, n, "", files.Stored{}))
		},
		"CompleteDocuments": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.CompleteDocuments(ctx, tx, n, 1))
		},
		"DocumentOf": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.DocumentOf(ctx, tx, n, id)) },
		"ReceiptOf":  func(ctx context.Context, tx *tenants.Tx) error { return last(requests.ReceiptOf(ctx, tx, n, id)) },
		"Letters": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Letters(ctx, tx, requests.LettersToPost))
		},
		"CountLetters": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.CountLetters(ctx, tx)) },
		"LettersByID": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.LettersByID(ctx, tx, []tenants.ID{id}))
		},
		"Prepare": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Prepare(ctx, tx, n, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "a"}, 1))
		},
		"Sign":           func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Sign(ctx, tx, n, 1)) },
		"SendBack":       func(ctx context.Context, tx *tenants.Tx) error { return last(requests.SendBack(ctx, tx, n, "a", 1)) },
		"ListToSign":     func(ctx context.Context, tx *tenants.Tx) error { return last(requests.ListToSign(ctx, tx)) },
		"CountToSign":    func(ctx context.Context, tx *tenants.Tx) error { return last(requests.CountToSign(ctx, tx)) },
		"NeedsSignature": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.NeedsSignature(ctx, tx, n, "")) },
		"Reopen":         func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Reopen(ctx, tx, n, "a", 1)) },
		"IssueLetters": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.IssueLetters(ctx, tx, []tenants.ID{id}, ""))
		},
		"IssuedLetters": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.IssuedLetters(ctx, tx, nil)) },
		"MarkPrinted": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.MarkPrinted(ctx, tx, []tenants.ID{id})
		},
		"MarkPosted": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.MarkPosted(ctx, tx, []tenants.ID{id}, tx.Today())
		},
		"ConfirmLetters": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.ConfirmLetters(ctx, tx, []tenants.ID{id}, tx.Today())
		},
		"NoticeSources": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.NoticeSources(ctx, tx)) },
		"Sources":       func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Sources(ctx, tx)) },
		"WarnSource":    func(ctx context.Context, tx *tenants.Tx) error { return requests.WarnSource(ctx, tx, "00") },
		"BlockSource":   func(ctx context.Context, tx *tenants.Tx) error { return requests.BlockSource(ctx, tx, "00", 1, "a") },
		"UnblockSource": func(ctx context.Context, tx *tenants.Tx) error { return requests.UnblockSource(ctx, tx, "00") },
		"IssueReceipt":  func(ctx context.Context, tx *tenants.Tx) error { return last(requests.IssueReceipt(ctx, tx, n, 1)) },
		"HandOverReceipt": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.HandOverReceipt(ctx, tx, n, id, 1))
		},
		"AwaitedReceipts": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.AwaitedReceipts(ctx, tx)) },
		"NeedsAttention":  func(ctx context.Context, tx *tenants.Tx) error { return last(requests.NeedsAttention(ctx, tx)) },
		"CorrectFact": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.CorrectFact(ctx, tx, n, requests.Correction{}, 1))
		},
		"Incidents": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Incidents(ctx, tx)) },
		"RecordIncident": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.RecordIncident(ctx, tx, tx.Now().Add(-time.Hour), tx.Now(), "panne")
		},
		"WithdrawIncident": func(ctx context.Context, tx *tenants.Tx) error { return requests.WithdrawIncident(ctx, tx, id) },
		"TakeOutages":      func(ctx context.Context, tx *tenants.Tx) error { return requests.TakeOutages(ctx, tx, nil) },
		"SettleDate": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.SettleDate(ctx, tx, n, requests.Settlement{}, 1))
		},
		"GetWhy": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.GetWhy(ctx, tx, n)) },
		"Codes": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.Codes(ctx, tx, func(tenants.ID, string) error { return nil })
		},
		"Hear":   func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Hear(ctx, tx, n, illegal, 1)) },
		"Revoke": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Revoke(ctx, tx, n, illegal, 1)) },
		"PreviewRevocation": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.PreviewRevocation(ctx, tx, n, catalogue.OutcomeHearing, illegal))
		},
		"Suspend": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.Suspend(ctx, tx, n, requests.SuspensionInput{}, 1))
		},
		"Extend": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.Extend(ctx, tx, n, "a", 1)) },
		"NoteRecourse": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.NoteRecourse(ctx, tx, n, requests.Recourse{Kind: requests.FactGracious}, 1))
		},
		"ListPublished": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.ListPublished(ctx, tx)) },
		"InviteToRegularise": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.InviteToRegularise(ctx, tx, n, requests.Regularisation{What: "a"}, 1))
		},
		"EndSuspension": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.EndSuspension(ctx, tx, n, "a", 1))
		},
		"ConfirmSuspension": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.ConfirmSuspension(ctx, tx, n, id, calendar.Date{}, 1))
		},
		"ConfirmHearing": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.ConfirmHearing(ctx, tx, n, id, calendar.Date{}, 1))
		},
		"NoteObservations": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.NoteObservations(ctx, tx, n, id, "a", calendar.Date{}, 1))
		},
		"SetResidence": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.SetResidence(ctx, tx, n, "abroad", 1))
		},
		"Signatories": func(ctx context.Context, tx *tenants.Tx) error {
			_, _, err := requests.Signatories(ctx, tx, n)
			return err
		},
		"TakeTransition": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.TakeTransition(ctx, tx, n, "a", 1))
		},
		"NotePayment": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.NotePayment(ctx, tx, n, tx.Today(), 1))
		},
		"Advance": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.Advance(ctx, tx, requests.AdvanceArgs{Request: id})
		},
		"GiveOpinion": func(ctx context.Context, tx *tenants.Tx) error {
			return requests.GiveOpinion(ctx, tx, n, id, requests.SenseFavourable, "a")
		},
		"ListOpinions":  func(ctx context.Context, tx *tenants.Tx) error { return last(requests.ListOpinions(ctx, tx)) },
		"CountOpinions": func(ctx context.Context, tx *tenants.Tx) error { return last(requests.CountOpinions(ctx, tx)) },
		"OpenCall": func(ctx context.Context, tx *tenants.Tx) error {
			_, _, err := requests.OpenCall(ctx, tx, id)
			return err
		},
		"EndCall": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.EndCall(ctx, tx, requests.Call{ID: id}, "", false))
		},
		"KeepCodes": func(ctx context.Context, tx *tenants.Tx) error {
			return last(requests.KeepCodes(ctx, tx, func(tenants.ID) string { return "" }))
		},
	}
	for _, name := range doors(t) {
		if tries[name] == nil {
			t.Errorf("%s is not tried in the hub's name", name)
		}
	}
	reads := map[string]bool{"Incidents": true, "Changes": true, "Get": true, "GetWhy": true, "List": true, "ListCounts": true, "MarkRead": true, "AwaitedReceipts": true, "NeedsAttention": true, "Letters": true, "IssuedLetters": true, "ListToSign": true, "CountToSign": true, "ListOpinions": true, "CountOpinions": true, "CountLetters": true, "Sources": true}
	hub := tenants.Actor{Kind: tenants.ActorHub, ID: tenants.NewID(), Name: "Hélène Garrigues", HubRole: tenants.HubManager, Delegate: true}
	support := tenants.Actor{Kind: tenants.ActorSupport, ID: hub.ID, Name: hub.Name}
	for name, door := range tries {
		err := w.as(hub, door)
		if f := fault.Of(err); f == nil || f.Kind == fault.Internal || f.Kind == fault.Invalid {
			t.Errorf("the hub, %s: %v", name, err)
		}
		err = w.as(support, door)
		if f := fault.Of(err); (f == nil) != reads[name] || f != nil && (f.Kind == fault.Internal || f.Kind == fault.Invalid) {
			t.Errorf("support, %s: %v", name, err)
		}
	}
	if d := w.see(support, n); len(d.Actions) != 0 {
		t.Errorf("support may %v", d.Actions)
	}
}
