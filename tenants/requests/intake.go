package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

// Submission is what somebody asks.
type Submission struct {
	ProcedureSlug string
	VersionID     tenants.ID // the version that was filled in; empty: the one in force
	Channel       string
	Applicant     Applicant
	Answers       forms.Answers
	// Body are the answers as JSON, in place of Answers: read as the form in force wants them.
	Body json.RawMessage `json:"-"`
	// DraftID submits a draft: its version, its files and, where they are not given,
	// its answers and its applicant. It is then deleted.
	DraftID tenants.ID
	// IdempotencyKey makes a repeated submission one request; at most 255 bytes,
	// scoped to the tenant and to who submits. A draft is its own key.
	IdempotencyKey string
	// ReceivedOn is the day on which a letter, a call or a visit was received; only
	// agents give it, never in the future. Zero: today.
	ReceivedOn calendar.Date
	// FirstReceivedOn is the day on which another administration received it before
	// it was transmitted (L.114-2). Zero: ReceivedOn.
	FirstReceivedOn calendar.Date
	CitizenID       tenants.ID // of the account it is for; a signed-in citizen's own
	// ReceiptLater lets only the registration leave at once, and the receipt once an agent has
	// found whose business a free letter is: agents alone, for an e-mail or a letter.
	ReceiptLater bool `json:",omitempty"`
	// Level is how well the session knows who submits on the web (identity.LevelAccount,
	// LevelState); 0 for a guest.
	Level int
	// Network names the sender's network (identity.Network); of it nothing but a keyed hash
	// is kept, to count what one source sends. Empty: not known, or an agent's.
	Network string `json:"-"`
}

// Submitted is what a submission gives.
type Submitted struct {
	Request      Request
	TrackingCode string
	ReceiptID    tenants.ID // none where no receipt is due (R.112-4)
	Existing     bool       // the same had been submitted before
	Warnings     []string   // French: an event that comes too soon…
}

// intake is a submission on its way to becoming a request.
type intake struct {
	tx        *tenants.Tx
	s         Submission
	last      bool // the transaction ends with it
	draft     *Draft
	key       string // scoped; "" for none
	payload   []byte
	readEntry func(context.Context, *tenants.Tx) (catalogue.Entry, error) // set once it was asked for
	entry     catalogue.Entry
	tables    forms.Tables // that the form draws from
	settings  tenants.Settings
	id        tenants.ID
	deadline  calendar.Deadline
	r         Request
	sources   []knownSource
	abusive   bool      // one of them is sending the same over and over: no receipt is due
	awaits    string    // why the receipt cannot leave at once; "" where it does
	arriving  *incoming // from another administration; nil: from the person
}

// Submit takes a request in: it checks it, gives it its number and code, starts the
// legal clock, keeps the receipt and asks for its sending, in the transaction.
//
// Anyone may submit by the web and the API, citizens and guests for themselves;
// agents by every channel. The same key with the same content gives the same
// request and code again; with another content it is fault.Conflict
// "idempotency_mismatch". A procedure that is not open is fault.Conflict
// "procedure_closed", a portal whose commune did not subscribe after its trial
// "intake_paused". A receipt that would lack a mention is awaited ([IssueReceipt]); on a
// commune that is not migrated yet it is fault.Conflict "mentions_missing", and nothing is
// taken in. From a source that an agent blocked it is fault.Forbidden "sender_blocked", with
// the reason and the last day; a draft is kept.
func Submit(ctx context.Context, tx *tenants.Tx, s Submission) (Submitted, error) {
	return (&intake{tx: tx, s: s}).submit(ctx)
}

// SubmitLast is [Submit] as a transaction's last act: it commits with the request, so that
// the counter of numbers is locked for as short as can be. No statement may follow.
func SubmitLast(ctx context.Context, tx *tenants.Tx, s Submission) (Submitted, error) {
	return (&intake{tx: tx, s: s, last: true}).submit(ctx)
}

func (in *intake) submit(ctx context.Context) (Submitted, error) {
	tx := in.tx
	if err := in.checkWho(); err != nil {
		return Submitted{}, err
	}
	before, err := in.look(ctx)
	if err != nil {
		return Submitted{}, err
	}
	if len(before) > 0 {
		return in.repeated(ctx, before[0])
	}
	if tx.Tenant().State == tenants.StateSuspended {
		return Submitted{}, fault.New(fault.Unavailable, "tenant_suspended")
	}
	for _, step := range []func(context.Context) error{in.loadDraft, in.loadProcedure, in.checkSource, in.checkLevel, in.checkContent, in.route, in.startClock} {
		if err := step(ctx); err != nil {
			return Submitted{}, err
		}
	}
	receipt, err := in.receipt()
	if err != nil {
		return Submitted{}, err
	}
	if err := in.write(ctx, receipt); err != nil {
		return Submitted{}, err
	}
	out := Submitted{Request: in.r, TrackingCode: trackingCode(tx, in.id), Warnings: in.warnings()}
	if receipt != nil {
		out.ReceiptID = receipt.id
	}
	return out, nil
}

const maxKey = 255 // bytes of an idempotency key

func (in *intake) checkWho() error {
	a, s := in.tx.Actor(), &in.s
	if !slices.Contains(Channels(), s.Channel) {
		return fault.New(fault.Invalid, "channel_invalid", fault.Field{Path: "channel", Code: "invalid"})
	}
	helper := a.IsAgent() || a.Kind == tenants.ActorSystem
	if !helper && s.Channel != ChannelWeb && s.Channel != ChannelAPI || outsider(in.tx) != nil {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	if s.ReceiptLater && (!helper || s.Channel != ChannelEmail && s.Channel != ChannelPost) {
		s.ReceiptLater = false
	}
	if len(s.IdempotencyKey) > maxKey {
		return fault.New(fault.Invalid, "idempotency_key_invalid", fault.Field{Path: "idempotency_key", Code: "too_long"})
	}
	if a.Kind == tenants.ActorCitizen {
		s.CitizenID = a.ID
	}
	today := in.tx.Today()
	if s.ReceivedOn.IsZero() {
		s.ReceivedOn = today
	}
	if s.FirstReceivedOn.IsZero() {
		s.FirstReceivedOn = s.ReceivedOn
	}
	chosen := s.ReceivedOn != today || s.FirstReceivedOn != today
	if chosen && !helper || s.ReceivedOn.After(today) || s.FirstReceivedOn.After(s.ReceivedOn) || s.FirstReceivedOn.DaysUntil(today) > maxDaysBack {
		return fault.New(fault.Invalid, "received_on_invalid", fault.Field{Path: "received_on", Code: "invalid"})
	}
	return nil
}

// maxDaysBack bounds how long ago a letter can have been received: a typing error
// would otherwise make a decision of silence out of it.
const maxDaysBack = 366

// scope ties the key to who submits.
func (in *intake) scope() {
	a, key := in.tx.Actor(), in.s.IdempotencyKey
	scope := string(a.Kind) + "\x00" + string(a.ID) + "\x00"
	if in.s.DraftID != "" {
		key, scope = "draft:"+string(in.s.DraftID), "" // the draft's token proved whose it is, signed in meanwhile or not
	}
	if key != "" {
		sum := sha256.Sum256([]byte(scope + key))
		in.key = hex.EncodeToString(sum[:])
	}
}

// hash sums up what is submitted.
func (in *intake) hash() error {
	s := in.s
	s.IdempotencyKey = ""
	if s.ReceivedOn == in.tx.Today() { // a repetition after midnight is the same
		s.ReceivedOn = calendar.Date{}
	}
	if s.FirstReceivedOn == in.s.ReceivedOn {
		s.FirstReceivedOn = calendar.Date{}
	}
	if s.DraftID != "" { // what it held is gone with it
		s = Submission{DraftID: s.DraftID}
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("hash the submission: %w", err)
	}
	sum := sha256.Sum256(data)
	in.payload = sum[:]
	return nil
}

const (
	// One submission at a time for one key of one tenant, until the transaction ends;
	// the look-up after it then sees what the first one wrote.
	sqlLockKey = `select pg_advisory_xact_lock(hashtextextended($1, $2))`
	sqlFindKey = `select id, payload_hash from request where idempotency_key = $1`
)

// keyed is the request that a key made before.
type keyed struct {
	ID          tenants.ID
	PayloadHash []byte
}

// look takes the key's lock and reads in the same round trip what it made before
// and, where no draft says which, the procedure and the settings.
func (in *intake) look(ctx context.Context) (before []keyed, err error) {
	in.scope()
	batch := &pgx.Batch{}
	if in.key != "" {
		if keys := in.sourceKeys(); keys == nil {
			batch.Queue(sqlLockKey, in.key, in.tx.Tenant().ID)
		} else {
			queueAll(batch, &in.sources, sqlLockKeySources, in.key, in.tx.Tenant().ID, keys)
		}
		queueAll(batch, &before, sqlFindKey, in.key)
	} else if keys := in.sourceKeys(); keys != nil {
		queueAll(batch, &in.sources, sqlSources, keys)
	}
	if in.s.DraftID == "" {
		in.queueProcedure(batch)
	}
	if err := in.tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	if err := in.readBody(ctx); err != nil {
		return nil, err
	}
	return before, in.hash()
}

func (in *intake) queueProcedure(batch *pgx.Batch) {
	in.readEntry = catalogue.QueueBySlug(batch, in.tx, in.s.ProcedureSlug)
	tenants.QueueSettings(batch, &in.settings)
}

// readBody reads answers that came as JSON.
func (in *intake) readBody(ctx context.Context) error {
	if in.s.Body == nil {
		return nil
	}
	entry, err := in.readEntry(ctx, in.tx)
	if err != nil {
		return err
	}
	form := entry.Procedure().Form
	if form == nil {
		return fault.New(fault.Conflict, "procedure_closed")
	}
	in.s.VersionID = entry.Version.ID
	in.s.Answers, err = form.FromJSON(in.s.Body)
	return err
}

// repeated gives the request that the same key made before.
func (in *intake) repeated(ctx context.Context, before keyed) (Submitted, error) {
	if string(before.PayloadHash) != string(in.payload) {
		return Submitted{}, fault.New(fault.Conflict, "idempotency_mismatch")
	}
	r, err := one(ctx, in.tx, sqlRequestByID, before.ID)
	if err != nil {
		return Submitted{}, err
	}
	code, err := codeOf(ctx, in.tx, r)
	if err != nil {
		return Submitted{}, err
	}
	receipt, err := firstReceipt(ctx, in.tx, r.ID)
	return Submitted{Request: r, TrackingCode: code, ReceiptID: receipt, Existing: true}, err
}

func (in *intake) loadDraft(ctx context.Context) error {
	if in.s.DraftID == "" {
		return nil
	}
	d, err := draftByID(ctx, in.tx, in.s.DraftID)
	if err != nil {
		return err
	}
	in.draft = &d
	in.s.ProcedureSlug, in.s.VersionID = d.ProcedureSlug, d.VersionID
	if in.s.Answers == nil {
		in.s.Answers = d.Answers
	}
	if in.s.Applicant == (Applicant{}) {
		in.s.Applicant = d.Applicant
	}
	if in.s.CitizenID == "" {
		in.s.CitizenID = d.CitizenID
	}
	return nil
}

// loadProcedure finds the procedure, at the version that was filled in.
func (in *intake) loadProcedure(ctx context.Context) (err error) {
	if in.readEntry == nil {
		batch := &pgx.Batch{}
		in.queueProcedure(batch)
		if keys := in.draftSourceKeys(); keys != nil { // whose address the draft alone knew
			queueAll(batch, &in.sources, sqlSources, keys)
		}
		if err := in.tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
	}
	if in.entry, err = in.readEntry(ctx, in.tx); err != nil {
		return err
	}
	if in.s.VersionID != "" && in.s.VersionID != in.entry.Version.ID {
		version, err := catalogue.VersionByID(ctx, in.tx, in.s.VersionID)
		if err != nil {
			return err
		}
		if version.ProcedureID != in.entry.ID {
			return fault.New(fault.NotFound, "procedure_unknown")
		}
		in.entry.Version = version
	}
	if !in.entry.Open || in.entry.Procedure().Form == nil {
		return fault.New(fault.Conflict, "procedure_closed")
	}
	return paused(in.tx)
}

// paused refuses new requests of the portal where the commune's trial ended long ago
// (tenants/subscription). What reaches the town hall otherwise is recorded all the same.
func paused(tx *tenants.Tx) error {
	if !tx.Actor().IsAgent() && subscription.Closed(tx.Tenant(), tx.Today()) {
		return fault.New(fault.Conflict, "intake_paused")
	}
	return nil
}

// checkLevel refuses from citizens and guests whoever is not known well enough: fault.Forbidden
// "identity_level". What an agent takes in, at the counter or by telephone, is the alternative. Under FranceConnect's
// name comes the name that it vouches for: fault.Invalid "applicant_invalid".
func (in *intake) checkLevel(ctx context.Context) error {
	actor := in.tx.Actor()
	if actor.IsAgent() || actor.Kind == tenants.ActorSystem {
		in.s.Level = 0
		return nil
	}
	if actor.Kind != tenants.ActorCitizen {
		in.s.Level = 0
	}
	wanted := in.entry.Level(in.settings.SignIn)
	if wanted >= catalogue.IdentityAccount && in.s.Level < wanted {
		return fault.New(fault.Forbidden, "identity_level")
	}
	if in.s.Level < catalogue.IdentityState {
		return nil
	}
	verified, err := citizens.VerifiedOf(ctx, in.tx, actor.ID)
	if err != nil {
		return err
	}
	if a := in.s.Applicant; !verified.Matches(a.GivenName, a.FamilyName) {
		if wanted == catalogue.IdentityState {
			return fault.New(fault.Invalid, "applicant_invalid", fault.Field{Path: "applicant/family_name", Code: "unverified"})
		}
		in.s.Level = catalogue.IdentityAccount // somebody is known, under another name
	}
	return nil
}

// checkContent checks who applies, the answers and the files.
func (in *intake) checkContent(ctx context.Context) error {
	p := in.entry.Procedure()
	applicant, err := CheckApplicant(p, in.s.Channel, in.s.Applicant)
	var fields []fault.Field
	if f := fault.Of(err); f != nil {
		fields = append(fields, f.Fields...)
	}
	in.s.Applicant = applicant
	if in.tables, err = catalogue.TablesFor(ctx, in.tx, p); err != nil {
		return err
	}
	in.s.Answers = p.Form.Prune(p.Form.Settle(in.s.Answers, in.known()))
	invalid := forms.Faults(p.Form.Validate(in.s.Answers, in.tx.Now().In(in.tx.Tenant().Zone()), in.options()))
	if f := fault.Of(invalid); f != nil {
		fields = append(fields, f.Fields...)
	}
	unknown, fileErr := in.checkFiles(ctx)
	if fileErr != nil {
		return fileErr
	}
	fields = append(fields, unknown...)
	switch {
	case len(fields) == 0:
		return nil
	case invalid == nil && len(unknown) == 0:
		return fault.New(fault.Invalid, "applicant_invalid", fields...)
	default:
		return fault.New(fault.Invalid, "answers_invalid", fields...)
	}
}

// known is what the form may look at beside the answers.
func (in *intake) known() forms.Facts {
	f := knownFacts(in.tx, in.s.Applicant, in.s.Level)
	f.Tables = in.tables
	return f
}

func (in *intake) options() forms.Options {
	t := in.tx.Tenant()
	// Only a draft on the web can be uploaded to: at the counter papers are handed in,
	// with a letter they are enclosed, and what is missing in the end is asked for (L.114-5).
	o := forms.Options{Town: t.Name, Tables: in.tables, PapersLater: in.s.DraftID == "" || in.s.Channel != ChannelWeb}
	if c, err := communes.ByINSEE(t.INSEE); err == nil {
		o.PostalCodes = c.PostalCodes
	}
	return o
}

// startClock computes what the law draws from the receptions.
func (in *intake) startClock(context.Context) error {
	in.entry = in.entry.For(in.entry.Procedure().KindFor(in.s.Answers))
	p, s := in.entry.Procedure(), in.s
	in.id = tenants.NewID()
	in.r = Request{
		ID: in.id, ProcedureID: in.entry.ID, VersionID: in.entry.Version.ID, ProcedureSlug: in.entry.Slug, Title: p.Title,
		Kind: Kind(p.Kind), Channel: s.Channel, State: StateReceived, ServiceID: in.entry.Service.ID, CitizenID: s.CitizenID,
		IdentityLevel: s.Level, Applicant: s.Applicant, Regular: s.Applicant.regular(s.Channel), Answers: s.Answers,
		ReceivedAt: in.tx.Now(), ReceivedOn: s.ReceivedOn, FirstReceivedOn: s.FirstReceivedOn,
		Silence: p.Silence, Version: 1, ServiceName: in.entry.Service.Name,
		trackingHash: trackingHash(in.id, trackingLettersOf(in.tx.Key(TrackingPurpose), in.id)),
	}
	if s.Applicant.DecisionEmail {
		in.r.DecisionEmailAt = in.tx.Now()
	}
	deadline, err := silence(in.tx, p, in.r, nil, factsOf(in.r, nil, nil, nil))
	if err != nil {
		return err
	}
	in.deadline = deadline
	in.r.apply(deadline, p.Commitment, in.tx.Territory())
	return nil
}

func (in *intake) warnings() []string {
	return append(slices.Clone(in.deadline.Warnings), in.entry.Procedure().Warnings(in.r.Answers, in.r.ReceivedOn, calendar.Date{})...)
}

// queueAll queues a query whose rows, read by their columns' names, go to a slice
// when the batch is closed.
func queueAll[T any](b *pgx.Batch, into *[]T, sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		var err error
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	})
}
